"""The choice on a validation split: of the ticket, and of its rivals' lrs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from replicated import JACKPOT, NONE, SECONDARY, rows

from lthcheck.verdict.choice import Ticket, chosen
from lthcheck.verdict.confident import confidence
from lthcheck.verdict.judge import judge
from lthcheck.verdict.means import by_length, means_at
from lthcheck.verdict.table import read_table
from lthcheck.verdict.terms import Terms

TERMS = Terms(rule="confident", validation=True)


def validated(levels, validation, **how):
    """Rows of `levels` whose validation accuracies are `validation`'s, of the same lrs."""
    chosen_by = rows(validation, **how)
    return [replace(row, validation=by.accuracy) for row, by in zip(rows(levels, **how), chosen_by, strict=True)]


def tickets(found):
    return confidence(by_length(found), TERMS).tickets


def said(found, **terms):
    return judge(found, rule="confident", validation=True, **terms)


BETTER_AT_01 = JACKPOT | {"lt": {0.1: 0.905, 0.2: 0.880, 0.4: 0.870}}


class TestTicket:
    def test_is_that_which_is_best_on_the_split(self):
        (ticket,) = tickets(validated(JACKPOT, BETTER_AT_01))
        assert ticket.lr == 0.1
        (ticket,) = tickets(validated(BETTER_AT_01, JACKPOT))
        assert ticket.lr == 0.2

    def test_is_judged_by_the_test_split(self):
        (ticket,) = tickets(validated(JACKPOT, BETTER_AT_01))
        assert ticket.means.lt == pytest.approx(JACKPOT["lt"])
        (cell,) = said(validated(JACKPOT, BETTER_AT_01)).cells
        assert {condition.witness_lr for condition in cell.conditions[1:]} == {0.1}
        assert cell.conditions[4].gap == pytest.approx(0.885 - 0.901)

    @pytest.mark.parametrize(("levels", "verdict"), [(JACKPOT, "jackpot"), (SECONDARY, "secondary"), (NONE, "none")])
    def test_wins_what_is_planted(self, levels, verdict):
        assert said(validated(levels, levels)).verdict == verdict

    def test_that_loses_says_nothing_of_those_not_chosen(self):
        found = validated(JACKPOT, BETTER_AT_01)
        assert said(found).verdict == "none"
        assert judge(found, rule="confident").verdict == "jackpot"

    def test_is_of_a_sparsity_that_is_not_trivial(self):
        trivial = [row for row in validated(JACKPOT, BETTER_AT_01, sparsity=0.5) if row.arm != "dense"]
        (ticket,) = tickets([*validated(JACKPOT, JACKPOT), *trivial])
        assert (ticket.means.sparsity, ticket.lr) == (0.832, 0.2)

    def test_is_of_a_trivial_one_where_there_is_no_other(self):
        (ticket,) = tickets(validated(JACKPOT, JACKPOT, sparsity=0.5))
        assert ticket.means.sparsity == 0.5

    def test_is_one_of_each_method(self):
        omp = [row for row in validated(NONE, NONE, method="omp") if row.arm in {"lt", "rr"}]
        found = [*validated(JACKPOT, JACKPOT), *omp]
        assert [(each.means.method, each.lr) for each in tickets(found)] == [("imp", 0.2), ("omp", 0.4)]

    def test_is_not_one_at_whose_lr_dense_diverged(self):
        levels = JACKPOT | {"dense": JACKPOT["dense"] | {0.4: 0.1}, "lt": {0.1: 0.885, 0.2: 0.895, 0.4: 0.9}}
        found = [replace(row, diverged=row.arm == "dense" and row.lr == 0.4) for row in validated(levels, levels)]
        (ticket,) = tickets(found)
        assert ticket.lr == 0.2

    def test_is_paid_for_as_before(self):
        assert said(validated(JACKPOT, JACKPOT)).certainty.tickets == 3


class TestRivals:
    def test_are_held_against_at_every_lr(self):
        """A choice among rivals would hide one that was unlucky on the split, and noisy."""
        validation = JACKPOT | {"rr": {0.1: 0.872, 0.2: 0.870, 0.4: 0.860}}
        (ticket,) = tickets(validated(JACKPOT, validation))
        assert ticket.means.rr == pytest.approx(JACKPOT["rr"])

    def test_that_are_missing_stay_so(self):
        lengths = by_length([row for row in validated(JACKPOT, JACKPOT) if row.arm == "lt"])
        means = means_at(lengths, "imp", 0.832)
        (ticket,) = chosen([Ticket(0, means, lr) for lr in means.lt], lengths, TERMS)
        assert (ticket.means.rr, ticket.means.sdt, ticket.means.dense) == ({}, {}, {})


def test_a_table_may_have_a_column_validation():
    lines = ["arm,lr,accuracy,validation,seed,method,sparsity,epochs"]
    for row in validated(JACKPOT, BETTER_AT_01):
        known = (row.arm, row.lr, row.accuracy, row.validation, row.seed, row.method, row.sparsity, row.epochs)
        lines.append(",".join("" if value is None else str(value) for value in known))
    (found,) = read_table(lines).values()
    (ticket,) = tickets(found)
    assert ticket.lr == 0.1
    assert said(found) == said(validated(JACKPOT, BETTER_AT_01))


def test_without_it_the_rows_are_refused():
    with pytest.raises(ValueError, match="validation=None must be an accuracy to choose by"):
        said(rows(JACKPOT))
