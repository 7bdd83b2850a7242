"""lthcheck's own training: on CUDA one process with all replicas, on a CPU a process on each core with its share."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import torch

from lthcheck.cores import cores
from lthcheck.data.arrays import Arrays
from lthcheck.data.resident import Resident
from lthcheck.memory import KEPT_WHEN_FREED
from lthcheck.run import Run
from lthcheck.training.contract import Backend
from lthcheck.training.realise import DTYPES, Library, replica
from lthcheck.training.train import backend, train
from reports.speed.case import Case, Steps, convolutions, finish


def stack(case: Case, runs: Sequence[Run]) -> Backend:
    """The runs' backend before their first step, on the device and in the precision that they name."""
    return backend([replica(run, Library()) for run in runs], samples(case, runs[0]))


def samples(case: Case, run: Run) -> Resident:
    """The case's data as a run asks for them; one copy for all stacks."""
    how = run.training
    return _put(case.arrays, how.device, DTYPES[how.precision], run.data.augmentation)


@lru_cache(maxsize=8)
def _put(arrays: Arrays, device: str, dtype: torch.dtype, augmentation: str) -> Resident:
    return Resident.put(arrays, device, dtype, augmentation)


def advance(made: Backend, first: int, last: int) -> None:
    """Trains as a trainer process does (`lthcheck.execute.worker`), and waits for the device."""
    device = torch.device(made.replicas[0].run.training.device)
    with convolutions(device, benchmark=False, deterministic=True, tf32=False):
        train(made, first, last)
        finish(device)


def ours(case: Case, seeds: Sequence[int], device: torch.device, precision: str) -> Steps:
    """A stack in this process; after its last step it goes on with step 0."""
    runs = [case.run(seed, device=device.type, precision=precision) for seed in seeds]
    made = backend([replace(case.replica, run=run) for run in runs], samples(case, runs[0]))
    end, at = made.replicas[0].run.training.steps, 0

    def steps(count: int) -> None:
        nonlocal at
        while count:
            ahead = min(count, end - at)
            advance(made, at, at + ahead)
            at, count = (at + ahead) % end, count - ahead

    return steps


class Trainers:
    """A process on each core, with one thread each."""

    def __init__(self, channels: list[Connection[Any, Any]]) -> None:
        self.channels, self.stacks = channels, 0

    def ours(self, case: Case, replicas: int) -> Steps:
        """A stack whose replicas the processes share."""
        busy = self.channels[:replicas]
        number, self.stacks = self.stacks, self.stacks + 1
        self._told([("stack", number, case, range(core, replicas, len(busy))) for core in range(len(busy))])
        return lambda count: self._told([("steps", number, count)] * len(busy))

    def _told(self, messages: Sequence[object]) -> None:
        for channel, message in zip(self.channels, messages, strict=False):
            channel.send(message)
        for channel, _ in zip(self.channels, messages, strict=False):
            channel.recv()


@contextmanager
def trainers() -> Iterator[Trainers]:
    """Starts the processes, and ends them."""
    context = get_context("spawn")
    os.environ.update(KEPT_WHEN_FREED | os.environ)  # as the trainers have it; a process reads it as it starts
    pairs = [context.Pipe() for _ in range(cores())]
    processes = [context.Process(target=_work, args=(theirs,), daemon=True) for _, theirs in pairs]
    for process in processes:
        process.start()
    try:
        yield Trainers([ours for ours, _ in pairs])
    finally:
        for channel, _ in pairs:
            channel.send(None)
        for process in processes:
            process.join()


def _work(channel: Connection[Any, Any]) -> None:
    torch.set_num_threads(1)
    stacks: dict[int, Steps] = {}
    while (message := channel.recv()) is not None:
        match message:
            case ("stack", number, case, seeds):
                stacks[number] = ours(case, seeds, torch.device("cpu"), "float32")
            case ("steps", number, count):
                stacks[number](count)
        channel.send("done")
