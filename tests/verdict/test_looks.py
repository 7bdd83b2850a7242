"""Looks: from the first number of seeds to the most."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from lthcheck.verdict.looks import looks


@given(st.integers(1, 60), st.integers(0, 200))
def test_begin_and_end_where_asked_and_grow(first, more):
    made = looks(first, first + more)
    assert (made[0], made[-1]) == (first, first + more)
    assert all(before < after for before, after in pairwise(made))


def test_are_few():
    assert len(looks(1, 1000)) <= 16


def test_grow_by_about_three_fifths():
    assert looks(10, 100) == (10, 16, 26, 42, 67, 100)
