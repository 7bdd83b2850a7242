"""How fast training is against a plain loop, as ratios of two things measured in one session.

    pytest tests/benchmarks -p no:xdist --benchmark-columns=min,median,iqr

A plain loop is what earlier codes do: one nn.Module, a DataLoader, torch.optim.SGD. Both sides have the whole machine:
the plain loop torch's own number of threads, ours one stack of replicas on each core, as the trainer pool has it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import nn

from lthcheck import zoo
from lthcheck.cores import cores
from lthcheck.data import Arrays
from lthcheck.data.resident import Resident
from lthcheck.run import Data, Dense, Init, Optimiser, Run, Training
from lthcheck.training.realise import replica
from lthcheck.training.train import backend, train

BATCH, SAMPLES, STEPS, REPLICAS, ROUNDS = 100, 4000, 40, 12, 7


def arrays() -> Arrays:
    """As large as MNIST-1D."""
    draw = torch.Generator().manual_seed(0)
    x, y = torch.randn(SAMPLES, 40, generator=draw).numpy(), torch.randint(0, 10, (SAMPLES,), generator=draw).numpy()
    return Arrays(x, y, x[:100], y[:100])


def plain(model: str) -> Callable[[], None]:
    """One epoch of a plain loop: 40 replica-steps."""
    data = arrays()
    samples = torch.utils.data.TensorDataset(torch.from_numpy(data.x_train), torch.from_numpy(data.y_train))
    loader = torch.utils.data.DataLoader(samples, batch_size=BATCH, shuffle=True)
    module = zoo.build(zoo.network(model, (40,), 10))
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)

    def epoch() -> None:
        for x, y in loader:
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(x), y).backward()
            optimiser.step()

    return epoch


def stacked(model: str, seeds: list[int]) -> Callable[[], None]:
    """One epoch of a stack: 40 steps of each replica."""
    data = arrays()
    network = zoo.network(model, (40,), 10)
    how = Training(lr=0.1, batch=BATCH, steps=STEPS, optimiser=Optimiser("sgd", 0.9, 5e-4))
    runs = [Run(network, Data("noise", data.fingerprint), how, Init(network, "pytorch", s), Dense(), s) for s in seeds]
    stack = backend([replica(run, lambda *_: ({}, {})) for run in runs], Resident.put(data, torch.device("cpu")))
    return lambda: train(stack, 0, STEPS)


def work(channel: Connection, model: str, seeds: list[int]) -> None:
    """A trainer of the measurement: an epoch for every word that comes."""
    torch.set_num_threads(1)
    epoch = stacked(model, seeds)
    epoch()
    channel.send("ready")
    while channel.recv():
        epoch()
        channel.send("done")


@pytest.mark.slow
@pytest.mark.parametrize(("model", "least"), [("mlp-300-100", 2.3), ("mlp-64-32", 8.0)])
def test_twelve_replicas_against_a_plain_loop(model: str, least: float, benchmark: BenchmarkFixture) -> None:
    context = get_context("spawn")
    channels, processes = [], []
    for core in range(cores()):
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(theirs, model, list(range(core, REPLICAS, cores()))), daemon=True)
        process.start()
        channels.append(ours)
        processes.append(process)
    try:
        for channel in channels:
            channel.recv()

        def together() -> None:
            for channel in channels:
                channel.send(True)
            for channel in channels:
                channel.recv()

        epoch = plain(model)
        epoch()
        # side by side, so that a busy moment of the machine hits both
        ratios = [REPLICAS * seconds(epoch) / seconds(together) for _ in range(ROUNDS)]
        benchmark.extra_info["times faster a replica-step"] = statistics.median(ratios)
        benchmark.pedantic(together, rounds=ROUNDS)
        spread = f"median of {ROUNDS}, {min(ratios):.1f} to {max(ratios):.1f}; {REPLICAS} replicas, {cores()} cores"
        print(f"\n{model}: {statistics.median(ratios):.1f} times a plain loop a replica-step ({spread})")
        assert statistics.median(ratios) >= least
    finally:
        for channel in channels:
            channel.send(False)
        for process in processes:
            process.join()


def seconds(work: Callable[[], None]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
