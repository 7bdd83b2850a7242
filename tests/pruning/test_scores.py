"""What ranks weights."""

from __future__ import annotations

import pytest
import torch

from lthcheck.pruning.mask import top
from lthcheck.pruning.scores import SCORES, magnitude, score

WEIGHTS = {"a": torch.tensor([[-3.0, 0.5], [0.0, -0.25]]), "b": torch.tensor([1.0, -2.0])}


def test_magnitude_is_the_absolute_weight():
    scores = magnitude(WEIGHTS)
    assert list(scores) == ["a", "b"]
    assert scores["a"].tolist() == [[3.0, 0.5], [0.0, 0.25]]
    assert scores["b"].tolist() == [1.0, 2.0]


def test_magnitude_keeps_large_negative_weights():
    """A score of the signed weight would prune them first."""
    alive = {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in WEIGHTS.items()}
    mask = top(score("magnitude", WEIGHTS), alive, 0.5)
    assert mask["a"].tolist() == [[True, False], [False, False]]
    assert mask["b"].tolist() == [True, True]


@pytest.mark.parametrize("name", SCORES)
def test_a_score_has_the_shape_of_its_weight_and_leaves_it_alone(name):
    weights = {layer: weight.clone() for layer, weight in WEIGHTS.items()}
    scores = score(name, weights, WEIGHTS)
    assert {layer: each.shape for layer, each in scores.items()} == {
        layer: each.shape for layer, each in WEIGHTS.items()
    }
    assert all(torch.equal(weights[layer], WEIGHTS[layer]) for layer in WEIGHTS)


def test_an_unknown_score_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="score='magnitud' is not known; did you mean magnitude"):
        score("magnitud", WEIGHTS)
