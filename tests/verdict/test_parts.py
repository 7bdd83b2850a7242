"""Parts: errors and intervals of gaps, against scipy.stats."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from lthcheck.verdict.parts import Parts
from lthcheck.verdict.sample import Contrast

LT = np.array([0.90, 0.92, 0.91, 0.94, 0.905])
RR = np.array([0.89, 0.90, 0.87, 0.92, 0.90])


def of_gap(differences, test=0.0, test_freedom=math.inf):
    n = len(differences)
    return Contrast(float(np.mean(differences)), float(np.var(differences, ddof=1)), n, n - 1, test, test_freedom)


def listed(parts):
    """Each ticket has rivals of its own."""
    return Parts.of((ticket, number, ticket, margin, claim, gap) for ticket, number, margin, claim, gap in parts)


def alone(found, *, margin=0.0, claim=1, number=3):
    return listed([(0, number, margin, claim, found)])


@pytest.mark.parametrize("claim", [1, 55])
@pytest.mark.parametrize("margin", [0.0, 0.005, -0.02])
def test_a_gap_alone_is_students_paired_t(margin, claim):
    true, false = alone(of_gap(LT - RR), margin=margin, claim=claim).errors()
    above = stats.ttest_rel(LT, RR + margin, alternative="greater").pvalue
    below = stats.ttest_1samp(LT - RR, margin, alternative="less").pvalue
    assert true[0] == pytest.approx(2 * claim * above)
    assert false[0] == pytest.approx(2 * 5 * below)  # a fifth for each condition, whatever the claim is paid for


def test_the_ends_of_an_interval_are_students_too():
    low, high = alone(of_gap(LT - RR)).interval(0.05)
    assert low[0] == pytest.approx(stats.ttest_1samp(LT - RR, 0).confidence_interval(0.95).low)
    assert high[0] == pytest.approx(stats.ttest_1samp(LT - RR, 0).confidence_interval(0.99).high)


def test_the_lower_end_pays_for_all_tickets():
    low, high = alone(of_gap(LT - RR), claim=10).interval(0.05)
    assert low[0] == pytest.approx(stats.ttest_1samp(LT - RR, 0).confidence_interval(0.995).low)
    assert high[0] == pytest.approx(stats.ttest_1samp(LT - RR, 0).confidence_interval(0.99).high)


def test_each_gap_of_a_condition_may_refute_it():
    parts = listed([(0, 3, 0.0, 1, of_gap(LT - RR)), (0, 3, 0.0, 1, of_gap(LT - RR)), (1, 2, 0.0, 1, of_gap(RR - LT))])
    alone_false = alone(of_gap(LT - RR)).errors()[1][0]
    assert parts.errors()[1][0] == pytest.approx(2 * alone_false)


def test_seeds_and_test_set_add_up_with_satterthwaites_degrees_of_freedom():
    folds = np.array([0.001, -0.004, 0.003, 0.006, -0.002, 0.001])
    found = replace(of_gap(LT - RR, stats.sem(folds) ** 2, 5.0), gap=float((LT - RR).mean() - folds.mean()))
    true, _ = alone(found).errors()
    welch = stats.ttest_ind(LT - RR, folds, equal_var=False, alternative="greater")
    assert true[0] == pytest.approx(2 * welch.pvalue)


def test_a_test_set_of_known_noise_leaves_the_degrees_of_freedom_no_fewer():
    found = of_gap(LT - RR)
    noisy = replace(found, test=found.variance / found.n, test_freedom=math.inf)
    low, _ = alone(noisy).interval(0.05)
    error = math.sqrt(2 * found.variance / found.n)
    assert low[0] == pytest.approx(found.gap - error * stats.t(4 * found.freedom).ppf(0.975))


def test_gaps_of_a_kind_steady_each_other():
    quiet, loud = of_gap((LT - RR) * 0.9), of_gap(LT - RR)
    parts = listed([(i, 3, 0.0, 1, each) for i, each in enumerate([quiet, loud, quiet, loud])])
    own = alone(loud).errors()[0][0]
    assert parts.errors()[0][1] < own


@pytest.mark.parametrize(("number", "together"), [(2, False), (3, True), (1, False), (4, False), (5, False)])
def test_gaps_of_another_kind_do_not(number, together):
    loud = of_gap(LT - RR)
    parts = listed([(0, 3, 0.0, 1, loud), *((i, number, 0.0, 1, loud) for i in (1, 2, 3))])
    assert bool(parts.errors()[0][0] < alone(loud).errors()[0][0]) is together


@pytest.mark.parametrize("others", [(1, 4), (4, 5), (1, 5)])
def test_gaps_to_dense_are_of_one_kind(others):
    loud = of_gap(LT - RR)
    parts = listed([(0, others[0], 0.0, 1, loud), *((i, others[1], 0.0, 1, loud) for i in (1, 2, 3))])
    assert parts.errors()[0][0] < alone(loud).errors()[0][0]


def test_one_replicate_proves_nothing_either_way():
    parts = alone(Contrast(0.5, math.nan, 1, 0, 0.001, math.inf))
    assert [each.tolist() for each in parts.errors()] == [[math.inf], [math.inf]]
    assert [each.tolist() for each in parts.interval(0.05)] == [[-math.inf], [math.inf]]


def test_no_parts_have_no_errors():
    assert [each.size for each in (*listed([]).errors(), *listed([]).interval(0.05))] == [0] * 4


GAPS = st.lists(
    st.builds(
        Contrast,
        gap=st.floats(-0.05, 0.05),
        variance=st.floats(1e-8, 1e-3),
        n=st.integers(2, 20),
        freedom=st.integers(1, 19),
        test=st.just(0.0) | st.floats(1e-8, 1e-4),
        test_freedom=st.sampled_from([math.inf, 39.0]),
    ),
    min_size=1,
    max_size=8,
)
NUMBERS = st.lists(st.integers(1, 5), min_size=8, max_size=8)


def made(found, numbers, claim=7):
    pairs = enumerate(zip(numbers, found, strict=False))
    return listed([(i // 3, number, 0.0, claim, each) for i, (number, each) in pairs])


@given(GAPS, NUMBERS, st.sampled_from([0.05, 0.01]))
def test_a_margin_at_the_end_of_the_interval_is_met_at_the_error_rate(found, numbers, rate):
    parts = made(found, numbers)
    low, high = parts.interval(rate)
    assume(np.abs([low, high]).max() < 1e6)  # beyond, the tail of t has no digits left
    assert replace(parts, margin=low).errors()[0] == pytest.approx(rate, rel=1e-5)
    assert replace(parts, margin=high).errors()[1] == pytest.approx(rate, rel=1e-5)


@given(GAPS, NUMBERS)
def test_the_interval_holds_the_gap(found, numbers):
    parts = made(found, numbers)
    low, high = parts.interval(0.05)
    assert (low < parts.gap).all()
    assert (parts.gap < high).all()


@given(GAPS, NUMBERS, st.integers(0, 40), st.integers(1, 40))
def test_more_seeds_of_the_same_means_and_spread_say_more(found, numbers, some, more):
    """Without noise of the test set, whose degrees of freedom are the fewer as the seeds' part gets small."""
    parts = made([replace(each, test=0.0) for each in found], numbers)
    fewer, greater = parts.errors(some), parts.errors(some + more)
    above, below = parts.gap > 0, parts.gap < 0
    for errors, clear in zip(zip(fewer, greater, strict=True), (above, below), strict=True):
        assert (errors[1][clear] <= errors[0][clear] * (1 + 1e-9)).all()


def test_as_many_seeds_more_are_as_a_study_of_that_many():
    found = of_gap(LT - RR)
    larger = replace(found, n=found.n + 4, freedom=found.freedom + 4)
    assert alone(found).errors(4)[0][0] == pytest.approx(alone(larger).errors()[0][0])
