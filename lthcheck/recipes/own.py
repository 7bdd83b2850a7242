"""Recipes that lthcheck measured itself, for data sets that train on a laptop."""

from __future__ import annotations

from lthcheck.recipe import Recipe
from lthcheck.recipes.case import Case

MNIST1D = (
    Case(
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
        )
    ),
)
DIGITS = (
    Case(
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
        )
    ),
)
