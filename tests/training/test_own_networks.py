"""Networks of the user's own keep the training contract too, whatever they draw, skip or print."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from stacks import BATCH, arrays, equal, replicas, trained
from torch import nn

from lthcheck import zoo
from lthcheck.data.resident import Resident
from lthcheck.protocol import check_end, check_start, digest
from lthcheck.run import Data, Dense, Init, Optimiser, Pruned, Reinit, Run, Training
from lthcheck.training.train import backend, train
from lthcheck.zoo import registry
from lthcheck.zoo.trial import trial

STEPS = 24


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})


class Dropping(nn.Module):
    """Draws in training and in evaluation, from every global generator, and has batch norm."""

    def __init__(self, shape, classes):
        super().__init__()
        self.first, self.last = nn.Linear(shape[0], 16), nn.Linear(16, classes)
        self.skipped, self.norm = nn.Linear(16, 16), nn.BatchNorm1d(16)

    def forward(self, x):
        x = nn.functional.dropout(self.norm(self.first(x)).relu(), 0.3)  # in evaluation too
        x = self.skipped(x) if random.random() < 0.5 else x
        return self.last(x) + float(np.random.normal(scale=0.01))  # noqa: NPY002


class Viewed(nn.Module):
    """Says `view`, as many networks of tutorials do."""

    def __init__(self, shape, classes):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(shape[0], 4, 3, padding=1), nn.BatchNorm2d(4)
        self.more = nn.Conv3d(1, 1, 3, padding=1)
        self.mix, self.head = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4 * shape[1] * shape[2], classes)

    def forward(self, x):
        x = self.norm(self.conv(x)).relu()
        x = self.mix(self.more(x.unsqueeze(1)).squeeze(1))
        return self.head(x.view(x.shape[0], -1))


class Shared(nn.Module):
    """Tied weights, a frozen layer, a parameter with a value of its own, a number on its way, and a remark."""

    def __init__(self, shape, classes):
        super().__init__()
        self.first, self.second, self.again = nn.Linear(shape[0], 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.again.weight = self.second.weight
        self.frozen, self.last = nn.Parameter(torch.randn(8, 8), requires_grad=False), nn.Linear(8, classes)
        self.slope = nn.Parameter(torch.full((8,), 0.5))

    def forward(self, x):
        x = self.again(self.second(self.first(x).relu()).relu()) @ self.frozen * self.slope
        print("mean", x.mean().item())
        return self.last(x)


class Attending(nn.Module):
    """Attention over tokens, with layer norm and an embedding of places."""

    def __init__(self, shape, classes):
        super().__init__()
        self.places, self.embed = nn.Embedding(shape[0], 8), nn.Linear(1, 8)
        self.attention, self.norm = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True), nn.LayerNorm(8)
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        x = self.embed(x.unsqueeze(-1)) + self.places.weight
        return self.head(self.norm(x + self.attention(x, x, x)[0]).mean(1))


SHAPES = {Dropping: (12,), Viewed: (3, 6, 6), Shared: (12,), Attending: (12,)}


def run(kind, *, seed=0, lr=0.05, sparsity=0.0, rr=False):
    shape = SHAPES[kind]
    zoo.register_model("mine", kind)
    network = zoo.network("mine", shape, 5)
    how = Training(lr=lr, batch=BATCH, steps=STEPS, optimiser=Optimiser("sgd", 0.9, 1e-3))
    init = Init(network, "own", seed)
    mask = Pruned(init, sparsity) if sparsity else Dense()
    return Run(network, Data("own", arrays(shape).fingerprint), how, Reinit(*_fields(init)) if rr else init, mask, seed)


def _fields(init):
    return init.network, init.initialiser, init.seed


def stack(runs):
    return backend(replicas(runs), Resident.put(arrays(runs[0].network.shape), "cpu"))


@pytest.fixture(params=SHAPES, ids=lambda kind: kind.__name__)
def kind(request):
    return request.param


def test_is_trained_as_it_is(kind):
    own = run(kind, sparsity=0.5)
    trial(own.network)
    made = stack([own])
    (before,) = made.evaluate()
    began = made.state(0)
    train(made, 0, STEPS)
    (after,), state = made.evaluate(), made.state(0)
    (replica,) = made.replicas
    assert after.loss < before.loss
    assert "ranked" in check_start(replica, began, replica.theta0, {}, replica.theta0)
    assert "moves" in check_end(replica, state, steps=STEPS, loss=after.loss, diverged=False)


def test_does_not_see_its_neighbours_nor_what_was_drawn_before(kind):
    own, other = run(kind, sparsity=0.5), run(kind, seed=1, lr=0.1)
    (alone,) = trained([own])
    torch.rand(3), random.random()
    assert equal(trained([other, own])[1], alone)


def test_ends_with_the_same_bits_when_it_is_interrupted(kind):
    own = run(kind, sparsity=0.5)
    whole = stack([own])
    train(whole, 0, STEPS)
    (expected,) = whole.evaluate()
    first = stack([own])
    train(first, 0, 7)
    second = stack([own])
    second.load(0, first.state(0))
    train(second, 7, STEPS)
    second.evaluate()
    (found,) = second.evaluate()
    assert equal(second.state(0), whole.state(0))
    assert (found.loss, found.accuracy) == (expected.loss, expected.accuracy)


def test_leaves_the_global_generators_alone(kind):
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    made = stack([run(kind)])
    train(made, 0, 3)
    made.evaluate()
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert before[1:] == after[1:]


def test_dense_and_lt_begin_alike_and_rr_elsewhere(kind):
    dense, lt, rr = (digest(r.theta0) for r in replicas([run(kind), run(kind, sparsity=0.5), run(kind, rr=True)]))
    assert dense == lt != rr


def test_a_parameter_of_its_own_begins_at_its_own_value():
    for rr in (False, True):
        (made,) = replicas([run(Shared, rr=rr)])
        assert (made.theta0["slope"] == 0.5).all()


def test_what_is_frozen_stays_and_what_is_tied_stays_tied():
    made = stack([run(Shared, sparsity=0.5)])
    began = made.state(0)
    train(made, 0, STEPS)
    state, module = made.state(0), made.modules[0]
    assert torch.equal(state["weights/frozen"], began["weights/frozen"])
    assert module.again.weight is module.second.weight
    assert (module.second.weight[~made.replicas[0].mask["second.weight"]] == 0).all()
