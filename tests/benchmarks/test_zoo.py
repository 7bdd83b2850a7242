"""No network of the zoo trains slower here than in a plain loop: ratios a replica-step, measured in one session.

    pytest tests/benchmarks/test_zoo.py -p no:xdist -s

A plain loop is what earlier codes do: one nn.Module, a DataLoader, torch.optim.SGD, float32, contiguous, torch's own
number of threads. Ours is what the trainer pool has: a process on each core, with one thread, its networks one by one
(`KEPT_WHEN_FREED` and all). Both sides have the whole machine, and take turns.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socketpair

import numpy as np
import pytest
import torch
from torch import nn

from lthcheck import zoo
from lthcheck.cores import cores
from lthcheck.data import Arrays
from lthcheck.data.resident import Resident
from lthcheck.memory import KEPT_WHEN_FREED
from lthcheck.run import Data, Init, Optimiser, Pruned, Run, Training
from lthcheck.training.realise import Library, replica
from lthcheck.training.train import backend

ROUNDS = 5
LEAST = 0.9  # of the plain loop's speed: what noise may take of a network that is as fast
TURN_SECONDS = 0.3  # of either side, about
STEPS = 10_000
NETWORKS = [
    ("mlp-64-32", (40,), 100),
    ("lenet5", (1, 28, 28), 60),
    ("lenet5", (3, 32, 32), 60),
    ("conv2", (3, 32, 32), 32),
    ("conv2-w0.25", (1, 8, 8), 50),
    ("vgg11-w0.25", (3, 32, 32), 32),
    ("resnet8", (3, 32, 32), 32),
    ("resnet8-w2", (3, 32, 32), 16),
    ("resnet8-w0.25", (3, 32, 32), 32),
    ("resnet8-pad", (3, 32, 32), 32),
    ("resnet8-noresidual", (3, 32, 32), 32),
    ("resnet20", (3, 32, 32), 32),
    ("resnet18-w0.25", (3, 32, 32), 16),
    ("resnet18-w0.25-7x7", (3, 64, 64), 16),
    ("resnet50-w0.25", (3, 32, 32), 8),
    ("mobilenet-v1-w0.5", (3, 32, 32), 16),
    ("mobilenet-v2-w0.5", (3, 32, 32), 8),
    ("pnasnet-a", (3, 32, 32), 8),
    ("pnasnet-b", (3, 32, 32), 8),
    ("efficientnet-b0-w0.5", (3, 32, 32), 8),
]


def arrays(shape: tuple[int, ...], batch: int) -> Arrays:
    """Noise: four batches of it."""
    random = np.random.default_rng(0)
    x = random.normal(size=(4 * batch, *shape)).astype(np.float32)
    y = random.integers(0, 10, len(x))
    return Arrays(x, y, x[:batch], y[:batch])


def plain(model: str, shape: tuple[int, ...], batch: int) -> Callable[[int], None]:
    """A plain loop; it is called with a number of steps."""
    data = arrays(shape, batch)
    samples = torch.utils.data.TensorDataset(torch.from_numpy(data.x_train), torch.from_numpy(data.y_train))
    loader = torch.utils.data.DataLoader(samples, batch_size=batch, shuffle=True)
    module = zoo.build(zoo.network(model, shape, 10))
    optimiser = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9, weight_decay=5e-4)

    def endless() -> Iterator[list[torch.Tensor]]:
        while True:
            yield from loader

    batches = endless()

    def steps(count: int) -> None:
        for _ in range(count):
            x, y = next(batches)
            optimiser.zero_grad()
            nn.functional.cross_entropy(module(x), y).backward()
            optimiser.step()

    return steps


def trained(model: str, shape: tuple[int, ...], batch: int) -> Callable[[int], None]:
    """A masked network as a trainer trains it; it is called with a number of steps."""
    data, network = arrays(shape, batch), zoo.network(model, shape, 10)
    how = Training(lr=0.01, batch=batch, steps=STEPS, optimiser=Optimiser("sgd", 0.9, 5e-4))
    init = Init(network, "pytorch", 0)
    run = Run(network, Data("noise", data.fingerprint), how, init, Pruned(init, 0.8), 0)
    stack = backend([replica(run, Library())], Resident.put(data, "cpu"))
    place = count()

    def steps(number: int) -> None:
        for _ in range(number):
            step = next(place)
            stack.advance(step, step + 1)

    return steps


def work(descriptor: int) -> None:
    """A trainer of the measurement: it is told what to train, and then by how many steps, until it is told None."""
    channel = Connection(descriptor)
    while (word := channel.recv()) is not None:
        if isinstance(word, tuple):
            steps = trained(*word)
        else:
            steps(word)
        channel.send("done")


@pytest.fixture(scope="module")
def tell() -> Iterator[Callable[[object], None]]:
    """A trainer on each core, which all do at once what they are told."""
    program = "import sys; from test_zoo import work; work(int(sys.argv[1]))"
    paths = [str(Path(__file__).parent), *filter(None, sys.path)]
    env = KEPT_WHEN_FREED | os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}
    processes, channels = [], []
    for _ in range(cores()):
        ours, theirs = socketpair()
        command = [sys.executable, "-c", program, str(theirs.fileno())]
        processes.append(subprocess.Popen(command, pass_fds=[theirs.fileno()], env=env))
        theirs.close()
        channels.append(Connection(ours.detach()))

    def told(word: object) -> None:
        for channel in channels:
            channel.send(word)
        for channel in channels:
            channel.recv()

    yield told
    for channel, process in zip(channels, processes, strict=True):
        channel.send(None)
        channel.close()
        process.wait()


def seconds(steps: Callable[[int], None], count: int) -> float:
    """How long so many steps take."""
    began = time.perf_counter()
    steps(count)
    return time.perf_counter() - began


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "shape", "batch"),
    [pytest.param(*each, id=f"{each[0]} {'x'.join(map(str, each[1]))}") for each in NETWORKS],
)
def test_no_slower_than_a_plain_loop(
    model: str, shape: tuple[int, ...], batch: int, tell: Callable[[object], None]
) -> None:
    theirs = plain(model, shape, batch)
    tell((model, shape, batch))
    for steps in (theirs, tell):
        steps(2)
    number = max(1, round(TURN_SECONDS / seconds(theirs, 1)))
    rounds = [(seconds(theirs, number) / number, seconds(tell, number) / number / cores()) for _ in range(ROUNDS)]
    ratios = [slow / fast for slow, fast in rounds]
    slow, fast = (1000 * statistics.median(each) for each in zip(*rounds, strict=True))
    shown = "x".join(map(str, shape))
    spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"\n| {model} | {shown} | {batch} | {slow:.2f} | {fast:.2f} | {spread} |")
    assert statistics.median(ratios) >= LEAST
