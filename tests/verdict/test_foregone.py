"""What a recipe leaves no chance is known before anything is trained."""

from __future__ import annotations

import pytest

from lthcheck.recipes import names, recipe
from lthcheck.verdict.foregone import foregone, no_lr_inside


def test_three_lrs_and_a_sparsity_of_60_percent_leave_everything_open():
    assert foregone([0.1, 0.2, 0.4], [0.6]) == ()


def test_the_lrs_to_add_lie_beyond_both_ends():
    (said,) = foregone([0.01, 0.1], [0.9])
    assert said.endswith("add lr 0.001 and 1")


@pytest.mark.parametrize(("lrs", "more"), [([0.1], 2), ([0.01, 0.1], 1)])
def test_lrs_that_may_be_added_count(lrs, more):
    assert foregone(lrs, [0.9], extend_lr=more) == ()
    assert foregone(lrs, [0.9], extend_lr=more - 1) == no_lr_inside(lrs)


def test_who_vouches_for_the_recipe_hears_of_the_sparsity_alone():
    (said,) = foregone([0.1], [0.5], assume_adequate=True)
    assert said.startswith("condition 1 is false of every ticket: the highest sparsity, 0.5, is below 0.60")


def test_without_a_sparsity_or_lr_nothing_is_known():
    assert foregone([], [], extend_lr=3) == no_lr_inside([]) == ()


def test_the_papers_of_one_or_two_lrs():
    told = {name for name in names() if foregone(recipe(name).lrs, recipe(name).sparsities)}
    assert told == {"liu2021", "frankle2019", "morcos2019", "sahu2022"}
    assert len(foregone(recipe("sahu2022").lrs, recipe("sahu2022").sparsities)) == 2
