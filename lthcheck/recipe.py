"""Recipes: published bundles of defaults. They help to write expressions and are in no key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from lthcheck.names import known
from lthcheck.quantity import check_real, check_tuple, check_whole
from lthcheck.run import AUGMENTATIONS, INITIALISERS, Objective, Optimiser, Role, Schedule, Training

MOST_SEEDS, MOST_EPOCHS = 1000, 1_000_000  # a slip of the pen, above these; every run is written down in advance


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a study trains and prunes, where its user says nothing else.

    Attributes:
        source: where it was published, or measured.
        milestones: fractions of the training after which the lr is multiplied with `factor`.
        rate: fraction of what remains that a round of IMP prunes.
        lrs: the learning rates, each tried for every arm.
        sparsities: fractions of the prunable weights removed.
        seeds: replicates.
    """

    name: str
    source: str
    initialiser: str
    epochs: int
    batch: int
    weight_decay: float
    lrs: tuple[float, ...]
    sparsities: tuple[float, ...]
    seeds: int
    optimiser: Literal["sgd", "adam"] = "sgd"
    momentum: float = 0.9
    schedule: Literal["constant", "step", "cosine"] = "step"
    milestones: tuple[float, ...] = (0.5, 0.75)
    factor: float = 0.1
    warmup_epochs: int = 0
    last_batch: Literal["drop", "keep"] = "drop"
    augmentation: str = "none"
    label_smoothing: float = 0.0
    rate: float = 0.2
    scope: Literal["global", "layer"] = "global"
    roles: tuple[Role, ...] = ("conv", "shortcut", "linear")

    def __post_init__(self) -> None:
        self._check_grid("lr", self.lrs)
        self._check_grid("sparsity", self.sparsities)
        for lr in self.lrs:
            check_real("lr", lr, lambda value: 0 < value < math.inf, "must be a finite number above 0")
        for sparsity in self.sparsities:
            check_real("sparsity", sparsity, lambda value: 0 < value < 1, "must be in (0, 1); write 0.9 for 90 %")
        check_whole("seeds", self.seeds, least=1, most=MOST_SEEDS)
        check_whole("epochs", self.epochs, least=1, most=MOST_EPOCHS)
        check_whole("warmup_epochs", self.warmup_epochs, least=0, most=self.epochs)
        check_whole("batch", self.batch, least=1, most=2**31 - 1)
        check_real("weight_decay", self.weight_decay, lambda value: 0 <= value < math.inf, "must be 0 or above")
        check_real("momentum", self.momentum, lambda value: 0 <= value < 1, "must be in [0, 1)")
        check_real("factor", self.factor, lambda value: 0 < value < math.inf, "must be a finite number above 0")
        check_real("rate", self.rate, lambda value: 0 < value < 1, "must be in (0, 1); write 0.2 for 20 %")
        check_tuple("milestones", self.milestones, "(0.5, 0.75)")
        for part in self.milestones:
            check_real("milestones", part, lambda value: 0 < value <= 1, "must be fractions of the training, in (0, 1]")
        known("initialiser", self.initialiser, INITIALISERS)
        known("optimiser", self.optimiser, ("sgd", "adam"))
        known("schedule", self.schedule, ("constant", "step", "cosine"))
        known("augmentation", self.augmentation, AUGMENTATIONS)
        smooth = "must be in [0, 1); write 0.1 for 10 %"
        check_real("label_smoothing", self.label_smoothing, lambda value: 0 <= value < 1, smooth)
        known("last_batch", self.last_batch, ("drop", "keep"))
        known("scope", self.scope, ("global", "layer"))
        check_tuple("roles", self.roles, "('conv', 'linear')")
        for role in self.roles:
            known("roles", role, get_args(Role))

    @staticmethod
    def _check_grid(name: str, values: tuple[float, ...]) -> None:
        check_tuple(name, values, "(0.1, 0.2)")
        if not values:
            raise ValueError(f"{name} must name at least one value, e.g. 0.1")
        if len(set(values)) < len(values):
            twice = next(value for value in values if values.count(value) > 1)
            raise ValueError(f"{name}={twice:g} is given twice; name each value once")

    def training(self, lr: float, steps_per_epoch: int, *, stretch: int = 1, device: str = "cpu") -> Training:
        """The training at one learning rate; `stretch=2` trains twice as long, with milestones in proportion."""
        steps = self.epochs * stretch * steps_per_epoch
        milestones = tuple(round(part * steps) for part in self.milestones) if self.schedule == "step" else ()
        return Training(
            lr=lr,
            batch=self.batch,
            steps=steps,
            optimiser=Optimiser(self.optimiser, self.momentum if self.optimiser == "sgd" else 0.0, self.weight_decay),
            schedule=Schedule(self.schedule, milestones, self.factor, self.warmup_epochs * stretch * steps_per_epoch),
            objective=Objective(label_smoothing=self.label_smoothing),
            last_batch=self.last_batch,
            device=device,  # type: ignore[arg-type]
        )

    def but(self, changes: Mapping[str, Any]) -> Recipe:
        """The recipe with what a user said otherwise; a warm-up takes the same part of other epochs."""
        if self.warmup_epochs and "epochs" in changes and "warmup_epochs" not in changes:
            warmup = round(self.warmup_epochs * changes["epochs"] / self.epochs)
            changes = {**changes, "warmup_epochs": warmup}
        return replace(self, **changes)


def rung(k: int, rate: float) -> float:
    """The sparsity after `k` rounds of pruning a fraction `rate` of what remains; one spelling for all who ask."""
    return round(1 - (1 - rate) ** k, 15)


def ladder(rounds: int, rate: float = 0.2) -> tuple[float, ...]:
    """The sparsities after rounds 1 to `rounds`.

    >>> ladder(3)
    (0.2, 0.36, 0.488)
    """
    return tuple(rung(k, rate) for k in range(1, rounds + 1))


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="ma2021",
            source="Ma et al. 2021, Table E.1, CIFAR-10/100; without augmentation, which this version does not have",
            initialiser="kaiming_normal",
            epochs=160,
            batch=64,
            weight_decay=5e-4,
            lrs=(0.001, 0.005, 0.01, 0.05, 0.1, 0.15),
            sparsities=ladder(14),
            seeds=3,
            last_batch="keep",
        ),
        Recipe(
            name="mnist1d",
            source="lthcheck, measured on MNIST-1D (README, presets)",
            initialiser="pytorch",
            epochs=100,
            batch=100,
            weight_decay=1.5e-3,
            lrs=(0.2, 0.3, 0.4),
            sparsities=(0.866,),
            seeds=4,
        ),
        Recipe(
            name="digits",
            source="lthcheck, measured on digits (reports/examples)",
            initialiser="kaiming_normal",
            epochs=20,
            batch=100,
            weight_decay=1e-3,
            lrs=(0.02, 0.05, 0.1),
            sparsities=(0.866,),
            seeds=4,
            warmup_epochs=4,
        ),
    )
}


def recipe(name: str) -> Recipe:
    """A recipe by name.

    Raises:
        ValueError: for an unknown one, with the nearest name.
    """
    return RECIPES[known("recipe", name, RECIPES)]
