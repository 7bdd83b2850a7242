"""Networks of the user's that keep the protocol in ways of their own are not accused of breaking it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lthcheck import Arrays, data, zoo
from lthcheck.execute.answer import answer
from lthcheck.recipes import recipe
from lthcheck.store import Store
from lthcheck.study import Study


class Recurrent(nn.Module):
    """An LSTM whose forget gates begin open."""

    def __init__(self, classes):
        super().__init__()
        self.first, self.r = nn.Linear(12, 24), nn.LSTM(6, 16, batch_first=True)
        with torch.no_grad():
            self.r.bias_ih_l0[16:32] = 1
        self.hidden, self.last = nn.Linear(16, 16), nn.Linear(16, classes)

    def forward(self, x):
        out, _ = self.r(self.first(x).view(-1, 4, 6))
        return self.last(self.hidden(out[:, -1]).relu())


class NearIdentity(nn.Module):
    """A hidden layer that begins near the identity."""

    def __init__(self, classes, width=1.0):
        super().__init__()
        units = round(16 * width)
        self.a, self.b, self.c = nn.Linear(12, units), nn.Linear(units, units), nn.Linear(units, classes)
        with torch.no_grad():
            self.b.weight.copy_(torch.eye(units) + 0.01 * torch.randn(units, units))

    def forward(self, x):
        return self.c(self.b(self.a(x).relu()).relu())


class InPlace(nn.Module):
    """Centres its input where it lies."""

    def __init__(self, classes):
        super().__init__()
        self.a, self.b = nn.Linear(12, 16), nn.Linear(16, classes)

    def forward(self, x):
        x -= x.mean(1, keepdim=True)
        return self.b(self.a(x).relu())


class Frozen(nn.Module):
    """Multiplies with a buffer that its constructor copied from a weight."""

    def __init__(self, classes):
        super().__init__()
        self.a, self.b = nn.Linear(12, 16), nn.Linear(16, classes)
        self.register_buffer("began", self.a.weight.detach().clone())

    def forward(self, x):
        return self.b((self.a(x) - x @ self.began.T).relu() + x @ self.began.T)


class Sign(torch.autograd.Function):
    """The sign, with the gradient of the identity."""

    @staticmethod
    def forward(ctx, x):
        return x.sign()

    @staticmethod
    def backward(ctx, slope):
        return slope


class StraightThrough(nn.Module):
    """Binary activations, whose gradient is not the derivative."""

    def __init__(self, classes):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(12, 16), nn.Linear(16, 16), nn.Linear(16, classes)

    def forward(self, x):
        return self.c(self.b(Sign.apply(self.a(x))).relu())


def blobs():
    random = np.random.default_rng(0)
    y = random.integers(0, 5, 300)
    x = (random.normal(size=(5, 12))[y] + random.normal(size=(300, 12))).astype("float32")
    return Arrays(x[:200], y[:200], x[200:], y[200:])


@pytest.mark.parametrize("network", [Recurrent, NearIdentity, InPlace, Frozen, StraightThrough])
def test_a_sound_network_is_not_accused(network, tmp_path, monkeypatch):
    monkeypatch.setattr("lthcheck.zoo.registry._registered", {})
    monkeypatch.setattr("lthcheck.data.registry._registered", {})
    zoo.register_model("sound", network)
    data.register_dataset("blobs of five", blobs)
    short = recipe("mnist1d").but({"lrs": (0.05,), "seeds": 1, "epochs": 1, "batch": 20, "sparsities": (0.36,)})
    asked = Study(model="sound", dataset="blobs of five", recipe=short, methods=("omp", "snip"))
    (found,), _ = answer({asked: asked.questions()}, Store(tmp_path), trainers=1)
    assert found.violations == []
    assert {row.arm for row in found.rows} >= {"dense", "lt", "rr"}
