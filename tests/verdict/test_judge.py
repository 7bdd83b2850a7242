"""The judge: planted verdicts, the interval, what is shown and said."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from replicated import around, without

from lthcheck.evidence import ARMS, Row
from lthcheck.verdict.judge import examine, judge, meets
from lthcheck.verdict.terms import Terms, default_delta

ADEQUATE = {0.1: 0.895, 0.2: 0.902, 0.4: 0.880}
JACKPOT = {
    "lt": {0.1: 0.885, 0.2: 0.900, 0.4: 0.870},
    "rr": {0.1: 0.880, 0.2: 0.870, 0.4: 0.860},
    "sdt": {0.1: 0.850, 0.2: 0.860, 0.4: 0.840},
    "dense": ADEQUATE,
    "dense_2t": {0.2: 0.904},
}
# At lr 0.4 the ticket matches dense (.880) and beats the rest, but not the best dense.
SECONDARY = JACKPOT | {"lt": {0.1: 0.885, 0.2: 0.880, 0.4: 0.890}}
# A uselessly small lr, at which everything is at chance, satisfies 4; the others hold where 4 does not.
TRAP = {
    "lt": {1e-9: 0.10, 0.2: 0.890},
    "rr": {1e-9: 0.10, 0.2: 0.870},
    "sdt": {1e-9: 0.10, 0.2: 0.860},
    "dense": {1e-9: 0.10, 0.2: 0.902, 0.4: 0.880},
    "dense_2t": {0.2: 0.904},
}


def evidence(levels, *, sparsity=0.832, method="imp", seeds=(0, 1)):
    """Rows with the planted means: dense and sdt are shared by all methods."""
    offsets = (0.001, -0.001) if len(seeds) == 2 else (0.0,) * len(seeds)
    return around(levels, lambda *_: dict(zip(seeds, offsets, strict=True)), sparsity=sparsity, method=method)


def interval(judgement):
    return judgement.at_least, judgement.at_most


class TestPlantedVerdicts:
    @pytest.mark.parametrize(("levels", "verdict"), [(JACKPOT, "jackpot"), (SECONDARY, "secondary"), (TRAP, "none")])
    def test_are_found(self, levels, verdict):
        assert judge(evidence(levels)).verdict == verdict

    @pytest.mark.parametrize("arm", ["rr", "sdt", "dense"])
    def test_a_ticket_that_an_arm_beats_everywhere_is_none(self, arm):
        beaten = JACKPOT | {arm: {0.1: 0.94, 0.2: 0.95, 0.4: 0.94}, "dense_2t": {0.2: 0.90}}
        assert judge(evidence(beaten)).verdict == "none"

    def test_reinitialisation_that_does_as_well_is_none(self):
        assert judge(evidence(JACKPOT | {"rr": JACKPOT["lt"]})).verdict == "none"

    def test_a_trivial_sparsity_is_none(self):
        assert judge(evidence(JACKPOT, sparsity=0.59)).verdict == "none"

    def test_an_undertrained_recipe_is_none(self):
        assert judge(evidence(JACKPOT | {"dense_2t": {0.2: 0.93}})).verdict == "none"

    def test_an_undertrained_recipe_can_be_vouched_for(self):
        judgement = judge(evidence(JACKPOT | {"dense_2t": {0.2: 0.93}}), assume_adequate=True)
        assert (judgement.verdict, judgement.assumed) == ("jackpot", ("adequate recipe",))

    @pytest.mark.parametrize(
        ("method", "lt", "verdict"),
        [("imp", 0.733, "none"), ("omp", 0.751, "jackpot")],
    )
    def test_mnist1d_as_measured_with_an_adequate_recipe(self, method, lt, verdict):
        # Sparsity .832, T = 80: dense is best inside the grid and gains .001 from 2T.
        levels = {
            "lt": {0.2: lt},
            "rr": {0.2: 0.742},
            "sdt": {0.2: 0.724},
            "dense": {0.1: 0.74, 0.2: 0.755, 0.3: 0.75, 0.4: 0.74},
            "dense_2t": {0.2: 0.756},
        }
        assert judge(evidence(levels, method=method)).verdict == verdict

    def test_mnist1d_as_measured_with_an_undertrained_recipe(self):
        levels = {"lt": {0.2: 0.723}, "rr": {0.2: 0.705}, "dense": {0.2: 0.719}, "dense_2t": {0.2: 0.751}}
        assert judge(evidence(levels)).verdict == "none"

    def test_the_network_gets_the_best_of_its_sparsities(self):
        rows = evidence(TRAP, sparsity=0.832) + [
            row for row in evidence(JACKPOT, sparsity=0.9) if row.arm in {"lt", "rr", "sdt"}
        ]
        judgement = judge(rows)
        assert [(cell.sparsity, cell.verdict) for cell in judgement.cells] == [(0.832, "none"), (0.9, "jackpot")]
        assert judgement.verdict == "jackpot"

    def test_methods_are_judged_side_by_side(self):
        beaten = without(JACKPOT, "sdt", "dense", "dense_2t") | {"rr": JACKPOT["lt"]}
        examined = examine(evidence(JACKPOT, method="imp") + evidence(beaten, method="omp"), Terms())
        assert [examined.of_method(method).judgement.verdict for method in ("imp", "omp")] == ["jackpot", "none"]

    def test_a_diverged_dense_training_is_no_witness(self):
        rows = evidence(JACKPOT | {"lt": {0.4: 0.95}})
        diverged = [replace(row, diverged=row.arm == "dense" and row.lr == 0.4 and row.seed == 1) for row in rows]
        assert (judge(rows).verdict, judge(diverged).verdict) == ("jackpot", "none")


class TestReading:
    def test_the_trap_is_a_prize_read_literally(self):
        assert judge(evidence(TRAP), reading="literal").verdict == "secondary"

    @pytest.mark.parametrize("reading", ["joint", "literal"])
    def test_a_disagreement_is_said(self, reading):
        warnings = judge(evidence(TRAP), reading=reading).warnings
        assert "imp, sparsity 0.832: read jointly none, read literally secondary" in warnings

    def test_an_agreement_is_not(self):
        assert not any("literally" in warning for warning in judge(evidence(JACKPOT)).warnings)

    def test_literally_each_condition_is_shown_at_its_own_lr(self):
        (cell,) = judge(evidence(TRAP), reading="literal").cells
        assert [condition.witness_lr for condition in cell.conditions] == [None, 0.2, 0.2, 1e-9, 0.2]

    def test_it_says_on_what_terms(self):
        said = judge(evidence(JACKPOT), rule="confident", looks=(2, 4))
        assert (said.rule, said.looks, said.validation) == ("confident", (2, 4), False)

    def test_another_reading_is_refused(self):
        with pytest.raises(ValueError, match="reading='both' must be one of joint, literal"):
            judge([], reading="both")


class TestInterval:
    @pytest.mark.parametrize(
        ("missing", "expected"),
        [
            (["rr"], ("none", "jackpot")),
            (["sdt"], ("none", "jackpot")),
            (["dense", "dense_2t"], ("none", "jackpot")),
            (["dense_2t"], ("none", "jackpot")),
        ],
    )
    def test_missing_evidence_opens_it(self, missing, expected):
        assert interval(judge(evidence(without(JACKPOT, *missing)))) == expected

    def test_missing_evidence_that_cannot_help_leaves_it_shut(self):
        assert judge(evidence(without(JACKPOT, "sdt") | {"rr": JACKPOT["lt"]})).verdict == "none"

    def test_what_is_sure_is_its_lower_end(self):
        # lr 0.4 has the secondary prize; lr 0.8, of which dense is not known, could have the jackpot.
        levels = SECONDARY | {"lt": SECONDARY["lt"] | {0.8: 0.91}}
        assert interval(judge(evidence(levels))) == ("secondary", "jackpot")

    def test_without_a_sparsity_it_is_open(self):
        rows = [replace(row, sparsity=None) for row in evidence(JACKPOT)]
        assert interval(judge(rows)) == ("none", "jackpot")

    def test_without_a_ticket_it_is_open(self):
        judgement = judge(evidence(without(JACKPOT, "lt")))
        assert (judgement.cells, interval(judgement)) == ((), ("none", "jackpot"))

    def test_no_rows_at_all_leave_it_open(self):
        assert judge([]).verdict == "undecided"

    @pytest.mark.parametrize(("prize", "met"), [("none", True), ("secondary", True), ("jackpot", False)])
    def test_a_prize_is_met_by_the_lower_end(self, prize, met):
        levels = SECONDARY | {"lt": SECONDARY["lt"] | {0.8: 0.91}}
        assert meets(judge(evidence(levels)), prize) is met

    def test_an_unknown_prize_is_refused(self):
        with pytest.raises(ValueError, match="prize='undecided' must be one of none, secondary, jackpot"):
            meets(judge([]), "undecided")


class TestShown:
    def test_the_witness_is_that_with_the_most_room(self):
        levels = JACKPOT | {"lt": {0.1: 0.899, 0.2: 0.900}}
        (cell,) = judge(evidence(levels)).cells
        assert {condition.witness_lr for condition in cell.conditions[1:]} == {0.2}

    def test_the_witness_of_a_secondary_prize_ignores_5(self):
        (cell,) = judge(evidence(SECONDARY)).cells
        assert [condition.holds for condition in cell.conditions] == [True, True, True, True, False]

    @pytest.mark.parametrize(
        ("levels", "lr"),
        [
            # 0.4 has the smaller room in condition 4, 0.1 the larger deficit in condition 5.
            ({"lt": {0.1: 0.850, 0.4: 0.870}, "dense": {0.1: 0.830, 0.2: 0.902, 0.4: 0.874}}, 0.1),
            # Room is what a gap leaves beyond its own margin: .003 in condition 3 at 0.1, .002 at 0.4.
            ({"lt": {0.1: 0.870, 0.4: 0.869}, "rr": {0.1: 0.862}, "dense": {0.1: 0.8715, 0.2: 0.902, 0.4: 0.854}}, 0.1),
        ],
    )
    def test_the_witness_of_a_secondary_prize_has_the_most_room_in_2_to_4(self, levels, lr):
        (cell,) = judge(evidence({"rr": {0.1: 0.8}, "sdt": {0.1: 0.8}, "dense_2t": {0.2: 0.902}} | levels)).cells
        assert (cell.verdict, cell.conditions[1].witness_lr) == ("secondary", lr)

    def test_a_sure_prize_is_shown_before_a_possible_one(self):
        (cell,) = judge(evidence(SECONDARY | {"lt": SECONDARY["lt"] | {0.8: 0.91}})).cells
        assert cell.conditions[1].witness_lr == 0.4

    @pytest.mark.parametrize(
        ("levels", "lr"),
        [
            # At 0.1 condition 4 holds, at 0.2 it is unknown.
            ({"dense": {0.1: 0.800, 0.3: 0.902, 0.4: 0.8}}, 0.1),
            # At 0.1 condition 4 is unknown, at 0.2 false.
            ({"dense": {0.2: 0.902, 0.4: 0.8}}, 0.1),
            # Equally many fail, at 0.2 by less; condition 2 is unknown at both.
            ({"dense": {0.1: 0.900, 0.2: 0.902, 0.4: 0.8}, "sdt": {}}, 0.2),
        ],
        ids=["met", "possible", "room"],
    )
    def test_the_nearest_miss_meets_most(self, levels, lr):
        misses = {"lt": {0.1: 0.80, 0.2: 0.84}, "rr": {0.1: 0.85}, "sdt": {0.1: 0.85}}
        (cell,) = judge(evidence(misses | levels)).cells
        assert (cell.verdict, cell.conditions[1].witness_lr) == ("none", lr)

    def test_of_equal_misses_the_smaller_lr_is_shown(self):
        flat = dict.fromkeys([0.1, 0.2, 0.4], 0.5)
        (cell,) = judge(evidence(dict.fromkeys(ARMS, flat) | {"dense_2t": flat})).cells
        assert cell.conditions[1].witness_lr == 0.1

    def test_a_refuted_recipe_still_shows_the_witness(self):
        (cell,) = judge(evidence(JACKPOT | {"dense_2t": {0.2: 0.93}})).cells
        assert [condition.holds for condition in cell.conditions] == [False, True, True, True, True]

    def test_cells_come_by_method_then_sparsity(self):
        rows = [Row("lt", 0.1, 0.5, method=m, sparsity=s) for m, s in [("omp", 0.8), ("imp", 0.9), ("imp", 0.8)]]
        assert [(c.method, c.sparsity) for c in judge(rows).cells] == [("imp", 0.8), ("imp", 0.9), ("omp", 0.8)]


class TestWarnings:
    def test_a_balanced_study_has_one(self):
        inside = JACKPOT | {"rr": {0.1: 0.860, 0.2: 0.880, 0.4: 0.870}}
        assert judge(evidence(inside)).warnings == ("the best lr is read off test accuracies, as published",)

    def test_a_single_lr_has_none(self):
        assert judge(evidence({arm: {0.1: 0.5} for arm in ARMS})).warnings == ()

    def test_without_a_ticket(self):
        assert judge([]).warnings == ("no lt rows: there is no ticket to judge",)

    def test_unequal_grids(self):
        grids = "dense 0.1 0.2 0.4; lt 0.1 0.2 0.4; rr 0.1; sdt 0.1 0.2 0.4"
        warnings = judge(evidence(JACKPOT | {"rr": {0.1: 0.88}})).warnings
        assert f"imp, sparsity 0.832: lr grids differ: {grids}" in warnings

    def test_unequal_seeds(self):
        rows = [row for row in evidence(JACKPOT) if row.arm != "rr" or row.seed == 0 or row.lr == 0.1]
        assert (
            "imp, sparsity 0.832: seeds differ: dense 0 1; lt 0 1; rr 0 or 0 1; sdt 0 1; dense at 2T 0 1"
            in judge(rows).warnings
        )

    def test_unequal_numbers_of_rows_without_a_seed(self):
        rows = [replace(row, seed=None) for row in evidence(JACKPOT)] + [Row("rr", 0.1, 0.88, "imp", 0.832)]
        assert any("rr (2 without a seed) or (3 without a seed)" in warning for warning in judge(rows).warnings)

    def test_diverged_rows(self):
        rows = [replace(row, diverged=row.lr == 0.4 and row.arm in {"lt", "dense"}) for row in evidence(JACKPOT)]
        expected = "diverged rows (4) count with the accuracy they have: dense at lr 0.4, lt at lr 0.4"
        assert expected in judge(rows).warnings

    def test_rows_of_another_length(self):
        rows = [*evidence(JACKPOT), Row("dense", 0.1, 0.99, epochs=200), Row("rr", 0.1, 0.99, "imp", 0.832, epochs=40)]
        judgement = judge(rows)
        assert judgement.warnings[:2] == (
            "dense rows of 200 epochs (1) are ignored: lt rows have T = 80, and only 2T = 160 would answer condition 1",
            "rr rows of 40 epochs (1) are ignored: lt rows have T = 80",
        )
        assert judgement.verdict == "jackpot"

    def test_rows_that_serve_no_ticket(self):
        rows = [*evidence(JACKPOT), Row("rr", 0.1, 0.99, "omp", 0.5)]
        expected = "rr rows for omp at sparsity 0.5 serve no ticket: no lt rows have their method and sparsity"
        assert expected in judge(rows).warnings

    def test_masks_from_several_lrs_in_one_mean(self):
        rows = [replace(row, source_lr=0.1 + row.seed / 10 if row.arm == "lt" else None) for row in evidence(JACKPOT)]
        expected = "imp, sparsity 0.832: lt at lr 0.4 averages masks found at lrs 0.1 0.2; judge each apart"
        assert expected in judge(rows).warnings


class TestAdvice:
    def test_a_verdict_needs_none(self):
        assert judge(evidence(JACKPOT)).advice == ()

    @pytest.mark.parametrize(
        ("levels", "advice"),
        [
            (without(JACKPOT, "dense_2t"), ("train dense at lr 0.2 for 2T = 160 epochs",)),
            (without(JACKPOT, "rr"), ("no rr rows for imp at sparsity 0.832",)),
            (without(JACKPOT, "sdt"), ("no sdt rows at sparsity 0.832",)),
            (without(JACKPOT, "dense", "dense_2t"), ("no dense rows",)),
            (
                JACKPOT | {"dense": {0.1: 0.8, 0.2: 0.9}},
                ("add lr 0.4: the best dense lr 0.2 is at the end of its grid",),
            ),
            (SECONDARY | {"lt": SECONDARY["lt"] | {0.8: 0.91}}, ("no dense rows at lr 0.8",)),
            (without(JACKPOT, "lt"), ("train lt: a ticket from its own initialisation",)),
        ],
    )
    def test_says_what_would_decide_it(self, levels, advice):
        assert judge(evidence(levels)).advice == advice

    def test_without_a_sparsity(self):
        rows = [replace(row, sparsity=None) for row in evidence(JACKPOT)]
        assert judge(rows).advice == ("give the sparsity",)

    def test_leaves_out_cells_that_can_win_nothing_more(self):
        open_cell = [row for row in evidence(JACKPOT, sparsity=0.9) if row.arm == "lt"]
        assert judge(evidence(JACKPOT) + open_cell).advice == ()

    def test_says_each_thing_once(self):
        levels = without(JACKPOT, "dense_2t")
        omp = [row for row in evidence(levels, method="omp") if row.arm in {"lt", "rr"}]
        assert judge(evidence(levels) + omp).advice == ("train dense at lr 0.2 for 2T = 160 epochs",)

    def test_following_it_decides(self):
        levels = without(JACKPOT, "dense_2t")
        assert judge(evidence(levels | {"dense_2t": {0.2: 0.904}})).verdict == "jackpot"


class TestClaim:
    def test_agrees_with_the_judge(self):
        rows = evidence(SECONDARY)
        (cell,) = judge(rows).cells
        claims = tuple(examine(rows, Terms()).claim(n, "imp", 0.832, 0.4) for n in (1, 2, 3, 4, 5))
        assert claims == cell.conditions

    def test_without_a_ticket_is_unknown(self):
        rows = evidence(without(JACKPOT, "lt"))
        claims = [examine(rows, Terms()).claim(n, "imp", 0.832, 0.2).holds for n in (1, 2, 3, 4, 5)]
        assert claims == [None] * 5

    def test_needs_an_lr(self):
        with pytest.raises(ValueError, match="lr=None must be a learning rate for condition 3"):
            examine([], Terms()).claim(3, "imp", 0.832, None)


class TestMargins:
    @pytest.mark.parametrize(
        ("dataset", "delta"),
        [
            ("cifar10", 0.005),
            ("cifar100", 0.01),
            ("CIFAR-100", 0.01),
            ("tiny_imagenet", 0.01),
            ("imagenet", 0.015),
            ("cifar10a", 0.005),
            ("cifar10b", 0.005),
            ("cifar10-5000", 0.005),
            ("cifar100-5000", 0.01),
            ("CIFAR-100-5000", 0.01),
            ("mnist1d", 0.005),
            (None, 0.005),
        ],
    )
    def test_default_by_data_set(self, dataset, delta):
        assert default_delta(dataset) == delta

    @pytest.mark.parametrize("name", ["delta", "gamma"])
    @pytest.mark.parametrize("margin", [-0.001, 0.5, float("nan")])
    def test_must_be_fractions(self, name, margin):
        with pytest.raises(ValueError, match=rf"{name}=.* must be a fraction.*0.005 for 0.5 pt"):
            judge([], **{name: margin})


def test_judging_imports_neither_torch_nor_numpy():
    code = (
        "import sys, lthcheck.verdict.judge, lthcheck.verdict.table; "
        "sys.exit(bool({'torch', 'numpy', 'pandas', 'pytest'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
