"""Sahu et al., "Not All Lotteries Are Made Equal", 2022."""

from __future__ import annotations

from dataclasses import replace

from lthcheck.recipe import Recipe, ladder
from lthcheck.recipes.case import Case

_STAGES, _RATE = 5, 0.16
_CIFAR = Recipe(
    name="sahu2022",
    source="Sahu et al. 2022",
    initialiser="pytorch",
    epochs=160,
    batch=64,
    weight_decay=5e-4,
    lrs=(0.1,),
    sparsities=ladder(_STAGES, _RATE),
    seeds=5,
    last_batch="keep",
    augmentation="crop-flip",
    rate=_RATE,
    scope="global",
    score="lamp",
    roles=("first_conv", "conv", "shortcut", "linear", "classifier"),
    departs=(
        "early stopping on a validation split; lthcheck trains for all epochs",
        "50 ticket searches; lthcheck makes one a seed",
    ),
    notes=(
        "its ladder ends at sparsity 0.582, below the 0.60 of condition 1",
        "epochs, batch, lr, weight decay, schedule, last partial batch, augmentation: lthcheck's choice, as in ma2021",
        "roles: lthcheck's choice, every weight but norm and bias, as LAMP's authors prune",
        "seeds: lthcheck's choice",
    ),
)

CASES = (
    Case(_CIFAR, datasets=("cifar10", "cifar100")),
    Case(
        replace(
            _CIFAR,
            source=f"{_CIFAR.source}; without augmentation, which lthcheck chooses for CIFAR alone",
            augmentation="none",
        )
    ),
)
