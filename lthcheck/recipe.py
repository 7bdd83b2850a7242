"""A recipe: a published bundle of defaults. It helps to write expressions and is in no key.

Those that there are lie in `lthcheck.recipes`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from lthcheck.names import AUGMENTATIONS, INITIALISERS, PRECISIONS, known
from lthcheck.quantity import check_real, check_tuple, check_whole
from lthcheck.run import Objective, Optimiser, Role, Schedule, Training
from lthcheck.steps import moment, part

MOST_SEEDS, MOST_EPOCHS = 1000, 1_000_000  # a slip of the pen, above these; every run is written down in advance
MOST_STEPS = 10**9


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a study trains and prunes, where its user says nothing else.

    Attributes:
        source: where it was published, or measured.
        epochs: T; of a recipe in steps, those that its steps come to on its own data (see `on`).
        steps: the length of the training, where it is given in steps and not in epochs.
        milestones: fractions of the training after which the lr is multiplied with `factor`.
        rate: fraction of what remains that a round of IMP prunes.
        rates: by role, what a round takes of what remains in its layers, where roles differ; a role that is not named
            has `rate`. Each layer is ranked alone then. The ladder is still that of `rate`, of all prunable weights: at
            a rung the layers stand as after so many rounds of `rates`, a real number, as remove its sparsity in all.
        score: what ranks the weights of a trained network.
        rewind: the moment that tickets are rewound to, "8 epochs" or "500 steps"; empty where the recipe has none. The
            arms begin at theta_0 nevertheless, and it is no option (see `lthcheck.rewind`).
        betas: of Adam.
        precision: number format of the training (`lthcheck.run.Training`).
        departs: what was published and lthcheck does not do.
        notes: what was not stated and is lthcheck's choice, or else good to know.
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
    rates: tuple[tuple[Role, float], ...] = ()
    score: Literal["magnitude", "lamp"] = "magnitude"
    rewind: str = ""
    steps: int | None = None
    betas: tuple[float, float] = (0.9, 0.999)
    precision: Literal["float32", "float64", "bfloat16", "tf32"] = "float32"
    departs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_grid("lr", self.lrs)
        self._check_grid("sparsity", self.sparsities)
        for lr in self.lrs:
            check_real("lr", lr, lambda value: 0 < value < math.inf, "must be a finite number above 0")
        for sparsity in self.sparsities:
            check_real("sparsity", sparsity, lambda value: 0 < value < 1, "must be in (0, 1); write 0.9 for 90 %")
        check_whole("seeds", self.seeds, least=1, most=MOST_SEEDS)
        check_whole("epochs", self.epochs, least=1, most=MOST_EPOCHS)
        if self.steps is not None:
            check_whole("steps", self.steps, least=1, most=MOST_STEPS)
        check_whole("warmup_epochs", self.warmup_epochs, least=0, most=MOST_EPOCHS)
        if self.warmup_epochs > self.epochs:
            rule = f"must be at most {self.epochs}, the epochs of the training; warm up for less, or train longer"
            raise ValueError(f"warmup_epochs={self.warmup_epochs} {rule}")
        check_whole("batch", self.batch, least=1, most=2**31 - 1)
        check_real("weight_decay", self.weight_decay, lambda value: 0 <= value < math.inf, "must be 0 or above")
        check_real("momentum", self.momentum, lambda value: 0 <= value < 1, "must be in [0, 1)")
        check_real("factor", self.factor, lambda value: 0 < value < math.inf, "must be a finite number above 0")
        check_real("rate", self.rate, lambda value: 0 < value < 1, "must be in (0, 1); write 0.2 for 20 %")
        check_tuple("milestones", self.milestones, "(0.5, 0.75)")
        for each in self.milestones:
            rule = "must be fractions of the training, in (0, 1]; write 0.5 for epoch 80 of 160"
            check_real("milestones", each, lambda value: 0 < value <= 1, rule)
        known("initialiser", self.initialiser, INITIALISERS)
        known("optimiser", self.optimiser, ("sgd", "adam"))
        known("schedule", self.schedule, ("constant", "step", "cosine"))
        known("augmentation", self.augmentation, AUGMENTATIONS)
        smooth = "must be in [0, 1); write 0.1 for 10 %"
        check_real("label_smoothing", self.label_smoothing, lambda value: 0 <= value < 1, smooth)
        known("precision", self.precision, PRECISIONS)
        known("last_batch", self.last_batch, ("drop", "keep"))
        known("scope", self.scope, ("global", "layer"))
        check_tuple("roles", self.roles, "('conv', 'linear')")
        if not self.roles:
            raise ValueError("roles must name at least one role, e.g. conv")
        for role in self.roles:
            known("roles", role, get_args(Role))
        self._check_rates()
        known("score", self.score, ("magnitude", "lamp"))
        if self.rewind != "":
            moment(self.rewind)
        check_tuple("betas", self.betas, "(0.9, 0.999)")
        if len(self.betas) != 2:
            raise ValueError(f"betas={self.betas} must be two numbers; write 0.9,0.999")
        for beta in self.betas:
            check_real("betas", beta, lambda value: 0 <= value < 1, "must be in [0, 1)")

    def _check_rates(self) -> None:
        check_tuple("rates", self.rates, "(('conv', 0.1), ('linear', 0.2))")
        for pair in self.rates:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise ValueError(f"rates={self.rates!r} must be pairs of a role and a rate, e.g. (('conv', 0.1),)")
            role, rate = pair
            known("rates", role, self.roles)
            check_real(f"rates[{role}]", rate, lambda value: 0 < value < 1, "must be in (0, 1); write 0.2 for 20 %")
        named = [role for role, _ in self.rates]
        if len(set(named)) < len(named):
            raise ValueError(f"rates={self.rates!r} must name each role once")
        if self.rates and self.scope != "layer":
            rule = "must be 'layer' with rates by role, which rank each layer alone"
            raise ValueError(f"scope={self.scope!r} {rule}; add scope layer, or leave the rates out")
        object.__setattr__(self, "rates", tuple((role, rate) for role, rate in self.rates))  # JSON has lists

    @staticmethod
    def _check_grid(name: str, values: tuple[float, ...]) -> None:
        check_tuple(name, values, "(0.1, 0.2)")
        if not values:
            raise ValueError(f"{name} must name at least one value, e.g. 0.1")
        if len(set(values)) < len(values):
            twice = next(value for value in values if values.count(value) > 1)
            raise ValueError(f"{name}={twice:g} is given twice; name each value once")

    def total_steps(self, steps_per_epoch: int) -> int:
        """T in steps, on data of which an epoch has so many."""
        return self.epochs * steps_per_epoch if self.steps is None else self.steps

    def on(self, steps_per_epoch: int) -> Recipe:
        """The recipe on data of which an epoch has so many steps: one in steps gets the epochs, rounded, that they are.

        Evidence and reports name these; the training has the steps, exactly.
        """
        if self.steps is None:
            return self
        return replace(self, epochs=max(1, self.warmup_epochs, round(self.steps / steps_per_epoch)))

    def training(self, lr: float, steps_per_epoch: int, *, stretch: int = 1, device: str = "cpu") -> Training:
        """The training at one learning rate; `stretch=2` trains twice as long, with milestones in proportion.

        Raises:
            ValueError: if it ends before its warm-up does.
        """
        steps, warmup = stretch * self.total_steps(steps_per_epoch), self.warmup_epochs * stretch * steps_per_epoch
        if warmup > steps:
            rule = f"must end within the training, but takes {warmup} of {steps} steps"
            raise ValueError(f"warmup_epochs={self.warmup_epochs} {rule}; train longer, or warm up for less")
        milestones = tuple(part(each, steps) for each in self.milestones) if self.schedule == "step" else ()
        return Training(
            lr=lr,
            batch=self.batch,
            steps=steps,
            optimiser=self._optimiser(),
            schedule=Schedule(self.schedule, milestones, self.factor, warmup),
            objective=Objective(label_smoothing=self.label_smoothing),
            last_batch=self.last_batch,
            precision=self.precision,
            device=device,  # type: ignore[arg-type]
        )

    def _optimiser(self) -> Optimiser:
        if self.optimiser == "sgd":  # whose key has the betas that it does not use
            return Optimiser("sgd", self.momentum, self.weight_decay)
        return Optimiser("adam", 0.0, self.weight_decay, self.betas)

    def rewind_step(self, steps_per_epoch: int) -> int:
        """The step of the training that tickets are rewound to.

        Raises:
            ValueError: if the recipe says none, or one after its last.
        """
        if self.rewind == "":
            raise ValueError(f"rewind='' of the recipe {self.name} names no moment; write '8 epochs' or '500 steps'")
        return moment(self.rewind).step(steps_per_epoch, self.total_steps(steps_per_epoch))

    def but(self, changes: Mapping[str, Any]) -> Recipe:
        """The recipe with what a user said otherwise.

        A warm-up takes the same part of other epochs, and epochs take the place of a recipe's steps. A rate of all
        roles, or one ranking of all layers, takes the place of rates by role; roles that stay dense lose theirs.

        Raises:
            ValueError: for epochs and steps both: a training has one length.
        """
        if changes.get("steps") is not None and "epochs" in changes:
            both = f"epochs={changes['epochs']!r}, steps={changes['steps']!r}"
            raise ValueError(f"{both}: a training must have one length; give one of the two")
        more: dict[str, Any] = {}
        if "epochs" in changes:
            more["steps"] = None
            if self.warmup_epochs:
                more["warmup_epochs"] = round(self.warmup_epochs * changes["epochs"] / self.epochs)
        if "rate" in changes or changes.get("scope") == "global":
            more["rates"] = ()
        elif "roles" in changes:
            more["rates"] = tuple((role, rate) for role, rate in self.rates if role in changes["roles"])
        return replace(self, **{**more, **changes})


def rung(k: int, rate: float) -> float:
    """The sparsity after `k` rounds of pruning a fraction `rate` of what remains; one spelling for all who ask."""
    return round(1 - (1 - rate) ** k, 15)


def ladder(rounds: int, rate: float = 0.2) -> tuple[float, ...]:
    """The sparsities after rounds 1 to `rounds`.

    >>> ladder(3)
    (0.2, 0.36, 0.488)
    """
    return tuple(rung(k, rate) for k in range(1, rounds + 1))
