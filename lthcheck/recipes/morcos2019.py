"""Morcos et al., "One ticket to win them all", NeurIPS 2019."""

from __future__ import annotations

from dataclasses import replace

from lthcheck.recipe import Recipe, rung
from lthcheck.recipes.case import Case

_ROUNDS = (*range(1, 7), *range(9, 31, 3))  # of 30, those that are evaluated
_SMALL = Recipe(
    name="morcos2019",
    source="Morcos et al. 2019, VGG-19 and ResNet-50 on CIFAR-10/100, SVHN and Fashion-MNIST, SGD",
    initialiser="xavier_normal",
    epochs=160,
    batch=512,
    weight_decay=1e-4,
    lrs=(0.1,),
    sparsities=tuple(rung(k, 0.2) for k in _ROUNDS),
    seeds=6,
    momentum=0.9,
    schedule="step",
    milestones=(0.5, 0.75),  # epochs 80 and 120
    factor=0.1,
    last_batch="keep",
    augmentation="crop-flip",
    scope="global",
    roles=("first_conv", "conv", "shortcut", "linear"),
    rewind="1 epoch",
    departs=(
        "its VGG-19 is printed with 17 convolutions; lthcheck's is the standard one, with 16",
        "a random ticket has fresh weights and a globally permuted mask; rr of lthcheck keeps the mask",
    ),
    notes=(
        "also by Adam: --optimiser adam --lr 3e-4, betas 0.9 and 0.999",
        "the classifier stays dense: on transfer it is no part of the ticket",
        "last partial batch, augmentation: not stated; lthcheck's choice",
    ),
)
_LARGE = replace(
    _SMALL,
    source="Morcos et al. 2019, VGG-19 and ResNet-50 on ImageNet and Places365, SGD",
    epochs=90,
    milestones=(50 / 90, 65 / 90, 80 / 90),
    augmentation="resized-crop-flip",
    rewind="3 epochs",
)

CASES = (
    Case(_LARGE, datasets=("imagenet", "places365")),
    Case(_SMALL, datasets=("cifar10", "cifar100", "svhn", "fashion_mnist", "cifar10a", "cifar10b")),
    Case(
        replace(
            _SMALL,
            source=f"{_SMALL.source}; without augmentation, since the paper has no such data",
            augmentation="none",
        )
    ),
)
