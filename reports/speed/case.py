"""What is measured: a network on random numbers of its kind of data, and the training that all sides do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lthcheck import zoo
from lthcheck.data.arrays import Arrays
from lthcheck.run import Data, Init, Network, Optimiser, Pruned, Run, Training
from lthcheck.training.contract import Replica
from lthcheck.training.realise import Library, NotYetRun, check, replica

SPARSITY, EPOCHS, SIDE = 0.8, 160, 32
MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)  # about those of CIFAR-10

Steps = Callable[[int], None]
"""Trains so many steps of each replica, and returns when the device is done."""


@dataclass(frozen=True)
class Case:
    """A network with its data: uint8 images like CIFAR-10, cropped and flipped; for an MLP, rows like MNIST-1D."""

    model: str
    samples: int = 50_000
    batch: int = 128

    @property
    def images(self) -> bool:
        return not self.model.startswith("mlp")

    @property
    def network(self) -> Network:
        return zoo.network(self.model, (3, SIDE, SIDE) if self.images else (40,), 10)

    @property
    def epoch(self) -> int:
        """Steps."""
        return self.samples // self.batch

    @property
    def arrays(self) -> Arrays:
        return _arrays((self.samples, *self.network.shape))

    @property
    def replica(self) -> Replica:
        """Of seed 0. How fast a step is does not depend on the weights, and masks of VGG-16 take seconds each."""
        return _replica(self)

    def run(self, seed: int, *, device: str = "cpu", precision: Any = "float32", lr: float = 0.05) -> Run:
        """Masked by its own initial weights."""
        init = Init(self.network, "pytorch", seed)
        how = Training(
            lr=lr,
            batch=self.batch,
            steps=EPOCHS * self.epoch,
            optimiser=Optimiser("sgd", 0.9, 5e-4),
            precision=precision,
            device=device,  # type: ignore[arg-type]
        )
        data = Data("random numbers", "", augmentation="crop-flip" if self.images else "none")
        return Run(self.network, data, how, init, Pruned(init, SPARSITY), seed)

    def start(self, device: torch.device) -> tuple[nn.Module, list[Tensor], list[Tensor]]:
        """The network of a loop that is not lthcheck's, its prunable weights, and their masks as floats."""
        made = self.replica
        module = zoo.build(self.network)
        module.load_state_dict(dict(made.weights), strict=False)
        weights = dict(module.to(device).named_parameters())
        return module, [weights[name] for name in made.mask], [mask.to(device).float() for mask in made.mask.values()]


@lru_cache(maxsize=4)
def _arrays(shape: tuple[int, ...]) -> Arrays:
    random, y = np.random.default_rng(0), np.arange(shape[0]) % 10
    if len(shape) > 2:
        pixels = random.integers(0, 256, shape, dtype=np.uint8)
        return Arrays(pixels, y, pixels[:1000], y[:1000], MEAN, STD)
    rows = random.standard_normal(shape, dtype=np.float32)
    return Arrays(rows, y, rows[:1000], y[:1000])


@lru_cache(maxsize=8)
def _replica(case: Case) -> Replica:
    return replica(case.run(0), Library())


def precisions(device: torch.device) -> list[str]:
    """Those that lthcheck trains with on a device."""
    found = []
    for precision in ("float32", "tf32", "bfloat16") if device.type == "cuda" else ("float32",):
        try:
            check(Case("mlp-8").run(0, device=device.type, precision=precision))
        except (NotYetRun, ValueError):
            continue
        found.append(precision)
    return found


def finish(device: torch.device) -> None:
    """Waits until the device is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def convolutions(device: torch.device, *, benchmark: bool, deterministic: bool, tf32: bool) -> Iterator[None]:
    """How cuDNN chooses inside the block: each side has its own way."""
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    kept = cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32
    cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = benchmark, deterministic, tf32
    try:
        yield
    finally:
        cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = kept
