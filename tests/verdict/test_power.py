"""Power: quantiles as in tables, gaps as a simulation of many studies finds them."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from lthcheck.verdict import power
from lthcheck.verdict.power import binomial_error, pooled_sd, smallest_gap, t_quantile


@pytest.mark.parametrize(
    ("probability", "freedom", "quantile"),
    [(0.975, 2, 4.303), (0.975, 4, 2.776), (0.975, 10, 2.228), (0.975, 60, 2.000), (0.8, 2, 1.061), (0.995, 8, 3.355)],
)
def test_quantiles_are_those_of_the_tables(probability, freedom, quantile):
    assert t_quantile(probability, freedom) == pytest.approx(quantile, abs=6e-4)


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_a_gap_is_seen_in_four_of_five_studies(seeds):
    gap, studies = smallest_gap(seeds, sd=1.0), 40_000
    ticket, other = np.random.default_rng(0).normal(size=(2, studies, seeds))
    ticket += gap
    error = np.sqrt((ticket.var(1, ddof=1) + other.var(1, ddof=1)) / seeds)
    seen = np.abs(ticket.mean(1) - other.mean(1)) / error > t_quantile(0.975, 2 * seeds - 2)
    assert seen.mean() == pytest.approx(0.8, abs=0.015)


def test_it_is_in_units_of_the_sd():
    assert smallest_gap(4, 0.02) == pytest.approx(2 * smallest_gap(4, 0.01))


def test_more_seeds_see_smaller_gaps():
    gaps = [smallest_gap(seeds, 0.003) for seeds in range(2, 30)]
    assert gaps == sorted(gaps, reverse=True)


def test_one_seed_sees_none():
    assert smallest_gap(1, 0.003) is None


class TestSd:
    def test_is_that_of_the_best_lr(self):
        assert pooled_sd([{0.1: [0.1, 0.9], 0.2: [0.79, 0.81]}]) == pytest.approx(0.02 / 2**0.5)

    def test_is_pooled_over_arms_by_their_seeds(self):
        assert pooled_sd([{0.1: [0.0, 0.2]}, {0.1: [0.5, 0.5, 0.5]}]) == pytest.approx((0.02 / 3) ** 0.5)

    @pytest.mark.parametrize("cells", [[], [{0.1: [0.5]}]])
    def test_is_not_known_without_two_seeds(self, cells):
        assert pooled_sd(cells) is None


def test_the_error_of_an_accuracy_is_binomial():
    assert binomial_error(0.9, 10_000) == pytest.approx(0.003)


def test_the_examples_in_the_docstrings_are_true():
    assert doctest.testmod(power).failed == 0
