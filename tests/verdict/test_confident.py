"""The rule `confident`: planted verdicts, doubts and their remedies, and what the error rate is paid for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from replicated import JACKPOT, LRS, NONE, SECONDARY, rows, without

from lthcheck.evidence import ARMS, Row
from lthcheck.folds import sizes
from lthcheck.verdict.judge import examine, judge
from lthcheck.verdict.terms import Terms


def said(found, **terms):
    return judge(found, rule="confident", **terms)


def ends(judgement):
    return judgement.at_least, judgement.at_most


def condition(judgement, number):
    (cell,) = judgement.cells
    return cell.conditions[number - 1]


class TestPlantedVerdicts:
    @pytest.mark.parametrize(("seeds", "sd"), [(3, 0.0001), (10, 0.0005)])
    @pytest.mark.parametrize(
        ("levels", "verdict"), [(JACKPOT, "jackpot"), (SECONDARY, "secondary"), (NONE, "none")], ids=str
    )
    def test_are_found_where_gaps_are_wide(self, levels, verdict, seeds, sd):
        judgement = said(rows(levels, seeds=seeds, sd=sd))
        assert judgement.verdict == verdict
        assert judgement.advice == ()

    @pytest.mark.parametrize("levels", [JACKPOT, SECONDARY, NONE])
    def test_are_undecided_where_seeds_vary_much(self, levels):
        judgement = said(rows(levels, seeds=3, sd=0.03))
        assert ends(judgement) == ("none", "jackpot")

    def test_a_condition_is_told_with_its_interval(self):
        third = condition(said(rows(JACKPOT)), 3)
        assert third.holds is True
        assert third.gap == pytest.approx(0.03)
        low, high = third.interval
        assert 0.005 < low < 0.03 < high
        assert third.detail.startswith("LT .9 - best RR (lr 0.2) .87 = .03, within [")

    def test_it_does_not_hold_where_the_upper_end_is_below_the_margin(self):
        third = condition(said(rows(NONE)), 3)
        assert third.holds is False
        assert third.interval[1] < 0.005

    def test_a_verdict_is_supported(self):
        support = said(rows(JACKPOT)).certainty.support
        assert support["jackpot"] >= 0.95
        assert support["none"] == 0

    def test_no_ticket_is_supported(self):
        support = said(rows(NONE)).certainty.support
        assert support["none"] >= 0.95
        assert support["jackpot"] == support["secondary"] == 0

    def test_margins_are_those_asked_for(self):
        assert said(rows(JACKPOT), gamma=0.029).verdict == "undecided"
        assert said(rows(JACKPOT), gamma=0.04).verdict == "none"
        assert said(rows(SECONDARY), delta=0.02).verdict == "jackpot"

    def test_no_rows_and_no_ticket_leave_it_open(self):
        for found in ([], rows(without(JACKPOT, "lt"))):
            judgement = said(found)
            assert (judgement.cells, ends(judgement)) == ((), ("none", "jackpot"))
            assert set(judgement.certainty.support.values()) == {0.0}


class TestSeeds:
    def test_one_decides_nothing_and_more_are_asked_for(self):
        judgement = said(rows(JACKPOT, seeds=1))
        assert ends(judgement) == ("none", "jackpot")
        assert judgement.certainty.more_seeds is None
        assert all("it takes two seeds that differ" in line for line in judgement.advice if line.startswith("LT"))
        assert any(line.startswith("LT") for line in judgement.advice)

    def test_equal_accuracies_decide_nothing(self):
        assert ends(said(rows(JACKPOT, sd=0.0))) == ("none", "jackpot")

    def test_so_many_more_would_decide_it(self):
        few = said(rows(JACKPOT, seeds=3, sd=0.003))
        assert few.verdict == "undecided"
        more = few.certainty.more_seeds
        assert few.advice == (
            f"{more} more seeds for each arm would decide it, if means and spreads stay what they are and no "
            "gap closes at 2T",
        )
        assert said(rows(JACKPOT, seeds=3 + more, sd=0.003)).verdict == "jackpot"

    def test_no_number_of_them_decides_a_tie(self):
        tied = JACKPOT | {"rr": {0.1: 0.86, 0.2: 0.895, 0.4: 0.86}, "rr_2t": {0.2: 0.89}}
        judgement = said(rows(tied))
        assert (ends(judgement), judgement.certainty.more_seeds) == (("none", "jackpot"), None)

    def test_an_arm_of_one_seed_is_the_fewest(self):
        found = [row for row in rows(JACKPOT) if row.arm != "rr" or row.seed == 0]
        judgement = said(found)
        assert (judgement.certainty.seeds, ends(judgement)) == (1, ("none", "jackpot"))

    def test_pairing_takes_out_what_seeds_share(self):
        def shifted(row):
            return replace(row, accuracy=row.accuracy + 0.004 * row.seed)

        paired = [shifted(row) for row in rows(JACKPOT)]
        apart = [replace(row, seed=row.seed + 100 * ARMS.index(row.arm)) for row in paired]
        assert (said(paired).verdict, said(apart).verdict) == ("jackpot", "undecided")

    def test_a_training_that_is_there_twice_is_refused(self):
        found = rows(JACKPOT)
        with pytest.raises(ValueError, match="must be there once"):
            said([*found, found[7]])

    def test_a_mask_from_another_lr_is_no_more_evidence(self):
        found = rows(JACKPOT, sd=0.002, seeds=3)
        twice = [replace(row, source_lr=lr) for row in found for lr in ((0.1, 0.2) if row.epochs == 80 else (0.1,))]
        assert said(twice).certainty == said(found).certainty


class TestMissing:
    @pytest.mark.parametrize("arm", ["rr", "sdt"])
    def test_arms_leave_it_open(self, arm):
        judgement = said(rows(without(JACKPOT, arm)))
        assert ends(judgement) == ("none", "jackpot")
        assert any(line.startswith(f"no {arm} rows") for line in judgement.advice)

    def test_dense_leaves_it_open(self):
        assert ends(said(rows(without(JACKPOT, "dense", "dense_2t")))) == ("none", "jackpot")

    def test_a_single_lr_is_at_the_end_of_its_grid(self):
        one = {name: {0.2: by_lr[0.2]} for name, by_lr in JACKPOT.items()}
        judgement = said(rows(one))
        assert ends(judgement) == ("none", "jackpot")
        assert "add lr 0.1: the best dense lr 0.2 is at the end of its grid" in judgement.advice
        assert said(rows(one), assume_adequate=True).verdict == "jackpot"

    def test_a_sparsity_leaves_it_open(self):
        assert ends(said(rows(JACKPOT, sparsity=None))) == ("none", "jackpot")

    @pytest.mark.parametrize("number", [2, 3])
    def test_an_lr_of_the_ticket_that_a_rival_lacks_puts_its_condition_in_doubt(self, number):
        arm = {2: "sdt", 3: "rr"}[number]
        kept = {lr: mean for lr, mean in JACKPOT[arm].items() if lr != 0.4} | {0.05: 0.80}
        judgement = said(rows(JACKPOT | {arm: kept}))
        assert condition(judgement, number).holds is None
        assert f"{arm} rows at lr 0.4, as the ticket has" in judgement.advice
        assert f"{arm} rows at lr 0.4, as the ticket has" in condition(judgement, number).detail
        assert ends(judgement) == ("none", "jackpot")
        assert ends(said(rows(JACKPOT | {arm: kept}), assume_adequate=True)) == ("none", "jackpot")

    def test_an_lr_of_the_ticket_that_dense_lacks_leaves_the_secondary_prize(self):
        kept = {lr: mean for lr, mean in JACKPOT["dense"].items() if lr != 0.4} | {0.3: 0.89}
        judgement = said(rows(JACKPOT | {"dense": kept}))
        assert ends(judgement) == ("secondary", "jackpot")
        assert "dense rows at lr 0.4, as the ticket has" in judgement.advice

    def test_an_lr_that_only_the_rival_has_is_no_doubt(self):
        assert said(rows(JACKPOT | {"rr": JACKPOT["rr"] | {0.8: 0.84}})).verdict == "jackpot"

    def test_what_is_refuted_stays_so_in_doubt(self):
        found = rows(without(NONE, "rr_2t", "sdt_2t"))
        assert condition(said(found), 3).holds is False
        assert said(found).verdict == "none"


class TestRecipe:
    def test_that_gains_more_than_delta_wins_nothing(self):
        judgement = said(rows(JACKPOT | {"dense_2t": {0.2: 0.92}}))
        assert judgement.verdict == "none"
        assert condition(judgement, 1).holds is False
        assert "; the gain is within [" in condition(judgement, 1).detail
        assert said(rows(JACKPOT | {"dense_2t": {0.2: 0.92}}), assume_adequate=True).verdict == "jackpot"

    def test_that_may_gain_more_is_unknown(self):
        judgement = said(rows(JACKPOT | {"dense_2t": {0.2: 0.906}}))
        assert (condition(judgement, 1).holds, ends(judgement)) == (None, ("none", "jackpot"))

    @pytest.mark.parametrize(
        ("gone", "asked"),
        [
            ("dense_2t", "train dense at lr 0.2 for 2T = 160 epochs"),
            ("rr_2t", "train rr for imp at sparsity 0.832 at lr 0.2 for 2T = 160 epochs"),
            ("sdt_2t", "train sdt at sparsity 0.832 at lr 0.2 for 2T = 160 epochs"),
        ],
    )
    def test_that_was_not_probed_is_unknown_and_the_probe_is_asked_for(self, gone, asked):
        found = rows(without(JACKPOT, gone))
        assert (ends(said(found)), said(found).advice) == (("none", "jackpot"), (asked,))
        assert said(found, assume_adequate=True).verdict == "jackpot"

    @pytest.mark.parametrize("number", [2, 3])
    def test_whose_control_closes_the_gap_at_2t_is_unknown(self, number):
        probe = {2: "sdt_2t", 3: "rr_2t"}[number]
        found = rows(JACKPOT | {probe: {0.2: 0.897}})
        assert ends(said(found)) == ("none", "jackpot")
        assert condition(said(found), number).holds is None
        assert "closes the gap: LT .900" in condition(said(found), number).detail
        assert said(found, assume_adequate=True).verdict == "jackpot"

    @pytest.mark.parametrize("number", [2, 3])
    def test_whose_controls_best_lr_is_at_the_end_is_unknown(self, number):
        arm = {2: "sdt", 3: "rr"}[number]
        found = rows(JACKPOT | {arm: JACKPOT[arm] | {0.4: 0.875}, f"{arm}_2t": {0.4: 0.876}})
        assert ends(said(found)) == ("none", "jackpot")
        assert said(found).advice == (f"add lr 0.8: the best {arm} lr 0.4 is at the end of its grid",)
        assert said(found, assume_adequate=True).verdict == "jackpot"

    def test_whose_best_dense_lr_is_at_the_end_is_unknown(self):
        found = rows(JACKPOT | {"dense": {0.1: 0.88, 0.2: 0.895, 0.4: 0.901}, "dense_2t": {0.4: 0.901}})
        assert ends(said(found)) == ("none", "jackpot")
        assert said(found).advice == ("add lr 0.8: the best dense lr 0.4 is at the end of its grid",)

    def test_of_trivial_sparsity_wins_nothing(self):
        assert said(rows(JACKPOT, sparsity=0.5)).verdict == "none"
        assert said(rows(JACKPOT, sparsity=0.5), assume_adequate=True).verdict == "none"


class TestDiverged:
    def levels(self, arm, lr):
        return JACKPOT | {arm: JACKPOT[arm] | {lr: 0.1}}

    def test_dense_at_the_lr_of_the_ticket_is_no_witness(self):
        levels = without(self.levels("dense", 0.2), "dense_2t") | {"dense_2t": {0.1: 0.896}}
        levels["lt"] = {0.1: 0.80, 0.2: 0.900, 0.4: 0.80}
        found = [replace(row, diverged=row.arm == "dense" and row.lr == 0.2) for row in rows(levels, sd=0.0005)]
        judgement = said(found, assume_adequate=True)
        assert judgement.verdict == "none"
        assert said([replace(row, diverged=False) for row in found], assume_adequate=True).verdict == "jackpot"

    def test_a_rival_is_no_rival(self):
        assert said(rows(self.levels("rr", 0.4))).verdict == "jackpot"


class TestReading:
    # At .1 the ticket beats rr and sdt and not dense, at .4 it is the other way round.
    SPLIT = JACKPOT | {
        "lt": {0.1: 0.890, 0.2: 0.860, 0.4: 0.860},
        "dense": {0.1: 0.895, 0.2: 0.901, 0.4: 0.850},
    }

    def test_a_ticket_must_meet_all_at_one_lr(self):
        levels = self.SPLIT | {"dense": {0.1: 0.899, 0.2: 0.901, 0.4: 0.850}}
        assert said(rows(levels), reading="joint").verdict == "none"

    def test_read_literally_each_may_have_its_own(self):
        levels = self.SPLIT | {"dense": {0.1: 0.899, 0.2: 0.901, 0.4: 0.850}}
        literal = said(rows(levels), reading="literal")
        assert literal.verdict == "secondary"
        assert literal.certainty.support["secondary"] >= 0.95
        assert said(rows(levels)).certainty.support["secondary"] == 0


def both(sd=0.001, **gone):
    """A study of two methods, of which omp wins nothing."""
    own = [row for row in rows(NONE, method="omp", sd=sd) if row.arm in {"lt", "rr"}]
    return [*rows(JACKPOT, sd=sd), *own]


class TestPaid:
    def test_are_methods_times_sparsities_times_lrs(self):
        other = [row for row in rows(NONE, sparsity=0.9) if row.arm != "dense"]
        assert said(rows(JACKPOT)).certainty.tickets == len(LRS)
        assert said(both()).certainty.tickets == 2 * len(LRS)
        assert said([*rows(JACKPOT), *other]).certainty.tickets == 2 * len(LRS)

    def test_methods_pay_together(self):
        """By 2.5 % / 6 instead of 2.5 % / 3, of the lower end alone; rr and sdt of omp steady the spread a little."""
        low, high = condition(examine(both(), Terms(rule="confident")).of_method("imp").judgement, 2).interval
        alone = condition(said(rows(JACKPOT)), 2).interval
        assert low < alone[0] - 1e-5
        assert high == pytest.approx(alone[1], abs=1e-4)

    def test_one_method_of_several_is_judged_at_the_error_rate_of_all(self):
        whole = examine(both(), Terms(rule="confident"))
        mine = whole.of_method("imp").judgement
        assert mine.certainty.tickets == 6
        assert mine.cells == tuple(cell for cell in whole.judgement.cells if cell.method == "imp")
        assert mine.verdict == "jackpot"

    def test_and_is_supported_by_its_own_tickets(self):
        whole = examine(both(), Terms(rule="confident"))
        assert whole.of_method("omp").judgement.verdict == "none"
        assert whole.of_method("omp").judgement.certainty.support["none"] >= 0.95
        assert whole.of_method("imp").judgement.certainty.support["none"] == 0

    def test_a_look_spends_the_part_of_its_new_seeds(self):
        found = rows(JACKPOT, seeds=5)
        once, first, last = (said(found, looks=looks) for looks in ((), (5, 20), (3, 5)))
        assert [each.certainty.spent for each in (once, first, last)] == pytest.approx([0.05, 0.0125, 0.02])
        widths = [high - low for low, high in (condition(each, 3).interval for each in (once, last, first))]
        assert widths == sorted(widths)
        assert len(set(widths)) == 3

    def test_lrs_that_the_grid_may_grow_to_are_paid_for(self):
        found = rows(JACKPOT)
        asked = said(found, most_lrs=30)
        assert asked.certainty.tickets == 30
        assert condition(asked, 1).detail != condition(said(found), 1).detail
        for number in (2, 3, 4, 5):
            (low, high), (now_low, now_high) = (condition(each, number).interval for each in (said(found), asked))
            assert now_low < low - 1e-6
            assert now_high == high

    def test_fewer_than_there_are_cost_nothing(self):
        assert said(rows(JACKPOT), most_lrs=2).certainty == said(rows(JACKPOT)).certainty


def folded(found, size, pattern):
    """The rows with counts by fold that add up to the accuracy; `pattern` says by how much a fold departs."""
    made = []
    for row in found:
        right = round(row.accuracy * size)
        even = [right // 40 + (fold < right % 40) for fold in range(40)]
        counts = tuple(count + pattern(row, fold) for fold, count in enumerate(even))
        assert all(0 <= count <= space for count, space in zip(counts, sizes(size), strict=True))
        made.append(replace(row, accuracy=right / size, folds=counts))
    return made


class TestTestSet:
    @staticmethod
    def width(found, **terms):
        low, high = condition(said(found, **terms), 3).interval
        return high - low

    def test_its_noise_widens_the_interval_the_more_the_smaller_it_is(self):
        found = rows(JACKPOT)
        widths = [self.width(found, test_size=size) for size in (None, 100_000, 1000)]
        assert widths == sorted(widths)
        assert widths[2] > 5 * widths[0]

    def test_folds_that_differ_between_arms_widen_it(self):
        def alike(row, fold):
            return (-1) ** fold * 8

        def unlike(row, fold):
            return (-1) ** (fold + (row.arm == "lt")) * 8

        found = rows(JACKPOT)
        same, other = (folded(found, 8000, pattern) for pattern in (alike, unlike))
        assert self.width(same, test_size=8000) < 1.5 * self.width(same, test_size=None)
        assert self.width(other, test_size=8000) > 2 * self.width(same, test_size=8000)

    def test_errors_that_arms_share_cost_less_than_those_of_two_test_sets(self):
        found = folded(rows(JACKPOT), 8000, lambda row, fold: (-1) ** fold * 8)
        assert self.width(found, test_size=8000) < self.width(
            [replace(row, folds=None) for row in found], test_size=8000
        )


def test_the_record_says_what_was_asked():
    judgement = said(rows(JACKPOT), looks=(5, 10))
    assert (judgement.rule, judgement.looks, judgement.assumed) == ("confident", (5, 10), ())
    assert said([Row("lt", 0.1, 0.5)]).certainty.error == 0.05


class TestLeftToDoubt:
    END = JACKPOT | {"rr": {0.1: 0.87, 0.2: 0.86, 0.4: 0.85}, "rr_2t": {0.1: 0.871}}

    def test_an_rr_at_the_end_of_its_grid_is_no_matter_of_seeds(self):
        examined = examine(rows(self.END, sd=0.0005), Terms(rule="confident"))
        assert examined.judgement.verdict == "undecided"
        assert examined.left_to_doubt

    @pytest.mark.parametrize("seeds", [1, 3])
    def test_what_the_seeds_leave_open_is(self, seeds):
        examined = examine(rows(self.END, seeds=seeds, sd=0.03), Terms(rule="confident"))
        assert examined.judgement.verdict == "undecided"
        assert not examined.left_to_doubt

    def test_nothing_is_by_means(self):
        assert not examine(rows(self.END), Terms()).left_to_doubt
