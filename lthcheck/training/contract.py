"""The training contract: what every backend takes and gives, and what it promises.

A replica's result depends on its run alone: not on the replicas beside it, its place among them, or the number of
threads; bitwise, and also when a neighbour diverges to NaN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from lthcheck.run import Run
from lthcheck.training.order import Order

State = dict[str, Tensor]
"""Everything a training goes on from, by name: "weights/...", "buffers/...", "optimiser/<slot>/..."."""


@dataclass(frozen=True)
class Replica:
    """A run made concrete.

    Attributes:
        theta0: its start before masking, by parameter name.
        mask: by the name of each prunable parameter, True where the weight stays.
        weights: where the training begins: theta0, with the pruned value where the mask is False.
    """

    run: Run
    theta0: Mapping[str, Tensor]
    mask: Mapping[str, Tensor]
    weights: Mapping[str, Tensor]


@dataclass(frozen=True)
class Evaluation:
    """One network on the test split.

    Attributes:
        correct: bool of shape `(test sample,)`.
        loss: mean cross-entropy in nats.
        finite: whether every output and every parameter was finite.
    """

    correct: Tensor
    loss: float
    finite: bool

    @property
    def accuracy(self) -> float:
        """Top-1, a fraction."""
        return int(self.correct.sum()) / self.correct.numel()


class Backend(Protocol):
    """Replicas of one stack signature, trained together."""

    replicas: list[Replica]
    order: Order
    looks: int
    """How often one of the networks was evaluated on the test split."""

    def advance(self, first: int, last: int) -> None:
        """Trains every replica from step `first` to step `last`."""

    def state(self, replica: int) -> State:
        """A copy of everything that the replica's training goes on from, on the CPU."""

    def load(self, replica: int, state: State) -> None:
        """The inverse of `state`."""

    def evaluate(self) -> list[Evaluation]:
        """Every replica on the test split, in evaluation mode."""

    def digest_of_test(self) -> str:
        """sha256 of the test split as `evaluate` reads it."""


def pruned(theta0: Mapping[str, Tensor], mask: Mapping[str, Tensor], value: str) -> dict[str, Tensor]:
    """The weights that a masked training begins with; the pruned value is "zero" or "initial"."""
    if value == "initial":
        return {name: weight.clone() for name, weight in theta0.items()}
    return {
        name: torch.where(mask[name], weight, torch.zeros_like(weight)) if name in mask else weight.clone()
        for name, weight in theta0.items()
    }
