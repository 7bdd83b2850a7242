"""Every recipe is what its paper says, field by field, case by case."""

from __future__ import annotations

from dataclasses import fields

import pytest

from lthcheck.recipe import Recipe, ladder
from lthcheck.recipes import cases, names, recipe

ROUNDS_14 = (0.2, 0.36, 0.488, 0.59, 0.672, 0.738, 0.79, 0.832, 0.866, 0.893, 0.914, 0.931, 0.945, 0.956)
CIFAR_LRS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.15)
IMAGENET_LRS = (0.2048, 0.4, 1.024, 1.6, 2.048)
CONVOLUTIONS, IN_BLOCKS = ("first_conv", "conv"), ("conv", "shortcut", "linear")
ALL_CONV = ("first_conv", "conv", "linear", "classifier")

SGD = {"optimiser": "sgd", "momentum": 0.9, "betas": (0.9, 0.999), "steps": None, "label_smoothing": 0.0}
SGD |= {"precision": "float32"}
MAGNITUDE = {"score": "magnitude", "rate": 0.2, "rates": (), "scope": "global", "roles": IN_BLOCKS}
STEP = {"schedule": "step", "milestones": (0.5, 0.75), "factor": 0.1, "warmup_epochs": 0}
MA = SGD | MAGNITUDE | STEP
MA |= {"initialiser": "kaiming_normal", "epochs": 160, "batch": 64, "weight_decay": 5e-4, "lrs": CIFAR_LRS, "seeds": 3}
MA |= {"sparsities": ROUNDS_14, "last_batch": "keep", "augmentation": "crop-flip", "rewind": "8 epochs"}
MA_IMAGENET = MA | {
    "epochs": 90,
    "batch": 1024,
    "schedule": "cosine",
    "milestones": (),
    "momentum": 0.875,
    "weight_decay": 3.05e-5,
    "warmup_epochs": 8,
    "lrs": IMAGENET_LRS,
    "sparsities": ROUNDS_14[:11],
    "augmentation": "resized-crop-flip",
    "label_smoothing": 0.1,
    "rewind": "5 epochs",
}
CODE = MA | {"weight_decay": 1e-4}
CODE_IMAGENET = MA_IMAGENET | {"weight_decay": 2**-15, "warmup_epochs": 5}
LIU = MA | {"epochs": 150, "batch": 128, "milestones": (80 / 150, 120 / 150), "lrs": (0.01, 0.1), "seeds": 5}
LIU |= {"scope": "layer", "rewind": "10 epochs"}
LENET = MA | {"initialiser": "xavier_normal", "optimiser": "adam", "momentum": 0.0, "schedule": "constant"}
LENET |= {"milestones": (), "epochs": 50, "steps": 50_000, "batch": 60, "weight_decay": 0.0, "lrs": (1.2e-3,)}
LENET |= {"sparsities": ladder(18), "seeds": 5, "scope": "layer", "roles": ("linear", "classifier"), "rewind": ""}
LENET |= {"rates": (("linear", 0.2), ("classifier", 0.1)), "last_batch": "drop", "augmentation": "none"}
CONV_2 = LENET | {"epochs": 24, "steps": 20_000, "lrs": (2e-4,), "sparsities": ROUNDS_14, "roles": ALL_CONV}
CONV_2 |= {"rates": (("first_conv", 0.1), ("conv", 0.1), ("linear", 0.2), ("classifier", 0.1))}
CONV_4 = CONV_2 | {"epochs": 30, "steps": 25_000, "lrs": (3e-4,)}
CONV_6 = CONV_4 | {"epochs": 36, "steps": 30_000}
CONV_6 |= {"rates": (("first_conv", 0.15), ("conv", 0.15), ("linear", 0.2), ("classifier", 0.1))}
RESNET = MA | {"initialiser": "xavier_normal", "epochs": 77, "steps": 30_000, "batch": 128, "weight_decay": 1e-4}
RESNET |= {"lrs": (0.1,), "seeds": 5, "milestones": (2 / 3, 5 / 6), "roles": CONVOLUTIONS, "rewind": ""}
RESNET |= {"last_batch": "drop"}
VGG = RESNET | {"epochs": 144, "steps": 112_480, "batch": 64, "milestones": (0.5, 0.75)}
MORCOS = MA | {"initialiser": "xavier_normal", "batch": 512, "weight_decay": 1e-4, "lrs": (0.1,), "seeds": 6}
MORCOS |= {"sparsities": tuple(ladder(30)[k - 1] for k in (1, 2, 3, 4, 5, 6, 9, 12, 15, 18, 21, 24, 27, 30))}
MORCOS |= {"roles": ("first_conv", "conv", "shortcut", "linear"), "rewind": "1 epoch"}
MORCOS_LARGE = MORCOS | {"epochs": 90, "milestones": (50 / 90, 65 / 90, 80 / 90), "rewind": "3 epochs"}
MORCOS_LARGE |= {"augmentation": "resized-crop-flip"}
SAHU = MA | {"initialiser": "pytorch", "lrs": (0.1,), "rate": 0.16, "score": "lamp", "rewind": "", "seeds": 5}
SAHU |= {"sparsities": (0.16, 0.294, 0.407, 0.502, 0.582), "roles": (*CONVOLUTIONS, "shortcut", "linear", "classifier")}
PLAIN = {"augmentation": "none"}
NO_SHORTCUT = {"roles": ("conv", "linear")}

PUBLISHED = [
    ("ma2021", "resnet20", "cifar10", MA),
    ("ma2021", "resnet32-w2", "cifar100", MA),
    ("ma2021", "vgg16", "cifar10", MA | {"warmup_epochs": 75}),
    ("ma2021", "vgg16-w0.5", "cifar100", MA | {"warmup_epochs": 75}),
    ("ma2021", "vgg19", "cifar10", MA),
    ("ma2021", "resnet18", "tiny_imagenet", MA | {"batch": 32, "warmup_epochs": 20}),
    ("ma2021", "vgg16", "tiny_imagenet", MA | {"batch": 32, "warmup_epochs": 20}),
    ("ma2021", "resnet50", "imagenet", MA_IMAGENET),
    ("ma2021", "mlp-20", "mnist1d", MA | PLAIN),
    ("ma2021-code", "resnet20", "cifar10", CODE),
    ("ma2021-code", "vgg16", "cifar10", CODE),
    ("ma2021-code", "resnet32-w2", "cifar10", CODE | NO_SHORTCUT),
    ("ma2021-code", "resnet32", "mine.npz", CODE | NO_SHORTCUT | PLAIN),
    ("ma2021-code", "resnet18", "imagenet", CODE_IMAGENET),
    ("ma2021-code", "resnet50", "imagenet", CODE_IMAGENET),
    ("ma2021-code", "resnet18", "tiny_imagenet", MA | {"batch": 32, "warmup_epochs": 20}),
    ("ma2021-code", "resnet20", "mine.npz", CODE | PLAIN),
    ("liu2021", "resnet20", "cifar10", LIU),
    ("liu2021", "resnet20", "svhn", LIU | PLAIN),
    ("frankle2019", "lenet-300-100", "mnist", LENET),
    ("frankle2019", "mlp-300-100", "mnist", LENET),
    ("frankle2019", "conv2", "cifar10", CONV_2),
    ("frankle2019", "conv4-w0.5", "cifar10", CONV_4),
    ("frankle2019", "conv6", "cifar10", CONV_6),
    ("frankle2019", "resnet20", "cifar10", RESNET),
    ("frankle2019", "vgg19", "cifar10", VGG),
    ("frankle2019", "lenet5", "mnist", RESNET | PLAIN | {"roles": (*CONVOLUTIONS, "linear")}),
    ("morcos2019", "vgg19", "cifar10", MORCOS),
    ("morcos2019", "resnet50", "fashion_mnist", MORCOS),
    ("morcos2019", "resnet50", "places365", MORCOS_LARGE),
    ("morcos2019", "vgg19", "imagenet", MORCOS_LARGE),
    ("morcos2019", "vgg19", "mine.npz", MORCOS | PLAIN),
    ("sahu2022", "resnet20", "cifar10", SAHU),
    ("sahu2022", "mlp-20", "mnist1d", SAHU | PLAIN),
]
IN_WORDS = {"name", "source", "departs", "notes"}


@pytest.mark.parametrize(("name", "model", "dataset", "published"), PUBLISHED)
def test_it_is_what_was_published(name, model, dataset, published):
    found = recipe(name, model=model, dataset=dataset)
    assert set(published) | IN_WORDS == {each.name for each in fields(Recipe)}
    for field, value in published.items():
        exact = pytest.approx(value, abs=5e-4) if field == "sparsities" else value
        assert getattr(found, field) == exact, field
    assert found.name == name
    assert found.source


def test_every_case_of_a_paper_is_asserted():
    asserted = {id(recipe(name, model=model, dataset=dataset)) for name, model, dataset, _ in PUBLISHED}
    papers = [name for name in names() if name not in ("mnist1d", "digits")]
    assert [where for name in papers for where, each in cases(name) if id(each) not in asserted] == []


def test_the_boundaries_of_the_schedules_lie_where_they_were_published():
    """In epochs, or in steps where the paper counts steps."""

    def boundaries(name, model, dataset, steps_per_epoch=1):
        found = recipe(name, model=model, dataset=dataset)
        return found.training(0.1, steps_per_epoch).schedule.milestones

    assert boundaries("ma2021", "resnet20", "cifar10") == boundaries("liu2021", "resnet20", "cifar10") == (80, 120)
    assert boundaries("morcos2019", "vgg19", "imagenet") == (50, 65, 80)
    assert boundaries("frankle2019", "resnet20", "cifar10", 390) == (20_000, 25_000)
    assert boundaries("frankle2019", "vgg19", "cifar10", 781) == (80 * 703, 120 * 703)


def test_steps_are_exact_whatever_an_epoch_is():
    found = recipe("frankle2019", model="lenet-300-100", dataset="mnist")
    assert [found.training(1.2e-3, n).steps for n in (1, 66, 1000)] == [50_000] * 3
    assert found.training(1.2e-3, 66, stretch=2).steps == 100_000


def test_adam_has_its_betas():
    found = recipe("frankle2019", model="conv2", dataset="cifar10").but({"betas": (0.8, 0.99)})
    assert found.training(2e-4, 10).optimiser.betas == (0.8, 0.99)


@pytest.mark.parametrize(
    ("name", "model", "dataset", "word"),
    [
        ("ma2021", "resnet50", "imagenet", "mixup"),
        ("ma2021-code", "resnet18", "imagenet", "epoch 5"),
        ("liu2021", "resnet20", "cifar10", "ADMM"),
        ("morcos2019", "vgg19", "cifar10", "17 convolutions"),
        ("sahu2022", "resnet20", "cifar10", "early stopping"),
        ("sahu2022", "resnet20", "cifar10", "50 ticket searches"),
    ],
)
def test_what_lthcheck_does_not_do_of_it_is_said(name, model, dataset, word):
    assert any(word in each for each in recipe(name, model=model, dataset=dataset).departs)
