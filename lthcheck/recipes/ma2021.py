"""Ma et al., "Sanity Checks for Lottery Tickets: Does Your Winning Ticket Really Win the Jackpot?", NeurIPS 2021."""

from __future__ import annotations

from dataclasses import replace

from lthcheck.recipe import Recipe, ladder
from lthcheck.recipes.case import Case

CIFAR = ("cifar10", "cifar100")
_NOTES = (
    "initialiser: not in Table E.1; the released CIFAR networks draw by fan-out, lthcheck by fan-in",
    "last partial batch: not stated; lthcheck's choice",
    "linear layers are pruned where there are hidden ones, as in an MLP; the paper's networks have none",
)
_CIFAR = Recipe(
    name="ma2021",
    source="Ma et al. 2021, Table E.1, CIFAR-10/100",
    initialiser="kaiming_normal",
    epochs=160,
    batch=64,
    weight_decay=5e-4,
    lrs=(0.001, 0.005, 0.01, 0.05, 0.1, 0.15),
    sparsities=ladder(14),
    seeds=3,
    momentum=0.9,
    schedule="step",
    milestones=(0.5, 0.75),  # epochs 80 and 120
    factor=0.1,
    last_batch="keep",
    augmentation="crop-flip",
    rewind="8 epochs",
    notes=(*_NOTES, "lrs: those that the text tries for ResNet-20; Table E.1 has none"),
)
_TINY_IMAGENET = replace(
    _CIFAR,
    source="Ma et al. 2021, Table E.1, Tiny-ImageNet",
    batch=32,
    warmup_epochs=20,
    notes=(*_NOTES, "lrs: not stated; lthcheck's choice, those of CIFAR"),
)
_IMAGENET = replace(
    _CIFAR,
    source="Ma et al. 2021, Table E.1, ImageNet; lrs and label smoothing from the released scripts",
    epochs=90,
    batch=1024,
    schedule="cosine",
    milestones=(),
    momentum=0.875,
    weight_decay=3.05e-5,
    warmup_epochs=8,
    lrs=(0.2048, 0.4, 1.024, 1.6, 2.048),
    sparsities=ladder(11),
    augmentation="resized-crop-flip",
    label_smoothing=0.1,
    rewind="5 epochs",
    departs=("mixup of 0.2, in the released scripts",),
    notes=("initialiser: not in Table E.1; that of the released scripts, by fan-in", *_NOTES[1:]),
)
_ELSEWHERE = "; without augmentation, since the paper has no such data"

CASES = (
    Case(_IMAGENET, datasets=("imagenet",)),
    Case(_TINY_IMAGENET, datasets=("tiny_imagenet",)),
    Case(replace(_CIFAR, source=f"{_CIFAR.source}, VGG-16", warmup_epochs=75), models=("vgg16",), datasets=CIFAR),
    Case(_CIFAR, datasets=CIFAR),
    Case(replace(_CIFAR, source=_CIFAR.source + _ELSEWHERE, augmentation="none")),
)

_CODE = replace(
    _CIFAR,
    name="ma2021-code",
    source="the released scripts of Ma et al. 2021, CIFAR-10/100",
    weight_decay=1e-4,
    notes=(*_CIFAR.notes[:1], "ResNet-20 prunes its 1x1 shortcut convolutions, ResNet-32 does not"),
)
_CODE_IMAGENET = replace(
    _IMAGENET,
    name="ma2021-code",
    source="the released scripts of Ma et al. 2021, ImageNet",
    weight_decay=3.0517578125e-5,  # 1 / 32 768
    warmup_epochs=5,
    notes=_NOTES[1:2],
)
_NO_SCRIPT = f"{_TINY_IMAGENET.source}, of which the released scripts have none"
_FROM_EPOCH_5 = '"LT" starts from the checkpoint of epoch 5 instead of the initial weights'

CODE = (
    Case(
        replace(_CODE_IMAGENET, departs=(*_CODE_IMAGENET.departs, _FROM_EPOCH_5)),
        models=("resnet18",),
        datasets=("imagenet",),
    ),
    Case(_CODE_IMAGENET, datasets=("imagenet",)),
    Case(replace(_TINY_IMAGENET, name="ma2021-code", source=_NO_SCRIPT), datasets=("tiny_imagenet",)),
    Case(replace(_CODE, roles=("conv", "linear")), models=("resnet32",), datasets=CIFAR),
    Case(_CODE, datasets=CIFAR),
    Case(
        replace(_CODE, source=_CODE.source + _ELSEWHERE, augmentation="none", roles=("conv", "linear")),
        models=("resnet32",),
    ),
    Case(replace(_CODE, source=_CODE.source + _ELSEWHERE, augmentation="none")),
)
