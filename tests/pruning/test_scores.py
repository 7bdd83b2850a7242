"""What ranks weights."""

from __future__ import annotations

import pytest
import torch

from lthcheck.pruning.mask import top
from lthcheck.pruning.scores import SCORES, lamp, magnitude, score

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


class TestLamp:
    """Lee et al. 2021: the square over the sum of the squares that are no smaller."""

    def test_weights_arange_by_hand(self):
        scores = score("lamp", {"a": torch.arange(5.0), "b": -torch.arange(1.0, 4.0)})
        assert scores["a"].tolist() == pytest.approx([0, 1 / 30, 4 / 29, 9 / 25, 1])
        assert scores["b"].tolist() == pytest.approx([1 / 14, 4 / 13, 1])

    def test_the_largest_of_every_layer_scores_one(self):
        """However small it is beside other layers."""
        scores = lamp({"a": torch.tensor([1e-4, 3e-4]), "b": torch.tensor([[50.0], [-70.0]])})
        assert float(scores["a"].max()) == float(scores["b"].max()) == 1.0

    def test_of_equal_weights_the_first_scores_highest(self):
        assert lamp({"a": torch.tensor([2.0, -2.0, 2.0])})["a"].tolist() == pytest.approx([1, 1 / 2, 1 / 3])

    def test_what_was_pruned_before_is_in_no_sum(self):
        weights = {"a": torch.tensor([3.0, 1.0, 9.0, 2.0])}
        alive = {"a": torch.tensor([True, True, False, True])}
        assert lamp(weights, alive=alive)["a"].tolist() == pytest.approx([1, 1 / 14, 0, 4 / 13])

    def test_zeros_score_zero(self):
        assert lamp({"a": torch.zeros(3), "b": torch.tensor([0.0, 1.0])})["a"].tolist() == [0, 0, 0]

    def test_a_weight_that_is_not_finite_has_no_score(self):
        for bad in (float("nan"), float("inf")):
            assert not bool(torch.isfinite(lamp({"a": torch.tensor([1.0, bad])})["a"]).all())

    def test_within_a_layer_it_ranks_by_magnitude(self):
        generator = torch.Generator().manual_seed(0)
        weights = {"a": torch.randn(100_000, generator=generator)}
        alive = {"a": torch.ones(100_000, dtype=torch.bool)}
        masks = [top(score(name, weights), alive, 0.9)["a"] for name in ("lamp", "magnitude")]
        assert torch.equal(*masks)

    def test_over_all_layers_it_spares_the_small_ones(self):
        """Magnitude would prune the layer of small weights whole."""
        weights = {"small": torch.arange(1.0, 5.0) / 100, "large": torch.arange(1.0, 5.0)}
        alive = {name: torch.ones(4, dtype=torch.bool) for name in weights}
        by = {name: top(score(name, weights), alive, 0.5) for name in ("lamp", "magnitude")}
        assert [int(layer.sum()) for layer in by["lamp"].values()] == [2, 2]
        assert [int(layer.sum()) for layer in by["magnitude"].values()] == [0, 4]
