"""Evidence: the tidy table of a study, one row per (arm, method, sparsity, lr, seed)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

Arm = Literal["dense", "lt", "rr", "sdt"]
ARMS: tuple[Arm, ...] = get_args(Arm)


@dataclass(frozen=True)
class Row:
    """The accuracy of one training.

    Attributes:
        arm: dense, lt (the ticket from its own initialisation), rr (from a fresh one) or sdt (small dense).
        lr: the learning rate that the row was trained with.
        accuracy: top-1 on the test split at the last step, a fraction in [0, 1].
        method: how the mask was found ("imp", "omp"); None where the row serves every method.
        sparsity: fraction of prunable weights removed, in [0, 1); None for dense rows, or where it is not known.
        source_lr: learning rate of the training that the mask was found with, where it has one.
        seed: the replicate; arms of one replicate are paired. None where the table does not tell.
        epochs: length of the training; None where the table does not tell.
        params: parameters that are not pruned, over the whole network.
        diverged: the training ended in NaN or inf; accuracy is chance then.
        run: key of the run in the store.
        folds: of the samples that `accuracy` is measured on, how many of each fold are right (`lthcheck.folds`); None
            where it is not known which samples are.
        validation: top-1 on samples that `accuracy` is not measured on, a fraction in [0, 1], by which lr and sparsity
            may be chosen; None where there is none.
    """

    arm: Arm
    lr: float
    accuracy: float
    method: str | None = None
    sparsity: float | None = None
    source_lr: float | None = None
    seed: int | None = None
    epochs: float | None = None
    params: int | None = None
    diverged: bool = False
    run: str | None = None
    folds: tuple[int, ...] | None = None
    validation: float | None = None

    def __post_init__(self) -> None:
        if self.arm not in ARMS:
            raise ValueError(f"arm={self.arm!r} must be one of {', '.join(ARMS)}")
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise ValueError(f"lr={self.lr} must be a finite number above 0")
        for name, fraction in (("accuracy", self.accuracy), ("validation", self.validation)):
            if fraction is not None and not 0 <= fraction <= 1:
                raise ValueError(f"{name}={fraction} must be a fraction in [0, 1]; write 0.915 for 91.5 %")
        if self.sparsity is not None and not 0 <= self.sparsity < 1:
            raise ValueError(f"sparsity={self.sparsity} must be in [0, 1); write 0.9 for 90 %")
        if self.epochs is not None and not self.epochs > 0:
            raise ValueError(f"epochs={self.epochs} must be above 0")
        if self.folds is not None:
            object.__setattr__(self, "folds", tuple(self.folds))  # JSON has lists, and a row is hashable
            if not self.folds or not all(type(count) is int and count >= 0 for count in self.folds):
                raise ValueError(f"folds={self.folds} must be whole numbers of 0 or more; leave them out if unknown")

    def as_json(self) -> dict[str, Any]:
        """The row as plain JSON values."""
        return vars(self) | {"folds": None if self.folds is None else list(self.folds)}
