"""The floor: how long a training step takes at least, by arithmetic and by bytes, from the network's shapes."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from lthcheck import zoo
from reports.speed.case import Case, finish

# How often the inputs and the outputs of an operation pass through memory in a step, forward and backward together:
# ((inputs, outputs) with a kernel for each operation, the same with BN and ReLU fused into the convolutions).
# A convolution reads x and writes y; for the gradients it reads dy and writes dx, and reads x and dy. Fused, a reader
# of dy also reads y for what BN's gradient needs, and who writes dx reads x for the sums of the layer before.
# BN reads twice and writes once, backward reads x and dy twice and writes dx; ReLU reads, writes, reads two, writes.
# A sum of two branches reads two and writes one, and so do their gradients where they meet; fused, each saves one.
PASSES = {
    "convolution": ((3, 3), (4, 5)),
    "addmm": ((3, 3), (3, 3)),
    "batch_norm": ((0, 8), (0, 0)),
    "relu": ((0, 5), (0, 0)),
    "add": ((0, 6), (0, 4)),
    "max_pool2d_with_indices": ((2, 2), (2, 2)),
    "mean": ((2, 2), (2, 2)),
}
# Bytes a parameter: the gradient read, momentum and weight read and written, all float32. And numbers of the width that
# is computed in: the weight read forward and backward, its gradient written.
OPTIMISER, WEIGHT = 20, 3


@dataclass(frozen=True)
class Work:
    """What a training step of one replica does.

    Attributes:
        flops: of convolutions and linear layers, backward twice the forward pass.
        unfused: numbers that pass through memory with a kernel for each operation; without the weights.
        fused: likewise, with BN and ReLU fused into the convolutions.
        parameters: of the network.
    """

    flops: int
    unfused: int
    fused: int
    parameters: int


@dataclass(frozen=True)
class Ceilings:
    """What the device reached: floating-point operations a second, and bytes read and written a second."""

    flops: float
    bytes: float


@dataclass(frozen=True)
class Floor:
    """Seconds a replica-step."""

    arithmetic: float
    fused: float
    unfused: float

    @property
    def least(self) -> float:
        """No version runs much faster, where its tensors pass through memory."""
        return max(self.arithmetic, self.fused)


class _Counter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.macs = self.unfused = self.fused = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        name = "batch_norm" if "batch_norm" in name else name  # one of several, as the device has it
        if name not in PASSES:
            return out
        x, y = args[1] if name == "addmm" else args[0], out[0] if isinstance(out, tuple) else out
        if name in ("convolution", "addmm"):
            weight = args[1] if name == "convolution" else args[2].t()  # (out, in / groups, ...)
            self.macs += y.numel() * prod(weight.shape[1:])
        unfused, fused = PASSES[name]
        self.unfused += unfused[0] * x.numel() + unfused[1] * y.numel()
        self.fused += fused[0] * x.numel() + fused[1] * y.numel()
        return out


def work(module: nn.Module, shape: tuple[int, ...]) -> Work:
    """Counts a step of a network on the meta device, at inputs of shape (batch, ...)."""
    with _Counter() as counter:
        module(torch.empty(shape, device="meta"))
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Work(6 * counter.macs, counter.unfused, counter.fused, parameters)


def floor(done: Work, reached: Ceilings, width: int) -> Floor:
    """Seconds, at `width` bytes a number."""
    weights = done.parameters * (OPTIMISER + WEIGHT * width)
    fused, unfused = (numbers * width + weights for numbers in (done.fused, done.unfused))
    return Floor(done.flops / reached.flops, fused / reached.bytes, unfused / reached.bytes)


def floor_of(case: Case, reached: Ceilings, width: int) -> Floor:
    """Of a replica-step of a case."""
    with torch.device("meta"):
        module = zoo.build(case.network)
    return floor(work(module, (case.batch, *case.network.shape)), reached, width)


def ceilings(device: torch.device, dtype: torch.dtype) -> Ceilings:
    """Measures a large matrix product in a number format, and a large copy, on random numbers; medians of 10."""
    side, length = (8192, 2**30) if device.type == "cuda" else (1024, 2**26)
    draw = torch.Generator(device).manual_seed(0)
    a, b = (torch.randn(side, side, generator=draw, device=device).to(dtype) for _ in range(2))
    source = torch.randn(length, generator=draw, device=device)
    target, product = torch.empty_like(source), torch.empty_like(a)

    def seconds(call: Any) -> float:
        taken = []
        for _ in range(13):
            began = time.perf_counter()
            call()
            finish(device)
            taken.append(time.perf_counter() - began)
        return statistics.median(taken[3:])

    copied = 2 * 4 * length / seconds(lambda: target.copy_(source))
    return Ceilings(2 * side**3 / seconds(lambda: torch.mm(a, b, out=product)), copied)
