"""MobileNet, PNASNet and EfficientNet have the parameters of public code for CIFAR, at any width and on any image."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from lthcheck import zoo
from lthcheck.zoo.conv_norm import ConvNorm
from lthcheck.zoo.role import roles_of

CIFAR = (3, 32, 32)

# Parameters on CIFAR-10 and CIFAR-100, pixels a side before their mean, and depthwise convolutions.
NETWORKS = {
    "mobilenet-v1": (3_217_226, 3_309_476, 2, 13),
    "mobilenet-v2": (2_296_922, 2_412_212, 4, 17),
    "efficientnet-b0": (3_599_686, 3_628_576, 2, 16),
    "pnasnet-a": (130_646, 146_576, 8, 20),
    "pnasnet-b": (451_626, 463_236, 8, 60),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_are_those_of_public_code(name):
    ten, hundred, *_ = NETWORKS[name]
    for classes, count in ((10, ten), (100, hundred)):
        assert sum(zoo.parameter_counts(zoo.network(name, CIFAR, classes)).values()) == count


@pytest.mark.parametrize("width", [1.0, 0.37, 0.001, 1.5])
@pytest.mark.parametrize("name", NETWORKS)
def test_layout_without_torch_is_that_of_the_module(name, width):
    network = replace(zoo.network(name, (2, 7, 5), 4), width=width)
    with torch.device("meta"):
        module = zoo.build(network)
    assert list(zoo.shapes(network).items()) == [(key, tuple(p.shape)) for key, p in module.named_parameters()]
    assert list(zoo.roles(network).items()) == list(roles_of(module).items())


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 1, 1), (2, 9, 5)])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_run_forwards_and_backwards(name, shape):
    module = zoo.build(replace(zoo.network(name, shape, 7), width=0.1))
    x = torch.linspace(-1, 1, 4 * torch.Size(shape).numel()).view(4, *shape)
    out = module(x.contiguous(memory_format=torch.channels_last))
    assert out.shape == (4, 7)
    out.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_weight_takes_part(name):
    module = zoo.build(replace(zoo.network(name, (3, 16, 16), 7), width=0.3)).double()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        module(torch.randn(8, 3, 16, 16, dtype=torch.float64)).square().sum().backward()
    idle = [key for key, p in module.named_parameters() if p.ndim > 1 and not p.grad.any()]
    assert idle == []


@pytest.mark.parametrize("name", NETWORKS)
def test_pixels_before_their_mean(name):
    seen = []
    module = zoo.build(replace(zoo.network(name, CIFAR, 10), width=0.05)).eval()
    # mobilenet-v2 has one more convolution after its blocks, of stride 1
    last = next(part for key, part in module.named_children() if key in ("blocks", "cells"))
    last.register_forward_hook(lambda part, given, out: seen.append(out.shape[2:]))
    module(torch.zeros(1, *CIFAR))
    assert seen == [(NETWORKS[name][2],) * 2]


@pytest.mark.parametrize("width", [1.0, 0.37, 0.01])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_depthwise_convolution_filters_each_channel_alone_at_every_width(name, width):
    with torch.device("meta"):
        module = zoo.build(replace(zoo.network(name, CIFAR, 10), width=width))
    convs = {key: part for key, part in module.named_modules() if isinstance(part, nn.Conv2d)}
    depthwise = [conv for key, conv in convs.items() if "depthwise" in key]
    assert len(depthwise) == NETWORKS[name][3]
    assert all(conv.groups == conv.in_channels and conv.weight.shape[1] == 1 for conv in depthwise)
    assert all(conv.groups == 1 for key, conv in convs.items() if "depthwise" not in key)


@pytest.mark.parametrize("name", NETWORKS)
def test_roles(name):
    roles = zoo.roles(zoo.network(name, CIFAR, 10))
    weights = [role for key, role in roles.items() if role not in ("norm", "bias")]
    assert (weights[0], weights[-1]) == ("first_conv", "classifier")
    shortcuts = [key for key, role in roles.items() if role == "shortcut"]
    # the blocks of stride 1 that change the channels: of Sandler et al. 2018, Table 2, to 16, 24, 96 and 320
    blocks = (0, 1, 10, 16) if name == "mobilenet-v2" else ()
    assert shortcuts == [f"blocks.{block}.shortcut.conv.weight" for block in blocks]
    assert set(weights[1:-1]) <= {"conv", "shortcut"}


@pytest.mark.parametrize(
    ("name", "residual"),
    [
        ("mobilenet-v1", False),
        ("mobilenet-v2", True),
        ("efficientnet-b0", True),
        ("pnasnet-a", False),
        ("pnasnet-b", False),
    ],
)
def test_the_residual_ones_are_known(name, residual):
    assert zoo.residual(zoo.network(name, CIFAR, 10)) is residual


def test_the_narrow_network_has_the_shortcuts_of_the_full_one():
    """At one channel each, 16 and 24 channels are no longer told apart by their number."""
    full = zoo.network("mobilenet-v2", CIFAR, 10)
    assert list(zoo.shapes(full)) == list(zoo.shapes(replace(full, width=0.001)))


def test_the_channels_of_squeeze_and_excitation_are_a_quarter_of_those_that_come_in():
    shapes = zoo.shapes(zoo.network("efficientnet-b0", CIFAR, 10))
    for block in range(16):
        _, before, *_ = shapes[f"blocks.{block}.expand.conv.weight"]
        assert shapes[f"blocks.{block}.squeeze.weight"][0] == before // 4


def test_only_efficientnet_draws_while_it_trains():
    assert [name for name in NETWORKS if zoo.draws(zoo.network(name, CIFAR, 10))] == ["efficientnet-b0"]


@pytest.mark.parametrize("name", ["pnasnet-a", "mobilenet-v2", "efficientnet-b0"])
def test_what_is_drawn_in_training_follows_what_is_declared(name):
    network = replace(zoo.network(name, (3, 8, 8), 5), width=0.1)
    module, x = zoo.build(network), torch.linspace(-1, 1, 4 * 3 * 64).view(4, 3, 8, 8)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        before = torch.get_rng_state()
        once, again = module.eval()(x), module(x)
        assert torch.equal(once, again)
        assert torch.equal(torch.get_rng_state(), before)
        module.train()(x)
        assert torch.equal(torch.get_rng_state(), before) is not zoo.draws(network)


def test_a_block_of_efficientnet_is_dropped_a_sample_at_a_time():
    network = zoo.network("efficientnet-b0", (3, 8, 8), 5)
    block = zoo.build(network).blocks[15 - 1]  # the last with a shortcut
    assert block.dropped == pytest.approx(0.2 * 14 / 16)
    x = torch.linspace(-1, 1, 64 * 192).view(64, 192, 1, 1)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(0)
        changes = (block.train()(x) - x).flatten(1)
        whole = block.project.norm  # what BN gives, without the drop, from the same batch
        outs = []
        whole.register_forward_hook(lambda part, given, out: outs.append(out.flatten(1)))
        block(x)
    factors = changes.norm(dim=1) / outs[0].norm(dim=1)
    kept = 1 / (1 - block.dropped)
    assert {round(float(factor), 4) for factor in factors} == {0.0, round(kept, 4)}


def test_a_convolution_of_stride_2_halves_the_pixels_rounded_up():
    for kernel in (1, 3, 5, 7):
        assert ConvNorm(2, 4, kernel, 2, groups=2)(torch.zeros(1, 2, 5, 8)).shape == (1, 4, 3, 4)
