"""Initial weights: bounds, variances, and streams that have nothing in common."""

from __future__ import annotations

import math
from functools import cache

import pytest
import torch
from torch import nn

from lthcheck import zoo
from lthcheck.names import INITIALISERS
from lthcheck.training.initialiser import initial
from lthcheck.zoo import registry

SMALL = zoo.network("mlp-8-8", (4,), 3)
NETWORKS = {
    "mlp-300-100": zoo.network("mlp-300-100", (40,), 10),
    "lenet5": zoo.network("lenet5", (1, 28, 28), 10),
    "resnet8": zoo.network("resnet8", (3, 32, 32), 10),
    "pnasnet-a": zoo.network("pnasnet-a", (3, 32, 32), 10),
}

# By hand, of large layers: name -> (fan in, fan out).
FANS = {
    "mlp-300-100": {"layers.0.weight": (40, 300), "layers.1.weight": (300, 100), "layers.2.weight": (100, 10)},
    "lenet5": {"conv2.weight": (6 * 25, 16 * 25), "linear1.weight": (400, 120)},
    "resnet8": {
        "stages.1.0.conv1.weight": (16 * 9, 32 * 9),
        "stages.2.0.conv2.weight": (64 * 9, 64 * 9),
        "stages.2.0.shortcut.0.weight": (32, 64),
    },
    # depthwise, from 44 to 88 channels: a filter sees one channel
    "pnasnet-a": {"cells.6.depthwise7.conv.weight": (49, 88 * 49), "cells.6.pooled.conv.weight": (44, 88)},
}
# What torch.nn.init draws in each's place.
OF_TORCH = {
    "kaiming_normal": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),
    "kaiming_uniform": lambda weight: nn.init.kaiming_uniform_(weight, nonlinearity="relu"),
    "kaiming_normal_fan_out": lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
    "xavier_normal": nn.init.xavier_normal_,
    "xavier_uniform": nn.init.xavier_uniform_,
}
CONVS = [(network, name) for network in ("resnet8", "pnasnet-a") for name in FANS[network]]
LAYERS = [(network, name, *fans) for network, layers in FANS.items() for name, fans in layers.items()]


@cache
def drawn(network, initialiser, seed=0, purpose="init"):
    """The weights of a network of NETWORKS; nobody writes to them."""
    return initial(NETWORKS[network], initialiser, seed, purpose)


class TestVariances:
    @pytest.mark.parametrize(("network", "name", "fan_in", "fan_out"), LAYERS)
    def test_kaiming_normal(self, network, name, fan_in, fan_out):
        weight = drawn(network, "kaiming_normal")[name]
        assert float(weight.std()) == pytest.approx(math.sqrt(2 / fan_in), rel=5 / math.sqrt(2 * weight.numel()))
        assert abs(float(weight.mean())) < 5 * float(weight.std()) / math.sqrt(weight.numel())

    @pytest.mark.parametrize(("network", "name", "fan_in", "fan_out"), LAYERS)
    def test_xavier_normal(self, network, name, fan_in, fan_out):
        weight = drawn(network, "xavier_normal")[name]
        expected = math.sqrt(2 / (fan_in + fan_out))
        assert float(weight.std()) == pytest.approx(expected, rel=5 / math.sqrt(2 * weight.numel()))

    @pytest.mark.parametrize(("network", "name", "fan_in", "fan_out"), LAYERS)
    def test_pytorch_is_uniform_within_its_bound(self, network, name, fan_in, fan_out):
        weight = drawn(network, "pytorch")[name]
        bound = 1 / math.sqrt(fan_in)
        assert 0.98 * bound < float(weight.abs().max()) < bound
        assert float(weight.std()) == pytest.approx(bound / math.sqrt(3), rel=5 / math.sqrt(2 * weight.numel()))

    @pytest.mark.parametrize(("network", "name", "fan_in", "fan_out"), LAYERS)
    def test_kaiming_uniform_and_xavier_uniform_are_within_their_bounds(self, network, name, fan_in, fan_out):
        for initialiser, bound in (("kaiming_uniform", 6 / fan_in), ("xavier_uniform", 6 / (fan_in + fan_out))):
            weight = drawn(network, initialiser)[name]
            assert 0.98 * math.sqrt(bound) < float(weight.abs().max()) < math.sqrt(bound)
            assert float(weight.std()) == pytest.approx(math.sqrt(bound / 3), rel=5 / math.sqrt(2 * weight.numel()))

    @pytest.mark.parametrize(("network", "name", "fan_in", "fan_out"), LAYERS)
    def test_kaiming_normal_fan_out_is_torchvisions(self, network, name, fan_in, fan_out):
        """Which draws convolutions so, and leaves linear layers as torch makes them."""
        weight = drawn(network, "kaiming_normal_fan_out")[name]
        expected = 2 / fan_out if weight.ndim == 4 else 1 / (3 * fan_in)
        assert float(weight.std()) == pytest.approx(math.sqrt(expected), rel=5 / math.sqrt(2 * weight.numel()))

    @pytest.mark.parametrize("initialiser", OF_TORCH)
    @pytest.mark.parametrize(("network", "name"), CONVS)
    def test_they_are_what_torch_draws(self, initialiser, network, name):
        """The same spread, also where a depthwise convolution has its fans from its weight's shape."""
        weight = drawn(network, initialiser)[name]
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            torchs = OF_TORCH[initialiser](torch.empty(weight.shape, dtype=torch.float64))
        assert float(weight.std()) == pytest.approx(float(torchs.std()), rel=7 / math.sqrt(2 * weight.numel()))
        if initialiser.endswith("uniform"):
            assert float(weight.abs().max()) == pytest.approx(float(torchs.abs().max()), rel=0.02)

    def test_kaiming_normal_fan_out_leaves_linear_layers_as_torch_makes_them(self):
        ours, torchs = drawn("lenet5", "kaiming_normal_fan_out"), drawn("lenet5", "pytorch")
        linear = [name for name in ours if name.startswith(("linear", "classifier"))]
        assert len(linear) == 6
        assert all(torch.equal(ours[name], torchs[name]) for name in linear)
        assert not ours["conv1.bias"].any()
        assert not ours["conv2.bias"].any()

    def test_pytorch_is_what_torch_does_by_default(self):
        """The same distribution as a fresh nn.Linear, biases too."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)
            fresh = nn.Linear(40, 300).state_dict()
        weights = drawn("mlp-300-100", "pytorch")
        assert float(weights["layers.0.weight"].std()) == pytest.approx(float(fresh["weight"].std()), rel=0.03)
        assert float(weights["layers.0.bias"].std()) == pytest.approx(float(fresh["bias"].std()), rel=0.15)

    def test_a_bias_has_the_bound_of_its_layer(self):
        weights = drawn("mlp-300-100", "pytorch")
        for name, fan_in in (("layers.0.bias", 40), ("layers.1.bias", 300), ("layers.2.bias", 100)):
            assert 0.7 / math.sqrt(fan_in) < float(weights[name].abs().max()) < 1 / math.sqrt(fan_in)

    @pytest.mark.parametrize("initialiser", ["kaiming_normal", "xavier_normal", "kaiming_uniform", "xavier_uniform"])
    def test_biases_are_zero_otherwise(self, initialiser):
        weights = drawn("lenet5", initialiser)
        assert all(not weight.any() for name, weight in weights.items() if name.endswith("bias"))

    @pytest.mark.parametrize("initialiser", INITIALISERS)
    def test_norm_layers_start_at_the_identity(self, initialiser):
        weights = drawn("resnet8", initialiser)
        norms = [name for name, role in zoo.roles(NETWORKS["resnet8"]).items() if role == "norm"]
        assert len(norms) == 18  # weight and bias of one norm after the stem, six in the blocks, two at the shortcuts
        assert all(bool((weights[name] == name.endswith("weight")).all()) for name in norms)


class TestStreams:
    @pytest.mark.parametrize("initialiser", INITIALISERS)
    @pytest.mark.parametrize(("seed", "purpose"), [(0, "reinit"), (1, "init")])
    def test_reinit_and_other_seeds_are_independent(self, initialiser, seed, purpose):
        theta0, other = drawn("mlp-300-100", initialiser), drawn("mlp-300-100", initialiser, seed, purpose)
        for name in FANS["mlp-300-100"]:
            pair = torch.stack([theta0[name].flatten(), other[name].flatten()])
            assert abs(float(torch.corrcoef(pair)[0, 1])) < 5 / math.sqrt(pair.shape[1])

    def test_layers_are_independent(self):
        weights = drawn("resnet8", "kaiming_normal")
        pair = torch.stack([weights[f"stages.0.0.conv{part}.weight"].flatten() for part in (1, 2)])
        assert abs(float(torch.corrcoef(pair)[0, 1])) < 5 / math.sqrt(pair.shape[1])

    @pytest.mark.parametrize("initialiser", INITIALISERS)
    def test_it_is_a_function_of_its_arguments(self, initialiser):
        once = initial(SMALL, initialiser, 3, "init")
        initial(SMALL, initialiser, 4, "init")
        again = initial(SMALL, initialiser, 3, "init")
        assert all(torch.equal(once[name], again[name]) for name in once)

    def test_the_global_generator_is_left_alone(self):
        before = torch.get_rng_state()
        initial(SMALL, "kaiming_normal", 0, "init")
        assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("initialiser", INITIALISERS)
def test_every_parameter_is_drawn_in_its_shape(network, initialiser):
    weights = drawn(network, initialiser)
    assert {name: tuple(weight.shape) for name, weight in weights.items()} == zoo.shapes(NETWORKS[network])
    assert list(weights) == list(zoo.shapes(NETWORKS[network]))
    assert {weight.dtype for weight in weights.values()} == {torch.float64}


def test_an_unknown_initialiser_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="initialiser='kaiming' is not known; did you mean kaiming_normal"):
        initial(SMALL, "kaiming", 0, "init")


@pytest.mark.parametrize(
    ("elsewhere", "here"),
    [("glorot_normal", "xavier_normal"), ("glorot_uniform", "xavier_uniform"), ("he_normal", "kaiming_normal"),
     ("he_uniform", "kaiming_uniform")],
)  # fmt: skip
def test_the_name_that_keras_has_for_one_is_understood_but_refused(elsewhere, here):
    with pytest.raises(ValueError, match=rf"initialiser='{elsewhere}' is not known; did you mean {here}\?"):
        initial(SMALL, elsewhere, 0, "init")


class Scaled(nn.Module):
    """A linear layer times a number that is learned."""

    def __init__(self, shape, classes):
        super().__init__()
        self.layer = nn.Linear(shape[0], classes)
        self.scale = nn.Parameter(torch.ones(()))


def scaled(shape, classes, width):
    """A network of a user's."""
    return Scaled(shape, classes)


def test_a_network_of_the_users_may_have_a_parameter_without_dimensions(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    zoo.register_model("scaled", scaled)
    assert initial(zoo.network("scaled", (4,), 3), "pytorch", 0, "init")["scale"].shape == ()
