"""Frankle and Carbin, "The Lottery Ticket Hypothesis: Finding Sparse, Trainable Neural Networks", ICLR 2019."""

from __future__ import annotations

from dataclasses import replace

from lthcheck.recipe import Recipe, ladder
from lthcheck.recipes.case import Case

_SPLIT = "lthcheck trains on the whole training split, of which the paper holds 5 000 images back for validation"
_PARTIAL = "last partial batch: dropped, as 703 steps of 64 an epoch of 45 000 images say"
_LENET = Recipe(
    name="frankle2019",
    source="Frankle & Carbin 2019, Figure 2, LeNet-300-100 on MNIST",
    initialiser="xavier_normal",
    optimiser="adam",
    momentum=0.0,
    epochs=50,  # 1 000 steps an epoch of 60 000 images
    steps=50_000,
    batch=60,
    weight_decay=0.0,
    lrs=(1.2e-3,),
    sparsities=ladder(18),
    seeds=5,
    schedule="constant",
    milestones=(),
    scope="layer",
    roles=("linear", "classifier"),
    rates=(("linear", 0.2), ("classifier", 0.1)),
    departs=("early stopping at the lowest validation loss, beside the accuracy at the end",),
    notes=(_SPLIT, _PARTIAL, "rounds: 18, to the 1.9 % of its Figure 3; lthcheck's choice"),
)
_CONV_2 = replace(
    _LENET,
    source="Frankle & Carbin 2019, Figure 2, Conv-2 on CIFAR-10",
    epochs=24,  # 833 steps an epoch of 50 000 images
    steps=20_000,
    lrs=(2e-4,),
    sparsities=ladder(14),
    roles=("first_conv", "conv", "linear", "classifier"),
    rates=(("first_conv", 0.1), ("conv", 0.1), ("linear", 0.2), ("classifier", 0.1)),
    notes=(_SPLIT, _PARTIAL, "rounds, augmentation: not stated; lthcheck's choice"),
)
_CONV_4 = replace(
    _CONV_2, source="Frankle & Carbin 2019, Figure 2, Conv-4 on CIFAR-10", epochs=30, steps=25_000, lrs=(3e-4,)
)
_CONV_6 = replace(
    _CONV_2,
    source="Frankle & Carbin 2019, Figure 2, Conv-6 on CIFAR-10",
    epochs=36,
    steps=30_000,
    lrs=(3e-4,),
    rates=(("first_conv", 0.15), ("conv", 0.15), ("linear", 0.2), ("classifier", 0.1)),
)
_RESNET = Recipe(
    name="frankle2019",
    source="Frankle & Carbin 2019, Figure 2, ResNet on CIFAR-10 (called ResNet-18 there, of the size of ResNet-20)",
    initialiser="xavier_normal",
    epochs=77,  # 390 steps an epoch of 50 000 images
    steps=30_000,
    batch=128,
    weight_decay=1e-4,
    lrs=(0.1,),
    sparsities=ladder(14),
    seeds=5,
    momentum=0.9,
    schedule="step",
    milestones=(2 / 3, 5 / 6),  # steps 20 000 and 25 000
    factor=0.1,
    augmentation="crop-flip",
    scope="global",
    roles=("first_conv", "conv"),
    departs=("early stopping at the lowest validation loss, beside the accuracy at the end",),
    notes=(
        _SPLIT,
        _PARTIAL,
        "it finds tickets at lr 0.01, and at 0.03 after 20 000 steps of warm-up; ask for 0.01,0.03,0.1",
        "shortcuts and classifier stay dense",
        "rounds, seeds: not stated; lthcheck's choice",
    ),
)
_VGG = replace(
    _RESNET,
    source="Frankle & Carbin 2019, Figure 2 and appendix, VGG-19 on CIFAR-10",
    epochs=144,  # 781 steps an epoch of 50 000 images
    steps=112_480,  # 160 epochs of 703 steps; "112 K" in Figure 2
    batch=64,
    milestones=(0.5, 0.75),  # epochs 80 and 120
    notes=(
        _SPLIT,
        _PARTIAL,
        "it finds tickets at lr 0.01, and at 0.1 after 10 000 steps of warm-up; ask for 0.01,0.03,0.1",
        "the classifier stays dense",
        "rounds, seeds: not stated; lthcheck's choice",
    ),
)
_CIFAR = ("cifar10",)
_IMAGES = (*_CIFAR, "cifar100", "svhn", "cifar10a", "cifar10b")

CASES = (
    Case(_LENET, models=("lenet-300-100", "mlp"), published=("mnist",)),
    Case(_CONV_2, models=("conv2",), published=_CIFAR),
    Case(_CONV_4, models=("conv4",), published=_CIFAR),
    Case(_CONV_6, models=("conv6",), published=_CIFAR),
    Case(_VGG, models=("vgg19",), datasets=_IMAGES, published=_CIFAR),
    Case(_RESNET, models=("resnet18", "resnet20"), datasets=_IMAGES, published=_CIFAR),
    Case(
        replace(
            _RESNET,
            source=f"{_RESNET.source}; without augmentation, since the paper has no such network and data",
            augmentation="none",
            roles=("first_conv", "conv", "linear"),
        )
    ),
)
