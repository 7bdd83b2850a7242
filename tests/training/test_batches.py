"""Every batch is announced once before it is asked for, whoever trains and across epochs."""

from __future__ import annotations

import pytest
import torch
from stacks import arrays, replicas, run

from lthcheck.data.resident import Resident
from lthcheck.training.batches import AHEAD
from lthcheck.training.train import backend, train


class Streamed:
    """Resident data that do not show themselves; what is announced and what is asked for, in turn."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.inner, self.heard = Resident.put(arrays(shape), "cpu"), []

    def __getattr__(self, name: str) -> object:
        assert not name.startswith(("x_", "y_test", "_")), f"{name} is no part of the contract"
        return getattr(self.inner, name)

    def ahead(self, index: torch.Tensor, *, seed: int, epoch: int) -> None:
        self.heard.append(("ahead", seed, epoch, tuple(index.tolist())))

    def train_batch(self, index: torch.Tensor, *, seed: int, epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
        self.heard.append(("asked", seed, epoch, tuple(index.tolist())))
        return self.inner.train_batch(index, seed=seed, epoch=epoch)


def heard(model: str, seeds: tuple[int, ...], steps: int, first: int = 0) -> list[tuple[object, ...]]:
    """What a training says to its data, in turn."""
    runs = [run(model, seed=seed, steps=steps) for seed in seeds]
    data = Streamed(runs[0].network.shape)
    stack = backend(replicas(runs), data)
    train(stack, first, steps)
    stack.evaluate()
    return data.heard


@pytest.mark.parametrize("model", ["mlp-23-11", "lenet5"])
@pytest.mark.parametrize("first", [0, 8])
def test_each_batch_is_announced_once_and_in_time(model: str, first: int) -> None:
    """An epoch has 10 steps."""
    said = heard(model, (3,), 23, first)
    asked, told = ([what for word, *what in said if word == kind] for kind in ("asked", "ahead"))
    assert len(asked) == 23 - first
    assert told == asked[1:]
    places = [place for place, (word, *_) in enumerate(said) if word == "asked"]
    for number, place in enumerate(places[:-1]):
        assert [what for word, *what in said[:place] if word == "ahead"][-1] == asked[min(number + AHEAD, 22 - first)]


@pytest.mark.parametrize("model", ["mlp-23-11", "lenet5"])
def test_several_replicas_are_told_of_as_well(model: str) -> None:
    said = heard(model, (3, 4), 23)
    for seed in (3, 4):
        asked, told = (
            [what for word, *what in said if word == kind and what[0] == seed] for kind in ("asked", "ahead")
        )
        assert told == asked[1:]


def test_replicas_of_one_seed_share_their_samples() -> None:
    said = heard("mlp-23-11", (3, 3, 3), 10)
    assert [word for word, *_ in said].count("asked") == 10


@pytest.mark.parametrize("model", ["mlp-23-11", "lenet5"])
def test_where_the_samples_lie_changes_nothing(model: str) -> None:
    runs = [run(model, seed=seed, steps=12) for seed in (0, 1)]
    weights = []
    for data in (Resident.put(arrays(runs[0].network.shape), "cpu"), Streamed(runs[0].network.shape)):
        stack = backend(replicas(runs), data)
        train(stack, 0, 12)
        weights.append([tensor for place in (0, 1) for tensor in stack.state(place).values()])
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))
