"""How many weights a sparsity keeps, against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck.pruning.count import kept
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
