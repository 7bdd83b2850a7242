"""A network of the user's own is told what it asks for, and tried before anything is trained."""

from __future__ import annotations

import functools
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import lthcheck
from lthcheck import draws, zoo
from lthcheck.training.initialiser import initial
from lthcheck.zoo import registry
from lthcheck.zoo.role import roles_of
from lthcheck.zoo.trial import trial


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})


class Net(nn.Module):
    """Two layers, and whatever a test puts between them."""

    def __init__(self, shape, classes, hidden=8):
        super().__init__()
        self.first = nn.Linear(shape[0], hidden)
        self.last = nn.Linear(hidden, classes)

    def between(self, x):
        return x

    def forward(self, x):
        return self.last(self.between(self.first(x).relu()))


def network(factory, shape=(12,), classes=5):
    zoo.register_model("mine", factory)
    return zoo.network("mine", shape, classes)


def refusal(factory, shape=(12,), samples=2):
    """What is said to a network that is no good, which must be one line."""
    with pytest.raises(ValueError, match=r"^model='mine'") as refused:
        trial(network(factory, shape), samples)
    assert "\n" not in str(refused.value)
    return str(refused.value)


class TestWhatAFactoryAsksFor:
    @pytest.mark.parametrize(
        ("factory", "told"),
        [
            (lambda: (), {}),
            (lambda shape: shape, {"shape": (12,)}),
            (lambda classes, shape, width: (), {"shape": (12,), "classes": 5, "width": 0.5}),
            (lambda shape, classes=3, depth=2: (), {"shape": (12,), "classes": 5}),
            (lambda *values, **named: (), {}),
            (Net, {"shape": (12,), "classes": 5}),
            (functools.partial(Net, hidden=4), {"shape": (12,), "classes": 5}),
        ],
    )
    def test_is_what_it_is_told(self, factory, told):
        zoo.register_model("mine", factory)
        own = zoo.registered(["mine"])["mine"]
        assert set(own.takes) == set(told)

    def test_may_not_be_more(self):
        with pytest.raises(ValueError, match=r"model='mine': depth of .* may only ask for shape, classes, width; give"):
            zoo.register_model("mine", lambda shape, depth: ())

    def test_is_asked_of_functions_only(self):
        with pytest.raises(ValueError, match=r"must be a torch\.nn\.Module class, or a function"):
            zoo.register_model("mine", Net((3,), 2).state_dict())

    @pytest.mark.parametrize("name", ["", " mine", "a,b"])
    def test_goes_by_a_name_that_can_be_typed(self, name):
        with pytest.raises(ValueError, match="must be a name without commas"):
            zoo.register_model(name, Net)


class Method:
    """A place for a bound method."""

    def build(self, shape, classes):
        return Net(shape, classes)

    __call__ = build


@pytest.mark.parametrize(
    "factory",
    [Net, lambda classes, shape: Net(shape, classes), functools.partial(Net, hidden=4), Method().build, Method()],
    ids=["class", "lambda", "partial", "bound method", "callable"],
)
def test_a_factory_of_any_kind_is_built_and_tried(factory):
    trial(network(factory))


def test_a_network_of_a_library_may_be_wrapped():
    import torchvision

    def factory(shape, classes):
        return torchvision.models.resnet18(num_classes=classes)

    trial(network(factory, (3, 32, 32)))


class Tied(Net):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.other = nn.Linear(8, 8)
        self.again = nn.Linear(8, 8)
        self.again.weight = self.other.weight

    def between(self, x):
        return self.again(self.other(x))


class Frozen(Net):
    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.last.weight.requires_grad_(False)

    def between(self, x):
        print(x.mean().item())
        return x


class Noisy(Net):
    """Skips a layer by chance, with a generator that is not torch's."""

    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.skipped = nn.Linear(8, 8)

    def between(self, x):
        return self.skipped(x) if random.random() < 0.7 else x


@pytest.mark.parametrize("factory", [Tied, Frozen, Noisy])
def test_what_can_be_trained_is_let_through(factory):
    trial(network(factory))


def failing(between, *, hidden=8, **layers):
    """A factory of a network with something of its own between its layers, and more layers."""

    def factory(shape, classes):
        made = Net(shape, classes, hidden)
        for name, layer in layers.items():
            made.add_module(name, layer())
        made.last = made._modules.pop("last")  # the layer registered last is the classifier
        made.between = functools.partial(between, made)
        return made

    return factory


def _raises(net, x):
    raise RuntimeError("two\nlines")


def _raises_in_training(net, x):
    if net.training:
        raise KeyError("not like this")
    return x


def _raises_in_evaluation(net, x):
    if not net.training:
        raise KeyError("not like that")
    return x


class TestANetworkThatIsNoGood:
    @pytest.mark.parametrize(
        ("factory", "told"),
        [
            (lambda shape, classes: Net((7,), classes), "of shape (2, 12); in evaluation it fails (RuntimeError: "),
            (failing(_raises), "(RuntimeError: two lines)"),
            (failing(_raises_in_training), "in training it fails (KeyError: 'not like this')"),
            (failing(_raises_in_evaluation), "in evaluation it fails (KeyError: 'not like that')"),
            (failing(lambda net, x: x.detach()), "first.weight must take part in the output, and not be frozen"),
            (failing(lambda net, x: x, unused=lambda: nn.Linear(3, 3)), "unused.weight must take part in the output"),
            (lambda shape, classes: late(Net(shape, classes)), "auxiliary.weight must take part in the output"),
            (failing(lambda net, x: x, lazy=lambda: nn.LazyLinear(3)), "use no Lazy layers"),
            (lambda shape, classes: Net(shape, classes + 1), "gives a tensor of (2, 6) for 2 samples"),
            (lambda shape, classes: nn.Sequential(Net(shape, classes), Pair()), "gives tuple for 2 samples"),
            (lambda shape, classes: nn.Sequential(Net(shape, classes), Label()), "must give their logits: (2, 5)"),
            (lambda shape, classes: {"a": 1}, "the factory gave dict, must give a torch.nn.Module"),
            (lambda shape: shape.nothing, "cannot be built (AttributeError: 'tuple' object has no attribute 'nothing'"),
            (
                lambda shape, classes, width: Net(shape, classes),
                "parameters at width 1 and 149 at 0.5, must have fewer",
            ),
            (lambda shape, classes: constant(Net(shape, classes)), "must draw its weights when it is built"),
            (lambda shape, classes: entropic(Net(shape, classes)), "first.weight must be drawn from the global gene"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_is_told_in_one_line(self, factory, told):
        assert told in refusal(factory)

    def test_is_told_of_a_batch_of_one(self):
        normed = failing(lambda net, x: net.norm(x), norm=lambda: nn.BatchNorm1d(8))
        trial(network(normed))
        assert "shape (1, 12); in training it fails (ValueError: Expected more than 1" in refusal(normed, samples=1)


class Pair(nn.Module):
    def forward(self, x):
        return x, x


class Label(nn.Module):
    def forward(self, x):
        return x.argmax(1)


def late(net):
    net.auxiliary = nn.Linear(3, 3)
    return net


@torch.no_grad()
def constant(net):
    for parameter in net.parameters():
        parameter.fill_(0.1)
    return net


@torch.no_grad()
def entropic(net):
    net.first.weight.copy_(torch.from_numpy(np.random.default_rng().normal(size=(8, 12))))
    return net


class Drawn(Net):
    """Draws from every generator there is, and has a parameter with a value of its own."""

    def __init__(self, shape, classes):
        super().__init__(shape, classes)
        self.scale = nn.Parameter(torch.full((2, 2), 7.0))
        with torch.no_grad():
            self.first.weight[0] = float(np.random.normal())  # noqa: NPY002
            self.first.weight[1] = random.random()


def test_its_constructor_draws_theta_0():
    mine = network(Drawn)
    first, again, fresh, other = (
        initial(mine, "own", seed, purpose) for seed, purpose in ((0, "init"), (0, "init"), (0, "reinit"), (1, "init"))
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    for another in (fresh, other):
        alike = {name for name in first if torch.equal(first[name], another[name])}
        assert alike == {"scale"}
        assert (first["first.weight"][:2] != another["first.weight"][:2]).all()
    assert (first["scale"] == 7).all()


def test_seeding_leaves_the_generators_as_they_were():
    def states():
        return torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())  # noqa: NPY002

    before = states()
    with draws.seeded(-5):
        drawn = torch.rand(1), random.random(), np.random.random()  # noqa: NPY002
    assert states() == before
    with draws.seeded(-5):
        assert (torch.rand(1), random.random(), np.random.random()) == drawn  # noqa: NPY002


class Many(nn.Module):
    """Every kind of layer that is no plain convolution or linear layer."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(10, 8)
        self.conv1 = nn.Conv1d(8, 8, 3)
        self.conv3 = nn.Conv3d(1, 2, 3)
        self.up = nn.ConvTranspose2d(4, 4, 2)
        self.attention = nn.MultiheadAttention(8, 2)
        self.cell = nn.LSTM(8, 8)
        self.bilinear = nn.Bilinear(8, 8, 8)
        self.layer_norm = nn.LayerNorm(8)
        self.normed = nn.utils.parametrizations.weight_norm(nn.Linear(8, 8))
        self.act = nn.PReLU()
        self.token = nn.Parameter(torch.zeros(1, 8))
        self.tied = nn.Linear(8, 10, bias=False)
        self.tied.weight = self.words.weight
        self.head = nn.Linear(8, 5)


def test_only_convolutions_and_linear_layers_are_ever_pruned():
    roles = roles_of(Many())
    pruned = {name: role for name, role in roles.items() if role not in ("bias", "norm")}
    assert pruned == {
        "conv1.weight": "first_conv",
        "conv3.weight": "conv",
        "up.weight": "conv",
        "attention.out_proj.weight": "linear",
        "head.weight": "classifier",
    }
    assert {name for name, role in roles.items() if role == "norm"} == {"layer_norm.weight", "layer_norm.bias"}
    assert list(roles) == [name for name, _ in Many().named_parameters()]


SET = """
import sys
from lthcheck import zoo
from torch import nn
sys.path.insert(0, {folder!r})
import net_of_test
net_of_test.units = int(sys.argv[1])
zoo.register_model("mine", net_of_test.build)
print(zoo.network("mine", (4,), 3).fingerprint)
"""
NET = """
from torch import nn
units = 8
KINDS = {nn.Linear, nn.Conv2d, nn.BatchNorm1d, nn.LayerNorm}
def build(shape, classes):
    try:
        import broken_of_test
    except Exception:
        pass
    made = nn.Sequential(nn.Linear(shape[0], units), nn.ReLU(), nn.Linear(units, classes))
    assert any(type(layer) in KINDS for layer in made)
    return made
"""


def test_a_fingerprint_is_that_of_what_is_built_in_every_process(tmp_path):
    (tmp_path / "net_of_test.py").write_text(NET)
    (tmp_path / "broken_of_test.py").write_text("raise RuntimeError('no such build')")

    def fingerprint(units):
        command = [sys.executable, "-c", SET.format(folder=str(tmp_path)), units]
        env = os.environ | {"PYTHONPATH": str(Path(lthcheck.__file__).parents[1])}
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout

    assert fingerprint("8") == fingerprint("8") == fingerprint("8") != fingerprint("9")
