"""Folds deal out the test split: all of it, evenly, and the same way in every study."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lthcheck import folds

SAMPLES = st.integers(2, 500)
CORRECT = st.integers(2, 500).flatmap(lambda n: st.lists(st.booleans(), min_size=n, max_size=n))


def fold_of_each(n):
    """The fold of each sample, as `counts` tells it of one that is right alone."""
    return [folds.counts(np.arange(n) == sample).index(1) for sample in range(n)]


@given(st.integers(0, 500))
def test_there_are_at_most_40_and_evenly_many(n):
    assert folds.fold_count(n) % 2 == 0
    assert n - 1 <= folds.fold_count(n) <= n or folds.fold_count(n) == 40 <= n


@given(SAMPLES)
def test_folds_partition_the_samples_evenly(n):
    assert folds.counts(np.ones(n, bool)) == folds.sizes(n)
    assert sum(folds.sizes(n)) == n
    assert max(folds.sizes(n)) - min(folds.sizes(n)) <= 1


@given(CORRECT)
def test_counts_sum_to_the_accuracy(right):
    found = folds.counts(np.array(right))
    assert sum(found) == sum(right)
    folds.check(found, sum(right) / len(right), len(right))


@given(CORRECT)
def test_a_sample_is_in_one_fold_whatever_else_is_right(right):
    """So that the folds of two networks hold the same samples."""
    right = np.array(right)
    both = zip(folds.counts(right), folds.counts(~right), strict=True)
    assert tuple(map(sum, both)) == folds.sizes(len(right))


def test_the_deal_is_what_it_was_when_records_were_written():
    dealt = np.array(fold_of_each(1000), dtype=np.uint8)
    assert hashlib.sha256(dealt.tobytes()).hexdigest()[:16] == "bfac3aab284c71d3"


def test_the_deal_does_not_depend_on_global_seeds():
    np.random.seed(1)  # noqa: NPY002
    one = fold_of_each(50)
    folds._dealt.cache_clear()
    np.random.seed(2)  # noqa: NPY002
    assert fold_of_each(50) == one


def test_the_deal_is_random():
    """Neighbours of one class, as data sets are often sorted, are spread over the folds."""
    first_class = folds.counts(np.arange(10_000) < 1000)
    assert 15 < min(first_class) < 25 < max(first_class) < 40
    assert len(set(first_class)) > 5


def test_the_folds_of_a_half_have_its_sizes():
    for n in range(2, 200):
        odd = folds.sizes(n)[1::2]
        assert folds.sizes(sum(odd), len(odd)) == odd


def test_their_variance_is_that_of_another_test_set():
    """Of paired differences: two networks that agree on most samples differ by less than two independent ones."""
    rng = np.random.default_rng(0)
    n = 4000
    estimates, differences = [], []
    for _ in range(200):
        easy = rng.random(n) < 0.8  # both are right; else each is right by chance, one more often
        one, other = easy | (rng.random(n) < 0.6), easy | (rng.random(n) < 0.4)
        by_fold = (np.array(folds.counts(one)) - np.array(folds.counts(other))) / np.array(folds.sizes(n))
        estimates.append(by_fold.var(ddof=1) / len(by_fold))
        differences.append(one.mean() - other.mean())
    assert np.mean(estimates) == pytest.approx(np.var(differences, ddof=1), rel=0.3)
    assert np.mean(estimates) < 0.6 * (0.92 * 0.08 + 0.88 * 0.12) / n  # what it would be without pairing


@pytest.mark.parametrize(
    ("counts", "accuracy", "told"),
    [
        ((1, 1), 0.5, r"folds=2 counts must be 4, as a test split of 4 samples has"),
        ((2, 0, 0, 0), 0.5, r"folds=\[2, 0, 0, 0\] must not be above the sizes of 4 folds of 4 samples"),
        ((1, 1, 0, 0), 0.75, r"folds with 2 correct samples must have accuracy=0\.75 of 4"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts, accuracy, told):
    with pytest.raises(ValueError, match=f"^{told}"):
        folds.check(counts, accuracy, 4)


def test_importing_them_imports_no_numpy():
    program = "import sys, lthcheck.folds, lthcheck.verdict.halves; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
