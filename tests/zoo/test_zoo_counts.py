"""Networks have the parameters that the literature states, and train."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lthcheck import zoo
from lthcheck.zoo import layout

PADDED = (("shortcut", "pad"),)
CIFAR = (3, 32, 32)

# Parameters, and the weights of convolutions and linear layers among them; the layouts are those of LeCun 1998 (LeNet),
# Frankle and Carbin 2019 (Conv-2, 4, 6) and He et al. 2016 (ResNet).
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
]


@pytest.mark.parametrize(("network", "total", "weights"), COUNTS)
def test_counts_are_those_of_the_literature(network, total, weights):
    counts, roles = zoo.parameter_counts(network), zoo.roles(network)
    assert sum(counts.values()) == total
    if weights is not None:
        assert sum(count for key, count in counts.items() if roles[key] not in ("bias", "norm")) == weights


@pytest.mark.parametrize("width", [1.0, 0.37, 0.001, 1.5])
@pytest.mark.parametrize(("name", "shape", "classes", "options"), BUILT)
def test_layout_without_torch_is_that_of_the_module(name, shape, classes, options, width):
    from lthcheck.zoo.role import roles_of

    network = replace(zoo.network(name, shape, classes, options=options), width=width)
    module = zoo.build(network)
    assert list(zoo.shapes(network).items()) == [(key, tuple(p.shape)) for key, p in module.named_parameters()]
    assert list(zoo.roles(network).items()) == list(roles_of(module).items())


@pytest.mark.parametrize(("name", "shape", "classes", "options"), BUILT)
def test_networks_run_forwards_and_backwards(name, shape, classes, options):
    module = zoo.build(zoo.network(name, shape, classes, options=options))
    x = torch.linspace(-1, 1, 3 * torch.Size(shape).numel()).view(3, *shape)
    if len(shape) == 3:
        x = x.contiguous(memory_format=torch.channels_last)
    out = module.train()(x)
    assert out.shape == (3, classes)
    out.square().sum().backward()
    assert all(p.dtype == torch.float32 and p.grad is not None for p in module.parameters())


@pytest.mark.parametrize("name", ["mlp-20", "lenet5", "conv4", "resnet8"])
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
