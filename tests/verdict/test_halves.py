"""Halves: what is chosen by and what is tested on share no sample, and together are the test split."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lthcheck import folds
from lthcheck.evidence import Row
from lthcheck.verdict.halves import half, halved

CORRECT = st.integers(2, 300).flatmap(lambda n: st.lists(st.booleans(), min_size=n, max_size=n)).map(np.array)


def row_of(correct):
    return Row("lt", 0.1, int(correct.sum()) / correct.size, seed=0, folds=folds.counts(correct))


@given(CORRECT)
def test_the_halves_average_to_the_whole(correct):
    row, n = row_of(correct), correct.size
    (made,) = halved([row], n)
    tested = half(n)
    assert 0 <= n - 2 * tested <= 1
    assert made.validation * (n - tested) + made.accuracy * tested == pytest.approx(correct.sum())


@given(CORRECT)
def test_what_follows_sees_a_test_split_of_half_the_size(correct):
    (made,) = halved([row_of(correct)], correct.size)
    assert len(made.folds) == folds.fold_count(correct.size) // 2
    assert sum(made.folds) == round(made.accuracy * half(correct.size))
    spaces = folds.sizes(half(correct.size), len(made.folds))
    assert all(count <= size for count, size in zip(made.folds, spaces, strict=True))


@given(CORRECT)
def test_only_results_change_and_only_once(correct):
    row = row_of(correct)
    (made,) = halved([row], correct.size)
    changed = {name for name, value in vars(row).items() if getattr(made, name) != value}
    assert changed <= {"accuracy", "folds", "validation"}
    assert halved([made], correct.size) == (made,)


def test_by_hand():
    row = Row("rr", 0.1, 3 / 8, folds=(1, 0, 1, 1, 0, 0, 0, 0))
    assert halved([row], 8) == (Row("rr", 0.1, 0.25, folds=(0, 1, 0, 0), validation=0.5),)
    assert half(8) == 4


@pytest.mark.parametrize("test_size", [None, 100])
def test_a_validation_accuracy_of_its_own_stays(test_size):
    row = Row("lt", 0.1, 0.5, validation=0.6)
    assert halved([row], test_size) == (row,)


def test_a_diverged_run_is_at_chance_on_both():
    (made,) = halved([Row("lt", 0.1, 0.25, diverged=True)], 100)
    assert (made.accuracy, made.validation, made.folds) == (0.25, 0.25, None)


@pytest.mark.parametrize(
    ("row", "test_size", "told"),
    [
        (
            Row("lt", 0.1, 0.5),
            100,
            r"lt at lr 0\.1: validation=None must be an accuracy to choose by; fill a table's column validation; "
            r"where a store does not tell .*, ask the study with another store",
        ),
        (
            Row("lt", 0.1, 0.5, folds=(1, 0)),
            None,
            "test_size=None must be the samples that folds are counts of",
        ),
        (Row("lt", 0.1, 0.5, folds=(1, 0)), 4, "folds=2 counts must be 4"),
    ],
)
def test_what_cannot_be_halved_is_refused(row, test_size, told):
    with pytest.raises(ValueError, match=f"^{told}"):
        halved([row], test_size)
