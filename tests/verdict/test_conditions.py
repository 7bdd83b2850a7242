"""The five conditions: each on its own, by hand-made means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lthcheck.evidence import Row
from lthcheck.grid import best_lr, lrs_beyond
from lthcheck.verdict.conditions import adequacy, condition, every, first_condition
from lthcheck.verdict.means import Means, by_length, means_at

DELTA = GAMMA = 0.005

# An adequate recipe (dense is best at 0.2, inside the grid, and gains .002 from 2T) and a planted jackpot at lr 0.2.
PLANTED = Means(
    method="imp",
    sparsity=0.832,
    epochs=80,
    lt={0.1: 0.890, 0.2: 0.900},
    rr={0.1: 0.880, 0.2: 0.870},
    sdt={0.1: 0.850, 0.2: 0.860},
    dense={0.1: 0.895, 0.2: 0.902, 0.4: 0.880},
    dense_2t={0.2: 0.904},
    dense_diverged=(),
    dense_2t_diverged=(),
)


def holds(number, means, lr=0.2):
    return condition(number, means, lr, delta=DELTA, gamma=GAMMA).holds


def detail(number, means, lr=0.2):
    return condition(number, means, lr, delta=DELTA, gamma=GAMMA).detail


def first(means, **options):
    return first_condition(means, delta=DELTA, **options)


class TestConditions2To5:
    @pytest.mark.parametrize("number", [2, 3, 4, 5])
    def test_a_planted_ticket_meets_them(self, number):
        assert holds(number, PLANTED) is True

    @pytest.mark.parametrize(("number", "arm"), [(2, "sdt"), (3, "rr")])
    def test_the_gap_is_to_the_best_lr_of_the_other_arm(self, number, arm):
        means = replace(PLANTED, **{arm: {0.1: 0.896, 0.2: 0.5}})
        result = condition(number, means, 0.2, delta=DELTA, gamma=GAMMA)
        assert (result.holds, result.gap) == (False, pytest.approx(0.004))

    @pytest.mark.parametrize(("number", "arm"), [(2, "sdt"), (3, "rr")])
    @pytest.mark.parametrize(("rival", "expected"), [(0.8949, True), (0.895, False), (0.8951, False)])
    def test_a_gap_of_exactly_gamma_is_not_clear(self, number, arm, rival, expected):
        assert holds(number, replace(PLANTED, **{arm: {0.2: rival}})) is expected

    @pytest.mark.parametrize(("rival", "expected"), [(0.9049, True), (0.905, True), (0.9051, False)])
    def test_a_gap_of_exactly_delta_is_similar(self, rival, expected):
        means = replace(PLANTED, dense={0.2: rival})
        assert (holds(4, means), holds(5, means)) == (expected, expected)

    @pytest.mark.parametrize(("number", "off", "expected"), [(3, 5e-10, False), (4, -5e-10, True)])
    def test_equality_reaches_as_far_as_1e_9(self, number, off, expected):
        rivals = {"rr": {0.2: 0.895 - off}, "dense": {0.2: 0.905 - off}}
        assert holds(number, replace(PLANTED, **rivals)) is expected

    @pytest.mark.parametrize(("number", "off", "expected"), [(3, 2e-9, True), (4, -2e-9, False)])
    def test_equality_reaches_no_further(self, number, off, expected):
        rivals = {"rr": {0.2: 0.895 - off}, "dense": {0.2: 0.905 - off}}
        assert holds(number, replace(PLANTED, **rivals)) is expected

    def test_4_looks_at_the_same_lr_alone(self):
        assert holds(4, replace(PLANTED, dense={0.1: 0.99, 0.2: 0.90})) is True

    def test_5_looks_at_the_best_lr(self):
        assert holds(5, replace(PLANTED, dense={0.1: 0.99, 0.2: 0.90})) is False

    @pytest.mark.parametrize(
        ("number", "arm", "missing"),
        [
            (2, "sdt", "no sdt rows at sparsity 0.832"),
            (3, "rr", "no rr rows for imp at sparsity 0.832"),
            (4, "dense", "no dense rows"),
            (5, "dense", "no dense rows"),
        ],
    )
    def test_without_the_other_side_they_are_unknown(self, number, arm, missing):
        means = replace(PLANTED, **{arm: {}})
        assert (holds(number, means), detail(number, means)) == (None, missing)

    def test_without_dense_at_the_lr_4_is_unknown(self):
        means = replace(PLANTED, dense={0.1: 0.89})
        assert (holds(4, means), detail(4, means)) == (None, "no dense rows at lr 0.2")

    def test_without_the_ticket_they_are_unknown(self):
        assert detail(3, PLANTED, lr=0.7) == "no lt rows for imp at sparsity 0.832 at lr 0.7"

    def test_lrs_match_across_rounding(self):
        assert holds(4, replace(PLANTED, dense={0.1 + 0.1 + 1e-17: 0.9}), lr=0.2) is True

    def test_an_lr_at_which_dense_diverged_is_no_witness(self):
        means = replace(PLANTED, dense={0.2: 0.1}, dense_diverged=(0.2,))
        assert (holds(4, means), detail(4, means)) == (False, "dense diverged at lr 0.2, which is no witness")

    def test_another_number_is_refused(self):
        with pytest.raises(ValueError, match=r"number=1 must be 2, 3, 4 or 5"):
            holds(1, PLANTED)


class TestDetail:
    def test_says_the_two_numbers_and_the_margin(self):
        assert detail(4, replace(PLANTED, lt={0.2: 0.85}, dense={0.2: 0.9})) == "LT .850 < dense .900 - .005"

    def test_says_the_lr_of_a_best(self):
        assert detail(3, PLANTED) == "LT .900 > best RR (lr 0.1) .880 + .005"

    def test_has_the_decimals_that_make_it_true(self):
        assert detail(3, replace(PLANTED, rr={0.2: 0.8949})) == "LT .9000 > best RR (lr 0.2) .8949 + .005"


class TestCondition1:
    def test_a_sparse_ticket_of_an_adequate_recipe_meets_it(self):
        assert first(PLANTED).holds is True

    @pytest.mark.parametrize(("s", "expected"), [(0.5999, False), (0.6 - 1e-10, True), (0.6, True)])
    def test_sparsity_starts_at_60_percent(self, s, expected):
        assert first(replace(PLANTED, sparsity=s)).holds is expected

    def test_without_a_sparsity_it_is_unknown(self):
        assert first(replace(PLANTED, sparsity=None)).holds is None

    def test_without_a_sparsity_an_undertrained_recipe_still_refutes_it(self):
        assert first(replace(PLANTED, sparsity=None, dense_2t={0.2: 0.95})).holds is False

    @pytest.mark.parametrize(("twice", "expected"), [(0.80, True), (0.907, True), (0.9071, False)])
    def test_dense_gains_at_most_delta_from_2t(self, twice, expected):
        assert first(replace(PLANTED, dense_2t={0.2: twice})).holds is expected

    @pytest.mark.parametrize("probed", [{}, {0.1: 0.9}])
    def test_not_probed_at_the_best_lr_it_is_unknown(self, probed):
        assert first(replace(PLANTED, dense_2t=probed)).holds is None

    def test_a_probe_that_diverged_vouches_for_nothing(self):
        assert first(replace(PLANTED, dense_2t={0.2: 0.1}, dense_2t_diverged=(0.2,))).holds is None

    @pytest.mark.parametrize("best", [0.1, 0.4])
    def test_best_at_an_end_of_the_grid_it_is_unknown(self, best):
        assert first(replace(PLANTED, dense=PLANTED.dense | {best: 0.91}, dense_2t={best: 0.91})).holds is None

    def test_best_at_an_end_an_undertrained_recipe_still_refutes_it(self):
        assert first(replace(PLANTED, dense=PLANTED.dense | {0.4: 0.91}, dense_2t={0.4: 0.95})).holds is False

    def test_a_tie_with_an_interior_lr_counts_as_interior(self):
        assert first(replace(PLANTED, dense={0.1: 0.902 + 5e-10, 0.2: 0.902, 0.4: 0.8})).holds is True

    def test_vouched_for_it_is_the_sparsity_alone(self):
        assert first(replace(PLANTED, dense={}, dense_2t={}), assume_adequate=True).holds is True

    def test_vouched_for_it_still_needs_the_sparsity(self):
        assert first(replace(PLANTED, sparsity=0.5), assume_adequate=True).holds is False

    def test_says_all_three_parts(self):
        assert first(PLANTED).detail == (
            "sparsity .832 >= .6; dense .904 in 2T = 160 epochs <= .902 in T + .005 at lr 0.2; "
            "best dense lr 0.2 is inside the grid 0.1 to 0.4"
        )

    def test_counts_one_epoch_as_one(self):
        assert "dense .904 in 2T = 1 epoch <= " in first(replace(PLANTED, epochs=0.5)).detail


class TestRemedies:
    @pytest.mark.parametrize(
        ("change", "remedies"),
        [
            ({}, ()),
            ({"dense_2t": {}}, ("train dense at lr 0.2 for 2T = 160 epochs",)),
            ({"dense": {0.3: 0.8, 0.4: 0.9}, "dense_2t": {0.4: 0.9}},
             ("add lr 0.53: the best dense lr 0.4 is at the end of its grid",)),
            ({"dense": {}}, ("no dense rows",)),
            ({"epochs": None, "dense_2t": {}}, ("train dense at lr 0.2 for 2T, and give the epochs of every row",)),
        ],
    )  # fmt: skip
    def test_say_what_would_decide_adequacy(self, change, remedies):
        assert adequacy(replace(PLANTED, **change), delta=DELTA).remedies == remedies

    @pytest.mark.parametrize(
        ("grid", "best", "lrs"),
        [
            ([0.1, 0.2, 0.4], 0.2, ()),
            ([0.1, 0.2, 0.4], 0.4, (0.8,)),
            ([0.01, 0.03], 0.01, (0.0033,)),
            ([0.1], 0.1, (0.05, 0.2)),
            ([0.100, 0.101], 0.101, (0.102,)),
        ],
    )
    def test_lrs_continue_the_grid_outward(self, grid, best, lrs):
        assert lrs_beyond(grid, best) == lrs

    def test_of_ties_the_best_lr_is_interior_then_smaller(self):
        assert best_lr({0.1: 0.9, 0.2: 0.9, 0.3: 0.9, 0.4: 0.9}) == 0.2


class TestMeans:
    def test_are_means_over_seeds(self):
        rows = [Row("lt", 0.1, accuracy, sparsity=0.8, seed=seed) for seed, accuracy in enumerate([0.8, 0.9])]
        assert means_at(by_length(rows), None, 0.8).lt == {0.1: pytest.approx(0.85)}

    def test_one_lr_written_twice_is_one_lr(self):
        rows = [Row("lt", lr, 0.8, sparsity=0.8) for lr in (0.3, 0.1 + 0.2)]
        assert len(means_at(by_length(rows), None, 0.8).lt) == 1

    @pytest.mark.parametrize("arm", ["dense", "sdt"])
    @pytest.mark.parametrize(("method", "serves"), [(None, True), ("imp", True), ("omp", False)])
    def test_dense_and_sdt_without_a_method_serve_every_method(self, arm, method, serves):
        rows = [Row("lt", 0.1, 0.9, method="imp", sparsity=0.8), Row(arm, 0.1, 0.7, method=method, sparsity=0.8)]
        assert bool(getattr(means_at(by_length(rows), "imp", 0.8), arm)) is serves

    @pytest.mark.parametrize(("method", "serves"), [(None, False), ("imp", True), ("omp", False)])
    def test_rr_serves_its_own_method(self, method, serves):
        rows = [Row("lt", 0.1, 0.9, method="imp", sparsity=0.8), Row("rr", 0.1, 0.7, method=method, sparsity=0.8)]
        assert bool(means_at(by_length(rows), "imp", 0.8).rr) is serves

    @pytest.mark.parametrize("arm", ["rr", "sdt"])
    @pytest.mark.parametrize(("sparsity", "serves"), [(None, True), (0.8, True), (0.9, False)])
    def test_rr_and_sdt_without_a_sparsity_serve_every_sparsity(self, arm, sparsity, serves):
        rows = [Row("lt", 0.1, 0.9, sparsity=0.8), Row(arm, 0.1, 0.7, sparsity=sparsity)]
        assert bool(getattr(means_at(by_length(rows), None, 0.8), arm)) is serves

    @pytest.mark.parametrize("sparsity", [None, 0.0, 0.8])
    def test_dense_serves_every_sparsity(self, sparsity):
        rows = [Row("lt", 0.1, 0.9, sparsity=0.9), Row("dense", 0.1, 0.7, sparsity=sparsity)]
        assert means_at(by_length(rows), None, 0.9).dense == {0.1: 0.7}


class TestLengths:
    TICKET = Row("lt", 0.1, 0.9, sparsity=0.8, epochs=80)

    @pytest.mark.parametrize("arm", ["dense", "rr", "sdt"])
    @pytest.mark.parametrize(("epochs", "counts"), [(80, True), (None, True), (40, False), (160, False)])
    def test_rows_count_at_the_length_of_the_ticket(self, arm, epochs, counts):
        other = Row(arm, 0.1, 0.7, sparsity=0.8, epochs=epochs)
        assert (other in by_length([self.TICKET, other]).full) is counts

    @pytest.mark.parametrize(("epochs", "answers"), [(160, True), (160 * (1 + 1e-10), True), (161, False)])
    def test_dense_at_2t_answers_the_probe(self, epochs, answers):
        dense = Row("dense", 0.1, 0.7, epochs=epochs)
        assert (dense in by_length([self.TICKET, dense]).double) is answers

    def test_without_epochs_of_the_ticket_everything_counts(self):
        rows = (Row("lt", 0.1, 0.9), Row("dense", 0.1, 0.7, epochs=80))
        assert by_length(rows).full == rows

    def test_tickets_of_several_lengths_are_refused(self):
        with pytest.raises(ValueError, match=r"lt rows of 40 and 80 epochs must have one length.*judge each length"):
            by_length([self.TICKET, replace(self.TICKET, epochs=40)])

    def test_several_lengths_beside_tickets_without_one_are_refused(self):
        rows = [Row("lt", 0.1, 0.9), Row("dense", 0.1, 0.7, epochs=80), Row("dense", 0.1, 0.8, epochs=160)]
        with pytest.raises(ValueError, match=r"rows of 80 and 160 epochs.*give the lt rows theirs"):
            by_length(rows)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [((True, True), True), ((True, None), None), ((None, False), False), ((False, True), False)],
)
def test_false_wins_over_unknown(parts, whole):
    assert every(*parts) is whole
