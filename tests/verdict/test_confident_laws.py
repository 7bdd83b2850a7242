"""The laws of the rule `confident`, over studies with missing lrs and arms, and seeds that vary little or much."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
import replicated
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lthcheck.evidence import Row
from lthcheck.verdict.judge import judge
from lthcheck.verdict.judgement import RANK

T = 80
LRS = (0.1, 0.2, 0.4)
# Means in steps of a quarter of a point, over a hill whose top is inside the grid as often as not. The ticket is near
# dense and ahead of the rest, by about as much as the margins; where its top is elsewhere it wins a secondary prize.
LEVELS = {"lt": (354, 360), "rr": (344, 354), "sdt": (344, 354), "dense": (354, 358)}
HILLS = {
    "lt": ((-4, 0, -4), (-4, -4, -4), (-9, -7, -3)),
    "rr": ((-4, 0, -4), (-4, 0, -4), (-2, -2, 0)),
    "dense": ((-4, 0, -8),),
}
SPREADS = (0.0, 0.0001, 0.0003, 0.001, 0.004)


def study(seed, *, whole=False, methods=("imp",), spreads=SPREADS, replicates=(1, 3, 6, 6)):
    """Rows of every arm, dense, rr and sdt for 2T too; `whole`: each arm at every lr."""
    rng = Random(seed)
    n, spread = rng.choice(replicates), rng.choice(spreads)
    near = rng.random() < 0.7  # all means of an arm near each other over methods and sparsities
    centre = {arm: rng.randint(*LEVELS[arm]) for arm in LEVELS}
    hill = {arm: rng.choice(HILLS.get(arm, HILLS["rr"])) for arm in LEVELS}
    partly = not whole and rng.random() < 0.4

    def trainings(arm, method=None, sparsity=None):
        level = centre[arm] + rng.randint(-1, 1) if near else rng.randint(*LEVELS[arm])
        for epochs in (T,) if arm == "lt" else (T, 2 * T):
            gone = rng.sample(LRS, rng.randint(0, 3 - (arm == "lt"))) if partly and rng.random() < 0.2 else ()
            for lr, below in zip(LRS, hill[arm], strict=True):
                mean = (level + below) / 400 + rng.choice((0.0, 0.001, 0.0025, -0.0025)) * (epochs > T)
                accuracies = [mean + spread * rng.gauss(0, 1) for _ in range(n)]
                if lr not in gone:
                    yield from (
                        Row(arm, lr, a, method, sparsity, seed=i, epochs=epochs) for i, a in enumerate(accuracies)
                    )

    rows = [*trainings("dense")]
    for method in rng.choice((methods[:1], methods)):
        for sparsity in rng.choice(((0.832,), (0.832,), (0.5, 0.832), (None,))):
            rows += [row for arm in ("lt", "rr", "sdt") for row in trainings(arm, method, sparsity)]
    return rows


def studies(**how):
    """Studies, by the seed that they are drawn with."""
    return st.integers(0, 2**32 - 1).map(lambda seed: study(seed, **how))


SMALL = st.sampled_from(["rr", "sdt"])
READINGS = st.sampled_from(["joint", "literal"])
METHODS = ("imp", "omp")
law = settings(max_examples=25, deadline=None)


def said(rows, **terms):
    return judge(rows, rule="confident", **terms)


def ranks(rows, **terms):
    judgement = judge(rows, **terms)
    return RANK[judgement.at_least], RANK[judgement.at_most]


@settings(law, max_examples=50)
@given(studies(methods=METHODS), READINGS, st.booleans(), st.sampled_from([0.0, 0.005, 0.02]))
def test_its_interval_holds_that_of_the_rule_paper(rows, reading, assume_adequate, margin):
    """What is called true or false is so by means, so that neither end is nearer than the rule paper's."""
    terms = {"reading": reading, "assume_adequate": assume_adequate, "gamma": margin, "delta": margin}
    paper, confident = ranks(rows, **terms), ranks(rows, rule="confident", **terms)
    assert confident[0] <= paper[0]
    assert confident[1] >= paper[1]


@law
@given(studies(methods=METHODS), st.booleans())
def test_the_literal_reading_is_never_below_the_joint(rows, assume_adequate):
    joint = ranks(rows, rule="confident", assume_adequate=assume_adequate)
    literal = ranks(rows, rule="confident", reading="literal", assume_adequate=assume_adequate)
    assert literal[0] >= joint[0]
    assert literal[1] >= joint[1]


class TestNames:
    @law
    @given(studies(methods=METHODS), READINGS, st.booleans(), st.randoms(use_true_random=False))
    def test_the_order_of_the_rows_does_not_matter(self, rows, reading, assume_adequate, rng):
        shuffled = rng.sample(rows, len(rows))
        terms = {"reading": reading, "assume_adequate": assume_adequate}
        assert said(shuffled, **terms) == said(rows, **terms)

    @law
    @given(studies(), READINGS, st.permutations(range(6)))
    def test_the_names_of_the_seeds_do_not_matter(self, rows, reading, names):
        relabelled = [replace(row, seed=10 + names[row.seed]) for row in rows]
        before, after = said(rows, reading=reading), said(relabelled, reading=reading)
        assert (before.verdict, before.advice) == (after.verdict, after.advice)
        for cell, again in zip(before.cells, after.cells, strict=True):
            assert [c.holds for c in cell.conditions] == [c.holds for c in again.conditions]
            for one, other in zip(cell.conditions, again.conditions, strict=True):
                assert one.interval == other.interval or one.interval == pytest.approx(other.interval, abs=1e-9)

    @law
    @given(studies(), st.data())
    def test_rows_that_are_there_twice_are_refused(self, rows, data):
        again = data.draw(st.sampled_from(rows))
        with pytest.raises(ValueError, match=f"lr {again.lr:g}, seed {again.seed} must be there once"):
            said([*rows, again])


class TestMissing:
    """Missing evidence is not called a prize; what is left may still say more of what it is evidence of.

    Without an lr that the ticket was trained at, rr and sdt cannot be called beaten, nor dense matched at its best:
    that lr may be the one they need. So the first two leave no prize and the last no jackpot. That is the law, and not
    that at_least never rises, since it does where

    * the ticket lacks an lr: there are fewer tickets to pay for;
    * a rival lacks an lr that the ticket has not either: it is a weaker rival, as it is by the rule paper;
    * dense lacks an lr: the spread of its other gaps, which steady each other, is another one, and the secondary prize
      may be called at another lr.

    at_most may fall: of fewer parts each may refute a ticket at a larger share of the error rate. Whatever is missing,
    the rule paper says at least as much of the same rows.
    """

    @law
    @given(studies(whole=True), READINGS, st.booleans(), st.sampled_from(["lt", "rr", "sdt", "dense"]))
    def test_without_an_arm_there_is_no_prize(self, rows, reading, assume_adequate, gone):
        left = [row for row in rows if row.arm != gone]
        assert said(left, reading=reading, assume_adequate=assume_adequate).at_least == "none"

    @law
    @given(studies(whole=True), READINGS, st.sampled_from(["rr", "sdt", "dense"]))
    def test_without_a_probe_there_is_none_either(self, rows, reading, gone):
        left = [row for row in rows if (row.arm, row.epochs) != (gone, 2 * T)]
        assert said(left, reading=reading).at_least == "none"

    @law
    @given(
        studies(whole=True, replicates=(3, 6)),
        READINGS,
        st.booleans(),
        st.sampled_from(["rr", "sdt"]),
        st.sampled_from(LRS),
    )
    def test_a_small_rival_without_an_lr_of_the_ticket_is_not_beaten(self, rows, reading, assume_adequate, arm, lr):
        left = [row for row in rows if (row.arm, row.lr, row.epochs) != (arm, lr, T)]
        assert said(left, reading=reading, assume_adequate=assume_adequate).at_least == "none"

    @law
    @given(studies(whole=True, replicates=(3, 6)), READINGS, st.booleans(), st.sampled_from(LRS))
    def test_dense_without_an_lr_of_the_ticket_leaves_no_jackpot(self, rows, reading, assume_adequate, lr):
        left = [row for row in rows if (row.arm, row.lr, row.epochs) != ("dense", lr, T)]
        assert RANK[said(left, reading=reading, assume_adequate=assume_adequate).at_least] <= RANK["secondary"]

    def test_a_ticket_that_lacks_an_lr_may_win_more(self):
        def wins_more(found):
            fewer = [row for row in found if (row.arm, row.lr) != ("lt", 0.4)]
            return ranks(fewer, rule="confident")[0] > ranks(found, rule="confident")[0]

        # rr is near the ticket and dense far below, so that condition 3 decides
        far = {0.1: 0.85, 0.2: 0.86, 0.4: 0.85}
        near = {"rr": {0.1: 0.86, 0.2: 0.89, 0.4: 0.86}, "rr_2t": {0.2: 0.89}, "dense": far, "dense_2t": {0.2: 0.85}}
        assert wins_more(replicated.rows(replicated.JACKPOT | near, seeds=3, sd=0.00105))


class TestCertainty:
    @law
    @given(studies(methods=METHODS), READINGS, st.booleans())
    def test_support_falls_with_the_prize_and_is_in_0_to_1(self, rows, reading, assume_adequate):
        sure = said(rows, reading=reading, assume_adequate=assume_adequate).certainty
        assert all(0 <= value <= 1 for value in sure.support.values())
        assert sure.support["jackpot"] <= sure.support["secondary"]
        assert min(sure.support["secondary"], sure.support["none"]) == 0

    @settings(law, max_examples=50)
    @given(studies(methods=METHODS), READINGS, st.sampled_from([(), (3, 6), (1, 3)]))
    def test_what_is_said_is_what_is_supported(self, rows, reading, looks):
        judgement = said(rows, reading=reading, looks=looks)
        sure, enough = judgement.certainty, 1 - judgement.certainty.error - 1e-12
        for prize in ("secondary", "jackpot"):
            assert (sure.support[prize] >= enough) is (RANK[judgement.at_least] >= RANK[prize])
        assert (sure.support["none"] >= enough) is (judgement.at_most == "none")

    @law
    @given(studies(whole=True, replicates=(2, 3), spreads=(0.001, 0.004)), READINGS)
    def test_more_seeds_are_asked_for_where_the_verdict_is_undecided_alone(self, rows, reading):
        judgement = said(rows, reading=reading)
        if judgement.verdict != "undecided":
            assert judgement.certainty.more_seeds is None
        elif judgement.certainty.more_seeds is not None:
            assert judgement.certainty.more_seeds > 0
            assert any("more seed" in line for line in judgement.advice)


class TestIntervals:
    @settings(law, max_examples=50)
    @given(studies(methods=METHODS), READINGS, st.booleans())
    def test_hold_the_gap_and_say_whether_the_condition_holds(self, rows, reading, assume_adequate):
        judgement = said(rows, reading=reading, assume_adequate=assume_adequate)
        told = [c for cell in judgement.cells for c in cell.conditions[1:] if c.interval is not None]
        for condition in told:
            low, high = condition.interval
            assert low <= condition.gap <= high
            margin = judgement.gamma if condition.id in {2, 3} else -judgement.delta
            in_doubt = "is asked;" in condition.detail
            meets = low > margin if condition.id in {2, 3} else low >= margin
            assert condition.holds is (
                None if meets and in_doubt else True if meets else False if high < margin else None
            )

    @law
    @given(studies(whole=True, replicates=(3, 6), spreads=SPREADS[1:]), st.sampled_from([2, 5]))
    def test_are_wider_where_more_lrs_are_paid_for(self, rows, times):
        one, other = said(rows), said(rows, most_lrs=times * len(LRS))
        for cell, again in zip(one.cells, other.cells, strict=True):
            before = {c.witness_lr: c.interval for c in cell.conditions[1:2]}
            after = {c.witness_lr: c.interval for c in again.conditions[1:2]}
            assume(before.keys() == after.keys() and None not in before.values())
            assert all(after[lr][0] < before[lr][0] for lr in before)


class TestStudies:
    """The strategy reaches what the laws speak of, so that none of them is empty."""

    @pytest.mark.parametrize("interval", [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)], ids=str)
    def test_every_interval_is_reached(self, interval):
        reached(lambda rows: ranks(rows, rule="confident") == interval, methods=METHODS)

    @pytest.mark.parametrize("prize", [1, 2])
    def test_a_prize_that_the_rule_paper_gives_is_not_sure(self, prize):
        reached(lambda rows: ranks(rows)[0] == prize > ranks(rows, rule="confident")[0])

    def test_the_two_readings_differ(self):
        def differ(rows):
            return ranks(rows, rule="confident") != ranks(rows, rule="confident", reading="literal")

        reached(differ)

    def test_a_condition_in_doubt_has_an_interval(self):
        def doubted(rows):
            shown = [c for cell in said(rows).cells for c in cell.conditions[1:]]
            return any(c.holds is None and c.interval is not None and "is asked;" in c.detail for c in shown)

        reached(doubted)

    @pytest.mark.parametrize("lr", LRS)
    def test_dense_without_an_lr_may_leave_the_secondary_prize(self, lr):
        def secondary(rows):
            left = [row for row in rows if (row.arm, row.lr, row.epochs) != ("dense", lr, T)]
            return ranks(left, rule="confident", assume_adequate=True)[0] == 1

        reached(secondary, whole=True)


def reached(wanted, **how):
    assert any(wanted(study(seed, **how)) for seed in range(500))
