"""The spread: variances steadied by each other, against Smyth 2004."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import polygamma, psi

from lthcheck.verdict import spread
from lthcheck.verdict.spread import LEAST, MOST, _trigamma_inverse

MANY = 10**9
POSITIVE = st.floats(1e-8, 1e-2)


def steadied(variance, freedom, witnesses=MANY):
    return spread.steadied(variance, freedom, witnesses=witnesses)


def drawn(prior, freedom, usual=2e-6, count=6000, seed=0):
    """Variances with `freedom` degrees of freedom each, of truths from a scaled inverse chi-squared."""
    rng = np.random.default_rng(seed)
    truth = usual * (1.0 if prior is None else prior / rng.chisquare(prior, count))
    return truth * rng.chisquare(freedom, count) / freedom, np.full(count, float(freedom))


@pytest.mark.parametrize("freedom", [2, 9])
@pytest.mark.parametrize("prior", [5.0, 8.0])
def test_the_prior_is_recovered(prior, freedom):
    _, counted = steadied(*drawn(prior, freedom))
    assert np.unique(counted) == pytest.approx([freedom + prior], abs=0.12 * prior)


@pytest.mark.parametrize("freedom", [2, 9])
def test_the_usual_variance_is_recovered(freedom):
    variance, counted = drawn(6.0, freedom)
    variance[0] = 0.0  # which shows the prior alone
    steady, counted = steadied(variance, counted)
    assert steady[0] * counted[0] / (counted[0] - freedom) == pytest.approx(2e-6, rel=0.05)


def test_equal_variances_count_the_most():
    variance, freedom = np.full(20, 1e-6), np.full(20, 2.0)
    assert steadied(variance, freedom)[1].tolist() == [2 + MOST] * 20


def test_variances_of_one_truth_count_the_most():
    assert np.unique(steadied(*drawn(None, 2))[1]) == pytest.approx([2 + MOST], abs=0.5)


def test_unlike_variances_stand_alone():
    variance, freedom = np.geomspace(1e-9, 1e-3, 20), np.full(20, 9.0)
    assert [each.tolist() for each in steadied(variance, freedom)] == [variance.tolist(), freedom.tolist()]


@pytest.mark.parametrize(("witnesses", "worth"), [(1, 0), (2, 0), (3, 4), (4, 6), (6, MOST), (99, MOST)])
def test_they_count_for_no_more_than_their_witnesses(witnesses, worth):
    """Of 2 degrees of freedom each; less than LEAST is nothing."""
    assert LEAST == 4
    counted = steadied(np.full(20, 1e-6), np.full(20, 2.0), witnesses)[1]
    assert np.unique(counted).tolist() == [2 + worth]


@given(st.lists(st.tuples(POSITIVE | st.just(0.0), st.integers(0, 20)), min_size=1, max_size=12))
def test_no_variance_gets_smaller_and_none_counts_for_less(found):
    variance, freedom = np.array(found, dtype=float).T
    steady, counted = steadied(variance, freedom)
    known = ~np.isnan(steady)
    assert (steady[known] >= variance[known]).all()
    assert (counted[known] >= freedom[known]).all()
    assert (counted[known] <= freedom[known] + MOST).all()
    assert (counted[~known] == 0).all()


@given(POSITIVE, st.integers(1, 20))
def test_one_stays_as_it_is(variance, freedom):
    steady, counted = steadied(np.array([variance]), np.array([float(freedom)]))
    assert (steady.tolist(), counted.tolist()) == ([variance], [freedom])


def test_no_variances_at_all():
    assert [each.tolist() for each in steadied(np.array([]), np.array([]))] == [[], []]


def test_equal_replicates_tell_nothing_alone():
    steady, counted = steadied(np.zeros(5), np.full(5, 2.0))
    assert np.isnan(steady).all()
    assert not counted.any()


def test_equal_replicates_get_what_is_usual():
    variance = np.array([0.0, 1e-6, 1e-6, 1e-6])
    steady, counted = steadied(variance, np.full(4, 2.0))
    # Smyth's e = log s2 - psi(d / 2) + log(d / 2), s0 = exp(mean e + psi(d0 / 2) - log(d0 / 2)); d = 2, d0 = MOST
    usual = 1e-6 * np.exp(-psi(1) + psi(MOST / 2) - np.log(MOST / 2))
    assert steady[0] == pytest.approx(MOST * usual / (2 + MOST))
    assert counted[0] == 2 + MOST


def test_one_replicate_stays_unknown_beside_others():
    steady, counted = steadied(np.array([np.nan, 1e-6, 1e-6, 1e-6]), np.array([0.0, 2.0, 2.0, 2.0]))
    assert np.isnan(steady).tolist() == [True, False, False, False]
    assert counted[0] == 0


@given(st.floats(1e-3, 1e4))
def test_the_inverse_of_trigamma(x):
    assert _trigamma_inverse(float(polygamma(1, x))) == pytest.approx(x, rel=1e-8)
