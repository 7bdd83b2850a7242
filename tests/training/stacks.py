"""Small runs and the stacks made of them, for the tests of both backends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from lthcheck import zoo
from lthcheck.data import Arrays
from lthcheck.data.resident import Resident
from lthcheck.run import Data, Dense, Init, Optimiser, Pruned, Reinit, Run, Schedule, Training
from lthcheck.training.contract import Backend, Replica, State
from lthcheck.training.graphed import Graphed
from lthcheck.training.initialiser import seed_of
from lthcheck.training.lane import Lane, lane
from lthcheck.training.module import ModuleLoop
from lthcheck.training.order import Order
from lthcheck.training.realise import DTYPES, Library, replica
from lthcheck.training.train import backend, train

BATCH = 20


def arrays(shape: tuple[int, ...] = (12,), classes: int = 5, samples: int = 200) -> Arrays:
    """Gaussian clusters, from one seed."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(classes, *shape))

    def drawn(n: int) -> tuple[np.ndarray, np.ndarray]:
        y = random.integers(0, classes, n)
        return (centres[y] + random.normal(size=(n, *shape))).astype(np.float32), y.astype(np.int64)

    (x_train, y_train), (x_test, y_test) = drawn(samples), drawn(100)
    return Arrays(x_train, y_train, x_test, y_test)


def run(
    model: str = "mlp-23-11",
    *,
    seed: int = 0,
    lr: float = 0.1,
    sparsity: float = 0.0,
    rr: bool = False,
    augmentation: str = "none",
    **training: object,
) -> Run:
    """A run on the clusters, as images where they are augmented; with a sparsity, masked by its own initial weights."""
    images = model.startswith(("resnet", "lenet5", "efficientnet")) or augmentation != "none"
    shape = (1, 12, 12) if images else (12,)
    network = zoo.network(model, shape, 5)
    settings: dict[str, object] = {
        "steps": 50,
        "optimiser": Optimiser("sgd", 0.9, 1e-3),
        "schedule": Schedule("step", (25, 40)),
    }
    how = replace(Training(lr=lr, batch=BATCH, steps=50), **(settings | training))
    data = Data("clusters", arrays(shape).fingerprint, augmentation=augmentation)
    init = Init(network, "pytorch", seed)
    start = Reinit(network, "pytorch", seed) if rr else init
    return Run(network, data, how, start, Pruned(init, sparsity) if sparsity else Dense(), seed)


def replicas(runs: list[Run]) -> list[Replica]:
    """The runs made concrete; they build on no other run."""
    return [replica(each, Library()) for each in runs]


def stack(runs: list[Run]) -> Backend:
    """The runs' backend, before their first step."""
    shape = runs[0].network.shape
    dtype = DTYPES[runs[0].training.precision]
    data = Resident.put(arrays(shape), torch.device("cpu"), dtype, runs[0].data.augmentation)
    return backend(replicas(runs), data)


def eager(runs: list[Run], kind: type[Graphed | ModuleLoop] = ModuleLoop, **how: object) -> Graphed | ModuleLoop:
    """A backend of modules for the runs, whichever would train them, on the device that they name."""
    first = runs[0]
    device = torch.device(first.training.device)
    dtype = DTYPES[first.training.precision]
    data = Resident.put(arrays(first.network.shape), device, dtype, first.data.augmentation)
    augmented = data if first.data.augmentation != "none" else None
    order = Order([each.seed for each in runs], len(data.y_train), first.training, device, augmented)
    return kind(lambda own: zoo.build(own.network, seed=seed_of(own.start)), replicas(runs), data, order, **how)


def graphed(runs: list[Run], make: Callable[[torch.device], Lane] = lane) -> Graphed:
    """The backend of captured steps; on a CPU they are called."""
    made = eager(runs, Graphed, make=make)
    assert isinstance(made, Graphed)
    return made


def trained(runs: list[Run]) -> list[State]:
    """The states of runs trained together to their end."""
    made = stack(runs)
    train(made, runs[0].training.first_step, runs[0].training.steps)
    return [made.state(index) for index in range(len(runs))]


def equal(a: State, b: State) -> bool:
    """Whether two states are the same, bit by bit; NaN is equal to NaN."""
    return a.keys() == b.keys() and all(a[name].numpy().tobytes() == b[name].numpy().tobytes() for name in a)
