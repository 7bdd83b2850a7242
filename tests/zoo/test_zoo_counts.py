"""Networks have the parameters that the literature states, and train."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck import zoo
from lthcheck.zoo import layout

PADDED = (("shortcut", "pad"),)
PLAIN = (("shortcut", "noresidual"),)
CIFAR = (3, 32, 32)
IMAGENET = (3, 224, 224)

# Parameters, and the weights of convolutions and linear layers among them; the layouts are those of LeCun 1998 (LeNet),
# Frankle and Carbin 2019 (Conv-2, 4, 6), Simonyan and Zisserman 2015 (VGG) and He et al. 2016 (ResNet). Those of the
# ResNets for ImageNet are torchvision's (weights.meta["num_params"]).
COUNTS = [
    (zoo.network("lenet-300-100", (1, 28, 28), 10), 266_610, 266_200),
    (zoo.network("mlp-300-100", (28, 28), 10), 266_610, 266_200),
    (zoo.network("mlp-300-100", (40,), 10), 43_410, 43_000),
    (zoo.network("lenet5", CIFAR, 10), 62_006, 61_770),
    (zoo.network("lenet5", (1, 28, 28), 10), 61_706, 61_470),
    (zoo.network("conv2", CIFAR, 10), 4_301_642, None),
    (zoo.network("conv4", CIFAR, 10), 2_425_930, None),
    (zoo.network("conv6", CIFAR, 10), 2_262_602, None),
    (zoo.network("resnet20", CIFAR, 10), 272_474, 270_896),
    (zoo.network("resnet20", CIFAR, 100), 278_324, None),
    (zoo.network("resnet20", CIFAR, 10, options=PADDED), 269_722, None),
    (zoo.network("resnet32", CIFAR, 10, options=PADDED), 464_154, None),
    (zoo.network("resnet32-w2", CIFAR, 10), 1_860_522, 1_855_584),
    (zoo.network("resnet32-w2", CIFAR, 100), 1_872_132, None),
    (zoo.network("resnet32-w2-noresidual", CIFAR, 10), 1_849_898, None),
    (zoo.network("resnet18", CIFAR, 10), 11_173_962, None),
    (zoo.network("resnet18", CIFAR, 100), 11_220_132, None),
    (zoo.network("resnet50", CIFAR, 10), 23_520_842, None),
    (zoo.network("resnet50", CIFAR, 100), 23_705_252, None),
    (zoo.network("resnet18", IMAGENET, 1000), 11_689_512, None),
    (zoo.network("resnet34", IMAGENET, 1000), 21_797_672, None),
    (zoo.network("resnet50", IMAGENET, 1000), 25_557_032, None),
    (zoo.network("resnet101", IMAGENET, 1000), 44_549_160, None),
    (zoo.network("resnet152", IMAGENET, 1000), 60_192_808, None),
    (zoo.network("vgg11", CIFAR, 10), 9_228_362, None),
    (zoo.network("vgg16", CIFAR, 10), 14_724_042, None),
    (zoo.network("vgg19", CIFAR, 10), 20_035_018, None),
]
BUILT = [
    ("mlp-7", (3, 2), 4, ()),
    ("lenet-300-100", (1, 28, 28), 10, ()),
    ("lenet5", (1, 28, 40), 10, ()),
    ("lenet5", CIFAR, 7, ()),
    ("conv2", (1, 3, 2), 3, ()),
    ("conv6", (2, 8, 9), 4, ()),
    ("resnet8", (1, 9, 5), 3, ()),
    ("resnet14", (2, 8, 8), 3, PADDED),
    ("resnet14", (2, 7, 8), 3, PLAIN),
    ("resnet20-w0.2", (3, 1, 1), 2, ()),
]
# Large ones, narrow to be quick.
NARROW = [
    ("resnet18", (3, 9, 12), 4, ()),
    ("resnet18", (2, 17, 8), 4, PLAIN),
    ("resnet34-7x7", (1, 40, 33), 4, ()),
    ("resnet50", (1, 8, 8), 100, ()),
    ("resnet50-7x7", (3, 64, 32), 4, PLAIN),
    ("resnet101-7x7", (3, 1, 1), 2, ()),
    ("resnet152", (3, 4, 4), 2, ()),
    ("vgg11", (1, 28, 28), 3, ()),
    ("vgg13", (3, 64, 48), 3, ()),
    ("vgg16", (1, 1, 5), 3, ()),
    ("vgg19", CIFAR, 100, ()),
]


@pytest.mark.parametrize(("network", "total", "weights"), COUNTS)
def test_counts_are_those_of_the_literature(network, total, weights):
    counts, roles = zoo.parameter_counts(network), zoo.roles(network)
    assert sum(counts.values()) == total
    if weights is not None:
        assert sum(count for key, count in counts.items() if roles[key] not in ("bias", "norm")) == weights


@pytest.mark.parametrize("width", [1.0, 0.37, 0.001, 1.5])
@pytest.mark.parametrize(("name", "shape", "classes", "options"), BUILT + NARROW)
def test_layout_without_torch_is_that_of_the_module(name, shape, classes, options, width):
    from lthcheck.zoo.role import roles_of

    network = replace(zoo.network(name, shape, classes, options=options), width=width)
    with torch.device("meta"):
        module = zoo.build(network)
    assert list(zoo.shapes(network).items()) == [(key, tuple(p.shape)) for key, p in module.named_parameters()]
    assert list(zoo.roles(network).items()) == list(roles_of(module).items())


@pytest.mark.parametrize(
    ("name", "shape", "classes", "options"), BUILT + [(f"{name}-w0.05", *others) for name, *others in NARROW]
)
def test_networks_run_forwards_and_backwards(name, shape, classes, options):
    module = zoo.build(zoo.network(name, shape, classes, options=options))
    x = torch.linspace(-1, 1, 3 * torch.Size(shape).numel()).view(3, *shape)
    if len(shape) == 3:
        x = x.contiguous(memory_format=torch.channels_last)
    out = module.train()(x)
    assert out.shape == (3, classes)
    out.square().sum().backward()
    assert all(p.dtype == torch.float32 and p.grad is not None for p in module.parameters())


@pytest.mark.parametrize(
    "name", ["mlp-300-100", "lenet5", "conv6", "resnet32", "resnet32-pad", "resnet34", "resnet50", "vgg19"]
)
@given(one=st.floats(0, 2, exclude_min=True), other=st.floats(0, 2, exclude_min=True))
@settings(max_examples=30)
def test_a_wider_network_has_no_fewer_parameters_anywhere(name, one, other):
    full = zoo.network(name, CIFAR, 10)
    narrow, wide = (zoo.parameter_counts(replace(full, width=width)) for width in sorted((one, other)))
    assert narrow.keys() == wide.keys()
    assert all(0 < narrow[name] <= wide[name] for name in narrow)


@pytest.mark.parametrize("name", ["mlp-20", "lenet5", "conv4", "resnet8", "resnet18", "vgg11"])
def test_networks_build_under_meta(name):
    with torch.device("meta"):
        module = zoo.build(zoo.network(name, CIFAR, 10))
    assert {tensor.device.type for tensor in module.state_dict().values()} == {"meta"}


def test_batch_norm_starts_anew():
    module = zoo.build(zoo.network("resnet8", CIFAR, 10))
    assert module.training
    for name, buffer in module.named_buffers():
        assert torch.equal(buffer, torch.ones_like(buffer) if name.endswith("var") else torch.zeros_like(buffer)), name


def test_roles():
    roles = zoo.roles(zoo.network("resnet20", CIFAR, 10))
    assert roles["stem.weight"] == "first_conv"
    assert roles["stages.1.0.shortcut.0.weight"] == "shortcut"
    assert roles["stages.1.0.shortcut.1.weight"] == roles["stem_norm.bias"] == "norm"
    assert (roles["classifier.weight"], roles["classifier.bias"]) == ("classifier", "bias")
    assert [sum(role == wanted for role in roles.values()) for wanted in ("conv", "shortcut", "linear")] == [18, 2, 0]
    assert list(zoo.roles(zoo.network("mlp-300-100", (40,), 10)).values()) == [
        *("linear", "bias", "linear", "bias", "classifier", "bias")
    ]
    lenet = zoo.roles(zoo.network("lenet5", CIFAR, 10))
    assert [role for role in lenet.values() if role != "bias"] == [
        *("first_conv", "conv", "linear", "linear", "classifier")
    ]
    conv = zoo.roles(zoo.network("conv4", CIFAR, 10))
    assert [role for role in conv.values() if role != "bias"] == [
        *("first_conv", "conv", "conv", "conv", "linear", "linear", "classifier")
    ]


# Convolutions in the blocks, and those of shortcuts.
@pytest.mark.parametrize(
    ("name", "convs", "shortcuts"),
    [
        ("resnet32", 30, 2),
        ("resnet32-pad", 30, 0),
        ("resnet32-noresidual", 30, 0),
        ("resnet18", 16, 3),
        ("resnet18-noresidual", 16, 0),
        ("resnet34", 32, 3),
        ("resnet50", 48, 4),
        ("resnet101", 99, 4),
        ("resnet152", 150, 4),
        ("vgg11", 7, 0),
        ("vgg13", 9, 0),
        ("vgg16", 12, 0),
        ("vgg19", 15, 0),
    ],
)
def test_roles_of_deep_networks(name, convs, shortcuts):
    network = zoo.network(name, CIFAR, 10)
    counts = Counter(zoo.roles(network).values())
    assert counts == Counter(
        first_conv=1, conv=convs, shortcut=shortcuts, norm=2 * (1 + convs + shortcuts), classifier=1, bias=1
    )


def test_without_residual_connections_a_block_is_its_two_convolutions():
    module = zoo.build(zoo.network("resnet8-noresidual", (2, 8, 8), 3))
    with torch.no_grad():
        for block in module.stages.modules():
            if hasattr(block, "conv2"):
                block.conv2.weight.zero_()
        x = torch.randn(2, 2, 8, 8, generator=torch.Generator().manual_seed(0))
        assert torch.equal(module(x), module.classifier.bias.expand(2, 3))


def test_padded_shortcut_keeps_every_second_pixel():
    from lthcheck.zoo.resnet import PaddedShortcut

    x = torch.arange(2 * 3 * 4.0).view(1, 2, 3, 4)
    y = PaddedShortcut(2, 5)(x)
    assert y.shape == (1, 5, 2, 2)
    assert torch.equal(y[:, 1:3], x[:, :, ::2, ::2])
    assert y[:, 0].any().item() is y[:, 3:].any().item() is False


@pytest.mark.parametrize(
    ("full", "width", "units"), [(10, 0.25, 3), (10, 0.35, 4), (10, 0.01, 1), (6, 1.0, 6), (5, 0.1, 1)]
)
def test_units_round_half_up(full, width, units):
    assert layout.units(full, width) == units
