"""Masks: exact counts, ties by index, nothing revived, no layer pruned for another."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck.pruning.count import kept
from lthcheck.pruning.mask import join, permuted, split, top
from lthcheck.recipe import ladder


def layers(*vectors):
    """Scores by layer, named a, b, c."""
    return {name: torch.as_tensor(vector) for name, vector in zip("abc", vectors, strict=False)}


def dense(scores):
    """The mask that keeps everything."""
    return {name: torch.ones_like(layer, dtype=torch.bool) for name, layer in scores.items()}


def count(mask):
    """How many weights stay."""
    return int(join(mask).sum())


def kept_places(mask, name):
    """The indices that stay in a layer."""
    return mask[name].flatten().nonzero().flatten().tolist()


def by_hand(scores, alive, sparsity):
    """The mask of all layers together, by sorting (score, -index) of those alive."""
    flat, living = join(scores).tolist(), join(alive).tolist()
    places = [place for place in range(len(flat)) if living[place]]
    best = sorted(places, key=lambda place: (-flat[place], place))[: kept(len(flat), sparsity)]
    return [place in best for place in range(len(flat))]


# Few distinct scores, so that most masks have ties to break.
SCORES = st.lists(st.lists(st.integers(0, 5).map(float), min_size=1, max_size=30), min_size=1, max_size=3).map(
    lambda vectors: layers(*vectors)
)
SPARSITIES = st.floats(0, 1, exclude_max=True)


class TestToy:
    """Weights arange(n), as open_lth's toy model has them."""

    def test_the_largest_stay(self):
        scores = layers(torch.arange(10.0), torch.arange(10.0, 20.0))
        mask = top(scores, dense(scores), 0.25)
        assert kept_places(mask, "a") == [5, 6, 7, 8, 9]
        assert kept_places(mask, "b") == list(range(10))

    def test_equal_weights_stay_by_index(self):
        scores = layers(torch.ones(4), torch.ones(6))
        mask = top(scores, dense(scores), 0.5)
        assert kept_places(mask, "a") == [0, 1, 2, 3]
        assert kept_places(mask, "b") == [0]

    def test_a_layer_keeps_its_shape(self):
        scores = layers(torch.arange(24.0).reshape(2, 3, 4))
        mask = top(scores, dense(scores), 0.5)
        assert (mask["a"].shape, mask["a"].dtype) == ((2, 3, 4), torch.bool)
        assert not mask["a"][0].any()
        assert mask["a"][1].all()

    def test_all_zero_scores_still_give_the_exact_count(self):
        scores = layers(torch.zeros(1000))
        assert count(top(scores, dense(scores), 0.9)) == 100


class TestScope:
    """Two layers by hand: b's weights are all larger than a's."""

    SMALL_AND_LARGE = ([1.0, 2.0, 3.0, 4.0], [10.0, 30.0, 20.0, 50.0, 40.0, 60.0])

    def test_global_ranks_all_layers_together(self):
        scores = layers(*self.SMALL_AND_LARGE)
        mask = top(scores, dense(scores), 0.5, scope="global")
        assert kept_places(mask, "a") == []
        assert kept_places(mask, "b") == [1, 2, 3, 4, 5]

    def test_layer_ranks_each_alone(self):
        scores = layers(*self.SMALL_AND_LARGE)
        mask = top(scores, dense(scores), 0.5, scope="layer")
        assert kept_places(mask, "a") == [2, 3]
        assert kept_places(mask, "b") == [3, 4, 5]

    def test_global_is_the_default(self):
        scores = layers(*self.SMALL_AND_LARGE)
        ranked = [top(scores, dense(scores), 0.5), top(scores, dense(scores), 0.5, scope="global")]
        assert torch.equal(*map(join, ranked))

    @settings(deadline=None, max_examples=50)
    @given(SCORES, SPARSITIES)
    def test_layer_is_exact_in_each_layer(self, scores, sparsity):
        mask = top(scores, dense(scores), sparsity, scope="layer")
        assert {name: int(layer.sum()) for name, layer in mask.items()} == {
            name: kept(layer.numel(), sparsity) for name, layer in scores.items()
        }


class TestExact:
    @settings(deadline=None, max_examples=100)
    @given(SCORES, SPARSITIES)
    def test_the_count_and_the_ties(self, scores, sparsity):
        mask = top(scores, dense(scores), sparsity)
        assert count(mask) == kept(join(scores).numel(), sparsity)
        assert join(mask).tolist() == by_hand(scores, dense(scores), sparsity)

    @settings(deadline=None, max_examples=60)
    @given(SCORES, SPARSITIES, SPARSITIES, st.randoms(use_true_random=False))
    def test_a_second_round_is_nested_and_exact(self, scores, one, other, shuffler):
        first, second = sorted([one, other])
        before = top(scores, dense(scores), first)
        moved = {
            name: layer[torch.tensor(shuffler.sample(range(len(layer)), len(layer)))] for name, layer in scores.items()
        }
        after = top(moved, before, second)
        assert not bool((join(after) & ~join(before)).any())
        assert join(after).tolist() == by_hand(moved, before, second)

    @settings(deadline=None, max_examples=30)
    @given(st.integers(1, 3000), st.integers(0, 2**31))
    def test_omp_and_imp_have_equal_counts_at_each_rung(self, size, seed):
        generator = torch.Generator().manual_seed(seed)
        start = layers(torch.rand(size, generator=generator), torch.rand(size // 2 + 1, generator=generator))
        alive = dense(start)
        for rung in ladder(14):
            trained = {name: torch.rand(layer.shape, generator=generator) for name, layer in start.items()}
            alive = top(trained, alive, rung)
            assert count(alive) == count(top(start, dense(start), rung))

    def test_the_inputs_are_left_alone(self):
        scores = layers([3.0, 1.0, 2.0])
        alive = {"a": torch.tensor([True, False, True])}
        top(scores, alive, 0.6)
        assert scores["a"].tolist() == [3, 1, 2]
        assert alive["a"].tolist() == [True, False, True]


class TestRates:
    """Layers that lose parts of their own a round."""

    RATES = {"a": 0.1, "b": 0.2}  # noqa: RUF012

    def test_each_layer_keeps_its_largest(self):
        scores = layers(torch.arange(100.0), torch.arange(100.0))
        mask = top(scores, dense(scores), 0.275, scope="layer", rates=self.RATES)
        assert kept_places(mask, "a") == list(range(19, 100))
        assert kept_places(mask, "b") == list(range(36, 100))

    @settings(deadline=None, max_examples=25)
    @given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**31))
    def test_rounds_of_imp_nest_and_have_the_counts_of_omp(self, one, other, seed):
        generator = torch.Generator().manual_seed(seed)
        start = layers(torch.rand(one, generator=generator), torch.rand(other, generator=generator))
        alive = dense(start)
        for rung in ladder(14):
            trained = {name: torch.rand(layer.shape, generator=generator) for name, layer in start.items()}
            after = top(trained, alive, rung, scope="layer", rates=self.RATES)
            once = top(start, dense(start), rung, scope="layer", rates=self.RATES)
            assert not bool((join(after) & ~join(alive)).any())
            assert [int(layer.sum()) for layer in after.values()] == [int(layer.sum()) for layer in once.values()]
            assert count(after) == kept(one + other, rung)
            alive = after


class TestRefusals:
    def test_a_mask_never_revives_a_weight(self):
        scores = layers([4.0, 3.0], [2.0, 1.0])
        alive = {"a": torch.tensor([False, False]), "b": torch.tensor([True, True])}
        message = r"sparsity=0\.25 keeps 3 weights, but only 2 are left in a, b; .*ask for a higher sparsity"
        with pytest.raises(ValueError, match=message):
            top(scores, alive, 0.25)

    def test_nor_within_one_layer(self):
        scores = layers([4.0, 3.0], [2.0, 1.0])
        alive = {"a": torch.tensor([False, False]), "b": torch.tensor([True, True])}
        with pytest.raises(ValueError, match="keeps 1 weights, but only 0 are left in a;"):
            top(scores, alive, 0.5, scope="layer")

    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
    @pytest.mark.parametrize("scope", ["global", "layer"])
    def test_scores_must_be_finite(self, bad, scope):
        scores = layers([1.0, 2.0], [bad, 3.0])
        with pytest.raises(ValueError, match="scores must be finite; a mask cannot be taken from a diverged run"):
            top(scores, dense(scores), 0.5, scope=scope)


class TestPermuted:
    LAYERS = st.lists(st.lists(st.booleans(), min_size=1, max_size=40), min_size=1, max_size=3).map(
        lambda vectors: layers(*vectors)
    )

    @pytest.fixture
    def source(self):
        """A mask that keeps the first tenth of one layer and all of another."""
        return {"a": torch.arange(1000).reshape(20, 50) < 100, "b": torch.ones(30, 10, dtype=torch.bool)}

    @settings(deadline=None, max_examples=50)
    @given(LAYERS, st.integers(0, 2**31))
    def test_within_a_layer_its_count_stays(self, source, seed):
        mask = permuted(source, "layer", seed)
        assert {name: int(layer.sum()) for name, layer in mask.items()} == {
            name: int(layer.sum()) for name, layer in source.items()
        }

    @settings(deadline=None, max_examples=50)
    @given(LAYERS, st.integers(0, 2**31))
    def test_within_the_network_the_total_stays(self, source, seed):
        mask = permuted(source, "network", seed)
        assert count(mask) == count(source)
        assert {name: layer.shape for name, layer in mask.items()} == {
            name: layer.shape for name, layer in source.items()
        }

    @pytest.mark.parametrize("within", ["layer", "network"])
    def test_it_is_not_its_source(self, source, within):
        for seed in range(5):
            assert not torch.equal(permuted(source, within, seed)["a"], source["a"])

    def test_within_the_network_weights_move_between_layers(self, source):
        mask = permuted(source, "network", seed=0)
        share = count(source) / join(source).numel()
        assert int(mask["b"].sum()) / 300 == pytest.approx(share, abs=0.15)

    def test_the_new_places_are_spread_evenly(self, source):
        mask = permuted(source, "layer", seed=0)["a"].flatten()
        first, second = int(mask[:500].sum()), int(mask[500:].sum())
        assert first + second == 100
        assert abs(first - second) < 40  # hypergeometric, sd 4.7 each half

    @pytest.mark.parametrize("within", ["layer", "network"])
    def test_it_is_a_function_of_the_seed(self, source, within):
        masks = [join(permuted(source, within, seed)) for seed in (0, 0, 1)]
        assert torch.equal(masks[0], masks[1])
        assert not torch.equal(masks[0], masks[2])

    def test_layers_are_shuffled_independently(self):
        source = {name: torch.arange(100) < 50 for name in "ab"}
        mask = permuted(source, "layer", seed=0)
        assert not torch.equal(mask["a"], mask["b"])


@settings(deadline=None, max_examples=30)
@given(SCORES)
def test_split_is_the_inverse_of_join(scores):
    back = split(join(scores), scores)
    assert list(back) == list(scores)
    assert all(torch.equal(back[name], layer) for name, layer in scores.items())
