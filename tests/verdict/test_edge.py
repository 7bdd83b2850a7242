"""The edge: planted gaps within a standard error of their margin, and just outside."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lthcheck.evidence import Row
from lthcheck.verdict.edge import edge_prizes
from lthcheck.verdict.judge import examine, judge
from lthcheck.verdict.judgement import Cell, Condition, Judgement
from lthcheck.verdict.replicates import Replicates, replicates, standard_error
from lthcheck.verdict.terms import Terms

DELTA = GAMMA = 0.005
NUMBERS = {2: ("sdt", GAMMA), 3: ("rr", GAMMA), 4: ("dense", -DELTA), 5: ("dense", -DELTA)}
# Differences of .002, 0 and -.002 have sample sd .002, and their mean the standard error .002 / sqrt(3) = .001155.
SPREAD = (0.002, 0.0, -0.002)
ERROR = 0.002 / 3**0.5


def rows(arm, lr, mean, spread=SPREAD, seeds=(0, 1, 2)):
    method, sparsity = (None, None) if arm == "dense" else ("imp", 0.832)
    return [
        Row(arm, lr, mean + offset, method, sparsity, seed=seed) for offset, seed in zip(spread, seeds, strict=True)
    ]


def holds_and_edge(evidence, number, lr=0.1):
    condition = examine(evidence, Terms()).claim(number, "imp", 0.832, lr)
    return condition.holds, condition.edge


class TestStandardError:
    def test_is_that_of_paired_differences_where_the_seeds_are_the_same(self):
        one, other = Replicates({0: 0.92, 1: 0.90, 2: 0.88}, ()), Replicates({2: 0.87, 0: 0.91, 1: 0.892}, ())
        # the differences .01, .008 and .01: sample sd .0011547, over sqrt(3)
        assert standard_error(one, other) == pytest.approx(0.002 / 3)

    @pytest.mark.parametrize(
        "other",
        [
            Replicates({1: 0.91, 2: 0.89, 3: 0.87}, ()),
            Replicates({}, (0.91, 0.89, 0.87)),
            Replicates({0: 0.91, 1: 0.89}, (0.87,)),
        ],
        ids=["other seeds", "no seeds", "some without a seed"],
    )
    def test_is_that_of_independent_means_elsewhere(self, other):
        one = Replicates({0: 0.92, 1: 0.90, 2: 0.88}, ())
        assert standard_error(one, other) == pytest.approx((0.02**2 / 3 + 0.02**2 / 3) ** 0.5)

    @pytest.mark.parametrize("other", [Replicates({0: 0.9}, ()), Replicates({}, (0.9,)), Replicates({7: 0.9}, ())])
    def test_is_not_known_of_one_replicate(self, other):
        assert standard_error(Replicates({0: 0.92}, ()), other) is None

    def test_is_not_known_where_one_side_alone_has_several(self):
        assert standard_error(Replicates({0: 0.92, 1: 0.9}, ()), Replicates({0: 0.9}, ())) is None

    def test_the_rows_of_a_seed_are_one_replicate(self):
        masks = [Row("lt", 0.1, accuracy, seed=0, source_lr=lr) for accuracy, lr in ((0.5, 0.1), (0.75, 0.2))]
        assert replicates([*masks, Row("lt", 0.1, 0.25)]) == Replicates({0: 0.625}, (0.25,))


class TestConditions:
    @pytest.mark.parametrize("number", NUMBERS)
    @pytest.mark.parametrize(
        ("room", "expected"),
        [
            (0.99 * ERROR, (True, True)),
            (-0.99 * ERROR, (False, True)),
            (1.01 * ERROR, (True, False)),
            (-1.01 * ERROR, (False, False)),
        ],
    )
    def test_are_at_the_edge_within_one_standard_error_of_the_margin(self, number, room, expected):
        arm, margin = NUMBERS[number]
        evidence = rows("lt", 0.1, 0.8 + margin + room) + rows(arm, 0.1, 0.8, spread=(0, 0, 0))
        assert holds_and_edge(evidence, number) == expected

    @pytest.mark.parametrize("number", NUMBERS)
    def test_a_spread_that_the_arms_share_is_no_error(self, number):
        arm, margin = NUMBERS[number]
        evidence = rows("lt", 0.1, 0.8 + margin + 0.5 * ERROR) + rows(arm, 0.1, 0.8)
        assert holds_and_edge(evidence, number) == (True, False)

    @pytest.mark.parametrize("number", NUMBERS)
    def test_one_seed_knows_no_edge(self, number):
        arm, margin = NUMBERS[number]
        evidence = rows("lt", 0.1, 0.8 + margin, (0,), (0,)) + rows(arm, 0.1, 0.8, (0,), (0,))
        assert holds_and_edge(evidence, number)[1] is False

    @pytest.mark.parametrize(("number", "at_best"), [(2, True), (3, True), (4, False), (5, True)])
    def test_the_spread_is_that_of_the_best_lr_and_of_the_same_lr_in_condition_4(self, number, at_best):
        # The rival is best at lr .2, by so little that the margin is as near, and its seeds scatter there alone.
        arm, margin = NUMBERS[number]
        evidence = rows("lt", 0.1, 0.8 + margin + 0.5 * ERROR, spread=(0, 0, 0))
        evidence += rows(arm, 0.1, 0.8 - 0.0001, spread=(0, 0, 0)) + rows(arm, 0.2, 0.8)
        assert holds_and_edge(evidence, number)[1] is at_best

    def test_a_dense_training_that_diverged_is_no_edge(self):
        dense = [replace(row, diverged=True) for row in rows("dense", 0.1, 0.8)]
        assert holds_and_edge(rows("lt", 0.1, 0.795, spread=(0, 0, 0)) + dense, 4) == (False, False)


FIRST = Condition(1, True, 0.832, None, "")


def ticket(holds, edges=(), lr=0.1):
    """Conditions 2 to 5 at one lr; `edges`: those at the edge."""
    return tuple(Condition(n, held, 0.0, lr, "", edge=n in edges) for n, held in zip((2, 3, 4, 5), holds, strict=True))


JACKPOT, SECONDARY, MISSED = (True, True, True, True), (True, True, True, False), (True, False, True, True)


class TestPrizes:
    @pytest.mark.parametrize(
        ("tickets", "expected"),
        [
            ([ticket(JACKPOT, {3})], ("secondary", "jackpot")),
            ([ticket(JACKPOT, {5})], ("jackpot",)),
            ([ticket(SECONDARY, {5})], ("jackpot",)),
            ([ticket(SECONDARY, {3})], ("secondary",)),
            ([ticket(MISSED, {3})], ("secondary", "jackpot")),
            ([ticket(JACKPOT)], ()),
            # Another lr has the prize without an edge, or at an edge of its own.
            ([ticket(JACKPOT, {3}), ticket(JACKPOT, lr=0.2)], ()),
            ([ticket(JACKPOT, {3}), ticket(JACKPOT, {2}, lr=0.2)], ("secondary", "jackpot")),
            # Two conditions fail, one of them clearly.
            ([ticket((False, False, True, True), {3})], ()),
            ([ticket((False, False, True, True), {2, 3})], ("secondary", "jackpot")),
            # A missing condition leaves the prize open, whatever the edge says.
            ([ticket((None, True, True, True), {3})], ()),
            ([ticket((None, False, True, True), {3})], ("secondary", "jackpot")),
        ],
    )
    def test_hinge_on_their_conditions_at_the_edge(self, tickets, expected):
        assert edge_prizes(FIRST, tickets, "joint") == expected

    def test_of_a_refuted_recipe_are_none(self):
        assert edge_prizes(replace(FIRST, holds=False), [ticket(JACKPOT, {2, 3, 4, 5})], "joint") == ()

    def test_read_literally_hinge_on_the_conditions_at_any_lr(self):
        tickets = [ticket((True, False, False, False)), ticket((False, True, True, False), {3}, lr=0.2)]
        assert [edge_prizes(FIRST, tickets, reading) for reading in ("joint", "literal")] == [(), ("secondary",)]


def cell(at_least, at_most, *edge):
    return Cell("imp", 0.832, at_least, at_most, (), edge)


class TestVerdict:
    @pytest.mark.parametrize(
        ("cells", "edge"),
        [
            ([cell("jackpot", "jackpot", "jackpot")], ("jackpot",)),
            ([cell("jackpot", "jackpot", "jackpot"), cell("jackpot", "jackpot")], ()),
            ([cell("none", "none", "secondary"), cell("none", "none")], ("secondary",)),
            ([cell("none", "none", "secondary"), cell("secondary", "secondary")], ()),
            ([cell("none", "none", "secondary"), cell("none", "jackpot")], ()),
            ([], ()),
        ],
    )
    def test_is_at_the_edge_where_no_other_cell_decides_it(self, cells, edge):
        assert Judgement("paper", "joint", DELTA, GAMMA, (), tuple(cells), (), ()).edge == edge

    @pytest.mark.parametrize(("room", "edge"), [(0.99 * ERROR, ("secondary", "jackpot")), (1.01 * ERROR, ())])
    def test_of_a_planted_jackpot_hinges_on_the_gap_to_reinitialisation(self, room, edge):
        evidence = rows("lt", 0.1, 0.9) + rows("rr", 0.1, 0.9 - GAMMA - room, spread=(0, 0, 0))
        evidence += rows("sdt", 0.1, 0.8) + rows("dense", 0.1, 0.9)
        judgement = judge(evidence, assume_adequate=True)
        assert (judgement.verdict, judgement.edge) == ("jackpot", edge)
