"""Power: the reach of so many seeds, as the rule `confident` finds it in drawn gaps; sds; the test set's error."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from lthcheck.verdict import power
from lthcheck.verdict.parts import Parts
from lthcheck.verdict.power import ERROR, binomial_error, pooled_sd, reach


def seen(seeds: int, tickets: int, *, studies: int = 400) -> float:
    """The part of drawn gaps that are called true, which lie beyond their margin by the reach."""
    rng, called = np.random.default_rng(0), []
    for _ in range(studies):
        one, other = rng.normal(size=(2, tickets, seeds))
        gaps = one + reach(seeds, 1.0, tickets=tickets) - other
        each = np.ones(tickets)
        spread = (gaps.var(1, ddof=1), seeds * each, (seeds - 1) * each, 0 * each, np.inf * each)
        parts = Parts(
            np.arange(tickets),
            2 * np.ones(tickets, int),
            np.arange(tickets),
            0 * each,
            tickets * each,
            gaps.mean(1),
            *spread,
        )
        called.append(parts.errors()[0] <= ERROR)
    return float(np.mean(called))


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_it_is_told_in_four_of_five_studies(seeds):
    assert seen(seeds, 1, studies=4_000) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(("seeds", "part"), [(3, 0.71), (5, 0.8), (10, 0.8)])
def test_among_many_tickets_too(seeds, part):
    """How alike variances are is itself estimated, from three seeds too often to be nothing."""
    assert seen(seeds, 55) == pytest.approx(part, abs=0.05)


def test_it_is_in_units_of_the_sd():
    assert reach(4, 0.02, tickets=9) == pytest.approx(2 * reach(4, 0.01, tickets=9))


def test_more_seeds_reach_further():
    told = [reach(seeds, 0.003, tickets=9) for seeds in range(2, 30)]
    assert told == sorted(told, reverse=True)


def test_looks_cost():
    assert reach(10, 0.003, looks=(5, 10)) > reach(10, 0.003)


def test_one_seed_tells_nothing():
    assert reach(1, 0.003) is None


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
