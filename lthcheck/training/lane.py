"""Lanes: what steps run on, one after the other within a lane, side by side among lanes.

On a GPU a lane is a stream and a pool of memory. A step is captured there once, as a CUDA graph, and replayed from then
on. The replicas of a lane share its pool, since they are never at work at once: a lane takes the memory of one. On any
other device a lane calls the step itself.

Nothing in a captured step may wait for the host, and what it reads and writes must stay where it is: see
`lthcheck.training.stepping`. This file's `Stream` has never run: it was written where there is no GPU.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor

WARM_UPS = 3  # steps before a capture: libraries load, and choose their algorithms, in the first

Launch = Callable[[], Tensor]
"""One step; gives the inputs that the network had, which the next launch may overwrite."""


class Lane(Protocol):
    """Where steps run one after the other."""

    def record(self, step: Launch, counter: Tensor, state: Sequence[Tensor]) -> Launch:
        """Makes a step ready, and changes nothing of `state`.

        Args:
            counter: what the step finds its samples by; any step of an epoch has it at 0 once.
            state: all that a step changes and the next one reads, the counter included.

        Raises:
            torch.OutOfMemoryError: if the step does not fit beside what is on the device.
        """

    def copy(self, seen: Tensor) -> Tensor:
        """A copy of what a launch gave, made in the lane's order."""

    def begin(self) -> None:
        """What is launched from here on waits for what the caller did."""

    def end(self) -> None:
        """What the caller does from here on waits for what was launched."""


class Direct:
    """Calls the step."""

    def record(self, step: Launch, counter: Tensor, state: Sequence[Tensor]) -> Launch:
        """See `Lane.record`."""
        return step

    def copy(self, seen: Tensor) -> Tensor:
        """See `Lane.copy`."""
        return seen.clone()

    def begin(self) -> None:
        """See `Lane.begin`; there is nothing to wait for."""

    def end(self) -> None:
        """See `Lane.end`; there is nothing to wait for."""


class Stream:
    """A stream of a GPU, with a pool of memory for the graphs that are captured on it."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.pool = torch.cuda.graph_pool_handle()

    def record(self, step: Launch, counter: Tensor, state: Sequence[Tensor]) -> Launch:
        """See `Lane.record`."""
        self.begin()
        # on the stream of the capture: cuBLAS keeps a workspace for each stream, and makes it when it is first asked
        with torch.cuda.stream(self.stream), unchanged(state):
            rehearse(step, counter)
        self.end()
        graph = torch.cuda.CUDAGraph()
        # thread_local: the autograd engine launches from a thread of its own, and others may talk to the driver
        with (
            _no_collection(),
            torch.cuda.graph(graph, pool=self.pool, stream=self.stream, capture_error_mode="thread_local"),
        ):
            seen = step()

        def launch() -> Tensor:
            with torch.cuda.stream(self.stream):
                graph.replay()
            return seen

        return launch

    def copy(self, seen: Tensor) -> Tensor:
        """See `Lane.copy`."""
        with torch.cuda.stream(self.stream):
            return seen.clone()

    def begin(self) -> None:
        """See `Lane.begin`."""
        self.stream.wait_stream(torch.cuda.current_stream(self.device))

    def end(self) -> None:
        """See `Lane.end`."""
        torch.cuda.current_stream(self.device).wait_stream(self.stream)


def lane(device: torch.device) -> Lane:
    """A lane on a device."""
    return Stream(device) if device.type == "cuda" else Direct()


def rehearse(step: Launch, counter: Tensor) -> None:
    """Takes a few steps, each from the counter's beginning: no more than one is sure to lie in the epoch."""
    for _ in range(WARM_UPS):
        counter.zero_()
        step()


@contextmanager
def unchanged(state: Sequence[Tensor]) -> Iterator[None]:
    """Gives tensors back what they held before the block, bit by bit, also where it fails."""
    kept = [tensor.detach().clone() for tensor in state]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, before in zip(state, kept, strict=True):
                tensor.copy_(before)


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage is collected inside the block: a graph that is destroyed while another is captured spoils it."""
    gc.collect()
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
