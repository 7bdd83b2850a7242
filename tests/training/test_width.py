"""How many lanes there are: by memory, and by what was measured."""

from __future__ import annotations

import pytest

from lthcheck.training.width import MOST, best, fitting, tried


@pytest.mark.parametrize(("most", "sizes"), [(1, [1]), (2, [1, 2]), (5, [1, 2, 4, 5]), (16, [1, 2, 4, 8, 16])])
def test_what_is_tried(most: int, sizes: list[int]) -> None:
    assert tried(most) == sizes


def test_what_fits_leaves_a_fifth() -> None:
    assert fitting(free=1000, each=100) == 8
    assert fitting(free=1000, each=900) == 0
    assert fitting(free=1000, each=0) == MOST


def test_the_one_that_is_through_first() -> None:
    assert best(16, {1: 1.0, 2: 1.1, 4: 1.3, 8: 1.9, 16: 4.0}) == 8


def test_a_full_last_round_counts() -> None:
    """12 on 8 lanes are two rounds, as on 6; 16 on 8 are two as well."""
    assert best(12, {4: 1.0, 8: 1.6, 12: 3.1}) == 4
    assert best(16, {4: 1.0, 8: 1.6, 16: 3.3}) == 8


def test_of_those_alike_the_least_memory() -> None:
    assert best(4, {1: 0.99, 2: 2.0, 4: 3.95}) == 1
