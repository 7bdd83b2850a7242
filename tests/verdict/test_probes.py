"""Probes of the controls at 2T: what puts conditions 2 and 3 in doubt, and what is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lthcheck.evidence import Row
from lthcheck.verdict.judge import judge
from lthcheck.verdict.means import Means, by_length, means_at
from lthcheck.verdict.probes import doubts

STANDS = Means(
    method="imp",
    sparsity=0.9,
    epochs=80,
    lt={0.1: 0.90, 0.2: 0.91, 0.4: 0.90},
    rr={0.1: 0.87, 0.2: 0.88, 0.4: 0.87},
    sdt={0.1: 0.85, 0.2: 0.86, 0.4: 0.85},
    dense={0.1: 0.90, 0.2: 0.91, 0.4: 0.90},
    dense_2t={0.2: 0.91},
    dense_diverged=(),
    dense_2t_diverged=(),
    rr_2t={0.2: 0.88},
    sdt_2t={0.2: 0.86},
)


def of(number, means=STANDS, lr=0.2):
    return doubts(number, means, lr, gamma=0.005)


class TestDoubts:
    @pytest.mark.parametrize("number", [2, 3])
    def test_are_none_where_the_probe_leaves_the_gap_open(self, number):
        assert of(number) == ()

    @pytest.mark.parametrize("number", [2, 3])
    def test_are_none_without_the_control(self, number):
        assert of(number, replace(STANDS, rr={}, sdt={})) == ()

    @pytest.mark.parametrize(
        ("number", "probed", "asked"),
        [
            (2, {}, "train sdt at sparsity 0.9 at lr 0.2 for 2T = 160 epochs"),
            (3, {}, "train rr for imp at sparsity 0.9 at lr 0.2 for 2T = 160 epochs"),
            (3, {0.1: 0.5}, "train rr for imp at sparsity 0.9 at lr 0.2 for 2T = 160 epochs"),
        ],
        ids=["sdt", "rr", "rr at another lr"],
    )
    def test_a_probe_that_is_missing_is_asked_for(self, number, probed, asked):
        assert of(number, replace(STANDS, rr_2t=probed, sdt_2t=probed)) == (asked,)

    def test_without_lengths_they_are_asked_for(self):
        assert of(3, replace(STANDS, rr_2t={}, epochs=None))[0].endswith("for 2T, and give the epochs of every row")

    @pytest.mark.parametrize(("twice", "closes"), [(0.9049, False), (0.905, True), (0.92, True)])
    def test_a_gap_that_closes_at_the_lr_of_the_ticket(self, twice, closes):
        assert bool(of(3, replace(STANDS, rr_2t={0.2: twice}))) is closes
        assert of(2, replace(STANDS, rr_2t={0.2: twice})) == ()

    def test_a_gap_that_closes_is_told_with_its_numbers(self):
        assert of(2, replace(STANDS, sdt_2t={0.2: 0.908})) == (
            "sdt trained for 2T = 160 epochs at lr 0.2 closes the gap: LT .910, SDT .908 (condition 2 would not hold)",
        )

    def test_a_best_lr_at_the_end_of_its_grid(self):
        means = replace(STANDS, rr={0.1: 0.87, 0.2: 0.88, 0.4: 0.885}, rr_2t={0.4: 0.885})
        assert of(3, means) == ("add lr 0.8: the best rr lr 0.4 is at the end of its grid",)


def rows(rr_2t, *, rr=(0.87, 0.88, 0.87), diverged=False):
    levels = {"lt": (0.90, 0.91, 0.90), "dense": (0.90, 0.91, 0.90), "rr": rr, "sdt": (0.85, 0.86, 0.85)}
    found = [
        Row(arm, lr, mean, *((None, None) if arm == "dense" else ("imp", 0.9)), seed=0, epochs=80)
        for arm, means in levels.items()
        for lr, mean in zip((0.1, 0.2, 0.4), means, strict=True)
    ]
    found.append(Row("dense", 0.2, 0.91, seed=0, epochs=160))
    return [*found, Row("rr", 0.2, rr_2t, "imp", 0.9, seed=0, epochs=160, diverged=diverged)]


class TestEvidence:
    def test_rr_rows_of_2t_are_the_probe_and_nothing_else(self):
        means = means_at(by_length(rows(0.89)), "imp", 0.9)
        assert (means.rr_2t, means.rr[0.2], means.dense_2t) == ({0.2: 0.89}, 0.88, {0.2: 0.91})

    def test_a_probe_that_diverged_is_none(self):
        assert means_at(by_length(rows(0.1, diverged=True)), "imp", 0.9).rr_2t == {}


class TestPaper:
    """The rule paper reports what it does not weigh."""

    def test_tells_of_a_gap_that_closes(self):
        judgement = judge(rows(0.908))
        closes = (
            "rr trained for 2T = 160 epochs at lr 0.2 closes the gap: LT .910, RR .908 (condition 3 would not hold)"
        )
        assert f"imp, sparsity 0.9: {closes}" in judgement.warnings
        assert judgement.verdict == "jackpot"

    def test_tells_nothing_of_a_gap_that_stays_open_or_of_rows_ignored(self):
        assert judge(rows(0.88)).warnings == ("the best lr is read off test accuracies, as published",)

    def test_tells_of_a_best_lr_at_the_end_of_its_grid(self):
        warnings = judge(rows(0.88, rr=(0.87, 0.88, 0.885))).warnings
        assert "imp, sparsity 0.9: the best rr lr 0.4 is at the end of its grid" in warnings

    def test_tells_nothing_where_no_ticket_stands(self):
        warnings = judge(rows(0.92, rr=(0.90, 0.91, 0.92))).warnings
        assert warnings == ("the best lr is read off test accuracies, as published",)
