"""Names, shapes and options are checked; users add networks; nothing global changes."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import lthcheck
from lthcheck import zoo
from lthcheck.run import Network
from lthcheck.zoo import registry


class Own(nn.Module):
    """A network of the user's with every kind of parameter."""

    def __init__(self, channels, classes, hidden):
        super().__init__()
        self.stem = nn.Conv1d(channels, hidden, 3, padding=1)
        self.norm = nn.GroupNorm(1, hidden)
        self.downsample = nn.Conv1d(hidden, hidden, 1, stride=2, bias=False)
        self.mix = nn.Conv1d(hidden, hidden, 3, stride=2, padding=1)
        self.scale = nn.Parameter(torch.ones(hidden, 1))
        self.hidden = nn.Linear(hidden, hidden)
        self.head = nn.Linear(hidden, classes)
        self.register_buffer("drawn", torch.randn(3))

    def forward(self, x):
        """(batch, channel, length) -> (batch, classes)."""
        x = self.norm(self.stem(x))
        x = (self.mix(x) + self.downsample(x)) * self.scale
        return self.head(self.hidden(x.mean(-1)))


def own(shape, classes, width):
    """A factory."""
    return Own(shape[0], classes, max(1, round(8 * width)))


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})


def test_unknown_name_says_which_was_meant():
    with pytest.raises(ValueError, match=r"^model='resnt20' is not known; did you mean resnet20\? Known: mlp-<width>-"):
        zoo.check("resnt20")


@pytest.mark.parametrize(
    "name",
    [
        *("resnet21", "resnet2", "resnet", "resnet08", "resnet10000", "mlp", "mlp-", "mlp-0", "mlp-30-", "lenet-30"),
        *("MLP-3", "", "conv3", "conv22", "vgg12", "vgg", "vgg-16"),
    ],
)
def test_names_outside_the_families_are_refused(name):
    with pytest.raises(ValueError, match="is not known"):
        zoo.check(name)


@pytest.mark.parametrize(
    "name",
    [
        *("resnet8", "resnet20", "resnet110", "mlp-1", "mlp-300-100", "lenet-300-100", "lenet5", "conv2", "conv4"),
        *("conv6", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg11", "vgg13", "vgg16", "vgg19"),
    ],
)
def test_names_of_the_families_are_known(name):
    zoo.check(name)
    assert zoo.fingerprint(name, (1, 32, 32), 10) == ""


@pytest.mark.parametrize(("name", "width"), [("resnet32-w2", 2.0), ("conv2-w0.25", 0.25), ("mlp-8-8-w1.50", 1.5)])
def test_a_name_may_end_in_a_width(name, width):
    base = name.rpartition("-w")[0]
    network = zoo.network(name, (1, 8, 8), 10)
    assert network == replace(zoo.network(base, (1, 8, 8), 10), width=width)
    assert zoo.narrower(network, 1).name == base


def test_a_width_of_1_is_the_network_itself():
    assert zoo.network("conv2-w1", (1, 8, 8), 10) == zoo.network("conv2", (1, 8, 8), 10)


def test_a_width_of_0_is_refused():
    with pytest.raises(ValueError, match=r"conv2: .*width=0 must all be above 0"):
        zoo.network("conv2-w0", (1, 8, 8), 10)


@pytest.mark.parametrize("name", ["conv2-w0.5", "resnet20-pad"])
def test_width_and_options_stand_in_their_own_places_in_an_expression(name):
    with pytest.raises(ValueError, match=r"without its width and options; make it with lthcheck\.zoo\.network"):
        zoo.build(Network(name, (1, 8, 8), 10))


@pytest.mark.parametrize(
    ("name", "shape", "classes", "options", "told"),
    [
        ("lenet5", (40,), 10, (), r"shape=\(40,\) must be \(channels, height, width\).*; use an MLP"),
        ("lenet5", (1, 11, 28), 10, (), r"at least 12 pixels"),
        ("conv6", (1, 7, 8), 10, (), r"at least 8 pixels"),
        ("resnet20", (32, 32), 10, (), r"must be \(channels, height, width\)"),
        ("mlp-3", (), 10, (), "must all be above 0"),
        ("mlp-3", (4,), 0, (), "classes=0"),
        ("resnet20", (3, 32, 32), 10, (("shortcut", "none"),), "shortcut: conv or pad"),
        ("mlp-3", (4,), 10, (("bias", "no"),), "its options: none"),
        ("resnet20", (3, 32, 32), 10, (("stem", "7x7"),), "its options: shortcut: conv or pad or noresidual"),
        ("resnet18", (40,), 10, (), "use an MLP"),
        ("resnet18", (), 10, (), "must all be above 0"),
        ("resnet20-pad", (3, 32, 32), 10, (("shortcut", "conv"),), "must choose what the name leaves open"),
    ],
)
def test_what_does_not_fit_is_refused(name, shape, classes, options, told):
    with pytest.raises(ValueError, match=told):
        zoo.network(name, shape, classes, options=options)


def test_a_default_option_makes_no_other_network():
    plain = zoo.network("resnet20", (3, 32, 32), 10)
    assert zoo.network("resnet20", (3, 32, 32), 10, options=(("shortcut", "conv"),)) == plain
    assert zoo.network("resnet20", (3, 32, 32), 10, options=(("shortcut", "pad"),)) != plain


@pytest.mark.parametrize(
    ("shape", "stem"), [((3, 32, 32), "3x3"), ((3, 99, 300), "3x3"), ((3, 100, 100), "7x7"), ((1, 224, 300), "7x7")]
)
def test_the_stem_follows_the_shape_and_is_always_stated(shape, stem):
    network = zoo.network("resnet18", shape, 10)
    assert network.options == (("stem", stem),)
    other = "7x7" if stem == "3x3" else "3x3"
    assert zoo.network("resnet18", shape, 10, options=(("stem", stem),)) == network
    assert zoo.network(f"resnet18-{other}", shape, 10).options == (("stem", other),)
    with pytest.raises(ValueError, match="must state its stem, 3x3 or 7x7; make it with"):
        zoo.build(replace(network, options=()))


def test_own_network_has_roles_and_counts():
    zoo.register_model("own", own)
    network = zoo.network("own", (2, 16), 5)
    assert "own" in zoo.names()
    assert zoo.roles(network) == {
        "scale": "bias",
        "stem.weight": "first_conv",
        "stem.bias": "bias",
        "norm.weight": "norm",
        "norm.bias": "norm",
        "downsample.weight": "shortcut",
        "mix.weight": "conv",
        "mix.bias": "bias",
        "hidden.weight": "linear",
        "hidden.bias": "bias",
        "head.weight": "classifier",
        "head.bias": "bias",
    }
    assert sum(zoo.parameter_counts(network).values()) == sum(p.numel() for p in own((2, 16), 5, 1.0).parameters())
    assert torch.equal(zoo.build(network).drawn, zoo.build(network).drawn)


def test_own_network_is_known_by_its_source():
    zoo.register_model("own", own)
    network = zoo.network("own", (2, 16), 5)
    assert len(network.fingerprint) == 64

    def other(shape, classes, width):
        return Own(shape[0], classes, 9)

    zoo.register_model("own", other)
    assert zoo.fingerprint("own", (2, 16), 5) != network.fingerprint
    for stale in (network, Network("own", (2, 16), 5)):
        with pytest.raises(ValueError, match=r"make it with lthcheck\.zoo\.network"):
            zoo.build(stale)


def test_own_network_without_width_has_one_width_only():
    zoo.register_model("own", lambda shape, classes: own(shape, classes, 1.0))
    with pytest.raises(ValueError, match="give its factory a parameter named width"):
        zoo.build(replace(zoo.network("own", (2, 16), 5), width=0.5))


def test_own_network_must_not_take_a_name_or_hide_its_source():
    for name in ("resnet20", "resnet20-w2", "resnet20-pad", "resnet20-w2-noresidual"):
        with pytest.raises(ValueError, match="must not be a name of lthcheck's own"):
            zoo.register_model(name, own)
    zoo.register_model("own", eval("lambda shape, classes, width: None"))
    with pytest.raises(ValueError, match="source can be read"):
        zoo.network("own", (3,), 2)


def test_own_networks_may_begin_like_lthchecks():
    zoo.register_model("resnet20-mine", own)
    assert zoo.network("resnet20-mine", (2, 16), 5).name == "resnet20-mine"
    with pytest.raises(ValueError, match="suffix='mien' is not known"):
        zoo.check("resnet20-mien")


def test_building_leaves_the_generators_alone():
    zoo.register_model("own", own)

    def states():
        return torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())  # noqa: NPY002

    before = states()
    for network in (zoo.network("resnet8", (3, 8, 8), 10), zoo.network("own", (2, 16), 5)):
        zoo.build(network)
        zoo.roles(network)
        with torch.device("meta"):
            zoo.build(network)
    assert states() == before


def test_counts_and_the_sdt_need_no_torch():
    code = """
import sys, lthcheck.zoo as zoo, lthcheck.data
for name in ("resnet20", "resnet18", "vgg11"):
    network = zoo.network(name, (3, 32, 32), 10)
    zoo.roles(network), zoo.narrower(network, 30_000)
sys.exit(str([name for name in ("torch", "torchvision", "mnist1d", "matplotlib") if name in sys.modules] or ""))
"""
    env = os.environ | {"PYTHONPATH": str(Path(lthcheck.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


@pytest.mark.parametrize(
    ("name", "shape", "residual"),
    [
        ("resnet20", (3, 32, 32), True),
        ("resnet8-w2", (1, 8, 8), True),
        ("resnet8-pad", (1, 8, 8), True),
        ("resnet32-w2-noresidual", (3, 32, 32), False),
        ("resnet50", (3, 224, 224), True),
        ("resnet18-noresidual", (3, 32, 32), False),
        ("vgg16", (3, 32, 32), False),
        ("conv4", (3, 32, 32), False),
        ("mlp-8", (4,), False),
    ],
)
def test_of_lthchecks_own_networks_the_residual_ones_are_known(name, shape, residual):
    assert zoo.residual(zoo.network(name, shape, 10)) is residual


def test_of_a_users_network_residual_connections_are_not_known():
    zoo.register_model("mine", own)
    assert zoo.residual(zoo.network("mine", (3, 8), 10)) is None
    assert zoo.scalable(zoo.network("mine", (3, 8), 10))
