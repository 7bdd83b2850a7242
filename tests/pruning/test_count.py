"""How many weights a sparsity keeps, against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck.pruning.count import by_layer, kept
from lthcheck.recipe import ladder

SIZES = st.integers(0, 30_000_000)

# What is prunable of some networks: without first convolution, classifier, norm and bias.
NETWORKS = {"mlp-300-100 on mnist1d": 42_000, "lenet-300-100": 265_200, "resnet20": 269_824, "resnet50": 23_445_504}


def rounded(exact):
    """To the nearest whole number, halves up."""
    return math.floor(exact + Fraction(1, 2))


@settings(deadline=None, max_examples=150)
@given(SIZES, st.integers(0, 9999))
def test_a_decimal_sparsity_keeps_exactly_what_it_says(total, parts):
    """Four decimals; the float nearest to .9 is not .9, and must not decide a half."""
    assert kept(total, parts / 10_000) == rounded(Fraction(10_000 - parts, 10_000) * total)


@pytest.mark.parametrize("total", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("k", range(1, 15))
def test_round_k_of_imp_keeps_its_power_of_the_network(total, k):
    assert kept(total, ladder(14)[k - 1]) == rounded(Fraction(4, 5) ** k * total)


@settings(deadline=None, max_examples=150)
@given(SIZES, st.integers(1, 8))
def test_round_k_of_imp_keeps_its_power_of_any_network(total, k):
    assert kept(total, 1 - 0.8**k) == kept(total, ladder(8)[k - 1]) == rounded(Fraction(4, 5) ** k * total)


@pytest.mark.parametrize(("total", "k"), [(1_614_023, 9), (6_751_162, 10), (6_570_603, 11), (194_319, 12)])
def test_round_k_of_imp_just_below_a_half_goes_down(total, k):
    assert kept(total, ladder(14)[k - 1]) == rounded(Fraction(4, 5) ** k * total)


@settings(deadline=None, max_examples=150)
@given(SIZES, st.floats(0, 1, exclude_max=True))
def test_any_sparsity_is_met_to_half_a_weight(total, sparsity):
    assert abs(kept(total, sparsity) - (1 - Fraction(sparsity)) * total) <= Fraction(1, 2) + Fraction(1, 10**6)


@settings(deadline=None, max_examples=100)
@given(SIZES, st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_a_higher_sparsity_never_keeps_more(total, one, other):
    low, high = sorted([one, other])
    assert kept(total, high) <= kept(total, low)


@pytest.mark.parametrize(
    ("total", "sparsity", "stay"),
    [(10, 0.0, 10), (10, 0.9, 1), (10, 0.25, 8), (10, 0.75, 3), (1, 0.5, 1), (3, 0.5, 2), (1, 0.6, 0), (0, 0.5, 0)],
)
def test_halves_go_up(total, sparsity, stay):
    assert kept(total, sparsity) == stay


class TestByLayer:
    """Layers that lose parts of their own a round."""

    LAYERS = st.lists(
        st.tuples(st.integers(1, 400), st.sampled_from([0.05, 0.1, 0.15, 0.2, 0.5])), min_size=1, max_size=6
    )

    # Conv-2 and LeNet-300-100 of Frankle & Carbin 2019, figure 2: conv 10 %, linear 20 %, classifier 10 %
    CONV2 = ({"conv": 36_864, "linear1": 4_194_304, "linear2": 65_536, "classifier": 2560}, (0.1, 0.2, 0.2, 0.1))
    LENET = ({"linear1": 235_200, "linear2": 30_000, "classifier": 1000}, (0.2, 0.2, 0.1))

    def test_by_hand(self):
        """.81 of one and .64 of the other: two rounds of 10 and of 20 %."""
        assert by_layer({"a": 100, "b": 100}, 0.275, {"a": 0.1, "b": 0.2}) == {"a": 81, "b": 64}

    @pytest.mark.parametrize(("sizes", "rates"), [CONV2, LENET])
    @pytest.mark.parametrize("rounds", [1, 2, 5, 10])
    def test_after_whole_rounds_each_layer_has_its_power(self, sizes, rates, rounds):
        by_rate = dict(zip(sizes, rates, strict=True))
        left = {name: size * (1 - Fraction(str(by_rate[name]))) ** rounds for name, size in sizes.items()}
        sparsity = 1 - float(sum(left.values()) / sum(sizes.values()))
        stay = by_layer(sizes, sparsity, by_rate)
        assert all(abs(stay[name] - exact) <= 1 for name, exact in left.items())

    def test_without_rates_each_is_rounded_alone(self):
        assert by_layer({"a": 10, "b": 25}, 0.5) == {"a": 5, "b": 13}
        assert by_layer({"a": 10, "b": 25}, 0.5, {}) == {"a": 5, "b": 13}

    def test_of_equal_layers_the_later_loses_first(self):
        rates = {"a": 0.2, "b": 0.2, "c": 0.2}
        assert by_layer({"a": 4, "b": 4, "c": 4}, 4 / 12, rates) == {"a": 3, "b": 3, "c": 2}
        assert by_layer({"a": 4, "b": 4, "c": 4}, 5 / 12, rates) == {"a": 3, "b": 2, "c": 2}

    @settings(deadline=None, max_examples=100)
    @given(LAYERS, st.floats(0, 1, exclude_max=True))
    def test_the_total_is_exact(self, layers, sparsity):
        sizes, rates = as_dicts(layers)
        stay = by_layer(sizes, sparsity, rates)
        assert sum(stay.values()) == kept(sum(sizes.values()), sparsity)
        assert all(0 <= stay[name] <= sizes[name] for name in sizes)

    @settings(deadline=None, max_examples=60)
    @given(LAYERS, st.floats(0, 1))
    def test_a_higher_sparsity_keeps_no_more_in_any_layer(self, layers, place):
        """Weight after weight, from anywhere on: masks nest whatever the rungs are."""
        sizes, rates = as_dicts(layers)
        total = sum(sizes.values())
        most = round(place * total)
        before = by_layer(sizes, 1 - most / total, rates)
        for stay in range(most - 1, max(-1, most - 30), -1):
            after = by_layer(sizes, 1 - stay / total, rates)
            assert sum(after.values()) == stay
            assert all(after[name] <= before[name] for name in sizes)
            before = after

    @settings(deadline=None, max_examples=60)
    @given(LAYERS, st.floats(0.01, 0.99))
    def test_there_is_a_moment_at_which_all_are_within_half_a_weight(self, layers, sparsity):
        sizes, rates = as_dicts(layers)
        stay = by_layer(sizes, sparsity, rates)
        begin = [math.log(n / (stay[name] + 0.5)) / -math.log1p(-rates[name]) for name, n in sizes.items()]
        end = [math.log(n / (stay[name] - 0.5)) / -math.log1p(-rates[name]) for name, n in sizes.items() if stay[name]]
        assert max(begin) <= min(end, default=math.inf) + 1e-7

    def test_of_a_large_network(self):
        """As many layers and weights as ResNet-50 has."""
        sizes = {str(layer): 440_000 + layer for layer in range(53)}
        rates = {name: 0.1 if int(name) % 2 else 0.2 for name in sizes}
        stay = by_layer(sizes, 0.956, rates)
        assert sum(stay.values()) == kept(sum(sizes.values()), 0.956)
        assert 9 * stay["0"] < stay["1"]  # .8^k of one and .9^k of the other: k = 22.5


def as_dicts(layers):
    """Sizes and rates by name."""
    return (
        {str(place): size for place, (size, _) in enumerate(layers)},
        {str(place): rate for place, (_, rate) in enumerate(layers)},
    )
