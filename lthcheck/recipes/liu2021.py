"""Liu et al., "Lottery Ticket Preserves Weight Correlation: Is It Desirable or Not?", ICML 2021."""

from __future__ import annotations

from dataclasses import replace

from lthcheck.recipe import Recipe, ladder
from lthcheck.recipes.case import Case

_CIFAR = Recipe(
    name="liu2021",
    source="Liu et al. 2021, CIFAR-10/100",
    initialiser="kaiming_normal",
    epochs=150,
    batch=128,
    weight_decay=5e-4,
    lrs=(0.01, 0.1),
    sparsities=ladder(14),
    seeds=5,
    momentum=0.9,
    schedule="step",
    milestones=(80 / 150, 120 / 150),
    factor=0.1,
    last_batch="keep",
    augmentation="crop-flip",
    scope="layer",
    rewind="10 epochs",
    departs=(
        "masks by ADMM; one that you have goes in by --mask",
        "prune and fine-tune: T more epochs from the trained weights under the mask",
    ),
    notes=(
        "weight decay, last partial batch: not stated; lthcheck's choice, as in ma2021",
        "initialiser, augmentation: not stated; lthcheck's choice, as in ma2021",
        "sparsities: not stated; lthcheck's choice, the ladder of ma2021",
        "the unit of k = 10, the moment of rewinding: not stated; lthcheck reads epochs",
        "the classifier stays dense, as the first convolution does: not stated; lthcheck's choice",
    ),
)

CASES = (
    Case(_CIFAR, datasets=("cifar10", "cifar100")),
    Case(
        replace(
            _CIFAR,
            source=f"{_CIFAR.source}; without augmentation, since the paper has no such data",
            augmentation="none",
        )
    ),
)
