"""The rule `confident` on studies drawn from known truths: a small version of reports/calibration.py.

Truths lie on a margin, where a rule errs most. Each number is of DRAWS studies, 5 lrs x 11 sparsities, a fixed seed.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from calibration import rules, truth

from lthcheck.evidence import Row
from lthcheck.verdict.confident import ERROR
from lthcheck.verdict.judge import examine
from lthcheck.verdict.judgement import RANK
from lthcheck.verdict.terms import Terms

DRAWS = 150
ABOVE = ERROR / 2  # at_least may be above the truth in so many studies
LOOKS = (3, 5, 8, 13, 20)
TRUTHS = {each.name: each for each in (*truth.NONE, *truth.NOT_JACKPOT)}


def drawn(of, seeds, *, sd=0.003, draws=DRAWS, **how):
    rng = np.random.default_rng([seeds, sum(map(ord, of.name))])
    return [truth.draw(of, seeds, sd, rng, **how) for _ in range(draws)]


def most(rate, draws=DRAWS):
    """What a rule that errs at `rate` stays below, but for chance: three standard errors."""
    return rate + 3 * math.sqrt(rate * (1 - rate) / draws)


def above(verdicts, prize="none"):
    """The part of verdicts whose at_least is above the prize."""
    return np.mean([at_least > RANK[prize] for at_least, _ in verdicts])


def below(verdicts, prize):
    return np.mean([at_most < RANK[prize] for _, at_most in verdicts])


# --- the shortcut on arrays is the rule ---


def probed(study):
    """Rows of a study, with rr and sdt at 2T that leave every gap as it is."""
    found = rules.rows(study)
    return [*found, *(replace(row, epochs=2 * rules.T) for row in found if row.arm in {"rr", "sdt"})]


SHORTCUTS = [
    (truth.ticket(0.01), 3, "equal"),
    (truth.ticket(0.02), 10, "by lr"),
    (truth.ticket(0.03), 5, "one lr"),
    (TRUTHS["LT = RR = dense"], 5, "at random"),
    (TRUTHS["dense gains delta from 2T"], 10, "by arm"),
]


@pytest.mark.parametrize(("of", "seeds", "kind"), SHORTCUTS, ids=lambda value: getattr(value, "name", value))
def test_arrays_say_what_rows_say(of, seeds, kind):
    for study in drawn(of, seeds, kind=kind, draws=3):
        shown = examine(probed(study), Terms(rule="confident")).confidence
        arrays = rules.shown(study)
        inside = 0 < study.dense.mean(-1).argmax() < len(truth.LRS) - 1
        for told, expected in zip(shown.errors(doubted=False), arrays.errors(), strict=True):
            columns = slice(0 if inside else 1, None)  # on arrays the best dense lr is taken to be inside
            # to 1e-4, since equality within 1e-9 counts as at the margin, which arrays leave out
            assert told[:, columns] == pytest.approx(expected[:, columns], rel=1e-4)
        assert shown.paid == arrays.paid == 55


def test_so_do_their_verdicts():
    """With rr and sdt inside their grids, so that nothing is in doubt."""
    verdicts = set()
    for of, seeds in (
        (truth.ticket(0.03), 5),
        (truth.ticket(0.02), 3),
        (TRUTHS["dense gains delta from 2T"], 5),
        (WORSE, 5),
    ):
        for study in drawn(of, seeds, sd=0.002, draws=2):
            judgement = examine(probed(study), Terms(rule="confident")).judgement
            verdict = RANK[judgement.at_least], RANK[judgement.at_most]
            assert verdict == rules.confident(study)
            verdicts.add(verdict)
    assert {(0, 0), (0, 2), (2, 2)} <= verdicts


WORSE = truth._truth("LT = RR - 1 pt", "none", rr=0.01)


def test_the_other_rules_say_what_judges_say():
    for of in (truth.ticket(0.006), TRUTHS["LT = RR = dense"]):
        for study in drawn(of, 3, draws=5):
            judgement = examine(rules.rows(study), Terms()).judgement
            assert rules.paper(study) == (RANK[judgement.at_least], RANK[judgement.at_most])


def test_truths_are_what_they_are_called():
    """The rule paper on the means themselves: on the margin nothing is beaten, and a little less is what it says."""
    for of in (*truth.NONE, *truth.NOT_JACKPOT, truth.ticket(0.01)):
        study = truth.draw(of, 2, 0.0, np.random.default_rng(0))
        assert rules.paper(replace(study, lt=study.lt - 1e-6, double=study.double + 1e-6))[0] == RANK[of.prize]


# --- false tickets ---


@pytest.mark.parametrize("seeds", [3, 10])
@pytest.mark.parametrize("kind", ["equal", "by lr"])
@pytest.mark.parametrize("name", ["LT = RR + gamma", "LT = SDT + gamma", "dense gains delta from 2T"])
def test_false_tickets_are_few(name, kind, seeds):
    verdicts = [rules.confident(study) for study in drawn(TRUTHS[name], seeds, kind=kind)]
    assert above(verdicts) <= most(ABOVE)


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.001, 0.01])
def test_so_they_are_whatever_the_spread(sd):
    verdicts = [rules.confident(study) for study in drawn(TRUTHS["LT = RR + gamma"], 5, sd=sd)]
    assert above(verdicts) <= most(ABOVE)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["one lr", "by arm", "at random"])
@pytest.mark.parametrize("seeds", [3, 10])
def test_so_they_are_where_spreads_are_unlike(kind, seeds):
    """At most ERROR: where one lr is much noisier than the rest, few seeds need more than the half of it."""
    verdicts = [rules.confident(study) for study in drawn(TRUTHS["LT = RR + gamma"], seeds, kind=kind, draws=600)]
    assert above(verdicts) <= most(ERROR, 600)


@pytest.mark.parametrize("seeds", [3, 10])
def test_false_jackpots_are_few(seeds):
    of = TRUTHS["LT = best dense - delta"]
    verdicts = [rules.confident(study) for study in drawn(of, seeds)]
    assert above(verdicts, "secondary") <= most(ABOVE)
    assert below(verdicts, "secondary") <= most(ABOVE)


@pytest.mark.parametrize("seeds", [3, 10])
def test_a_true_ticket_is_seldom_denied(seeds):
    verdicts = [rules.confident(study) for study in drawn(truth.ticket(0.005 + 1e-9), seeds)]
    assert below(verdicts, "jackpot") <= most(ABOVE)


def test_looks_at_growing_evidence_keep_the_error_rate():
    verdicts = [rules.until_decided(study, LOOKS)[0] for study in drawn(TRUTHS["LT = RR + gamma"], 20)]
    assert above(verdicts) <= most(ABOVE)


@pytest.mark.slow
def test_looks_that_nobody_pays_for_do_not():
    """At each look as much error as for one; the truth is that of one ticket, so that the looks alone do it."""
    rng = np.random.default_rng(0)
    free, paid = 0, 0
    for _ in range(300):
        gaps = rng.normal(0, 1, LOOKS[-1])
        free += any(claims(gaps[:n], ()) for n in LOOKS)
        paid += any(claims(gaps[:n], LOOKS) for n in LOOKS)
    assert free / 300 > most(ABOVE, 300)
    assert paid / 300 <= most(ABOVE, 300)


def claims(gaps, looks):
    """Whether one gap is called above zero at this look."""
    from lthcheck.verdict.looks import spent
    from lthcheck.verdict.parts import Parts
    from lthcheck.verdict.sample import Contrast

    n = len(gaps)
    part = Parts.of([(0, 3, 0, 0.0, 1, Contrast(float(gaps.mean()), float(gaps.var(ddof=1)), n, n - 1, 0.0, math.inf))])
    return part.errors()[0][0] <= ERROR * spent(looks, n)


def test_the_noise_of_the_test_set_is_carried():
    """Where arms err apart on the test set; blind to it, the rule errs."""
    studies = drawn(TRUTHS["LT = RR + gamma"], 10, sd=0.001, test=(0.0025, 0.003))
    assert above([rules.confident(study) for study in studies]) <= most(ABOVE)
    assert above([rules.confident(replace(study, folds=None)) for study in studies]) > most(ABOVE)


# --- what others say of the same studies ---


def test_unpaid_tickets_would_be_false_ones():
    """Each ticket at 2.5 %, as if it were the only one."""
    false = 0
    for study in drawn(TRUTHS["LT = RR + gamma"], 10):
        shown = rules.shown(study)
        cheap = replace(shown, parts=replace(shown.parts, claim=np.ones_like(shown.parts.claim)))
        false += bool((cheap.errors()[0].max(axis=1) <= ERROR).any())
    assert false / DRAWS > 0.2


def test_one_variance_for_all_would_err_where_spreads_are_unlike():
    studies = drawn(TRUTHS["LT = RR + gamma"], 5, kind="one lr")
    assert above([rules.pooled(study) for study in studies]) > 0.3


def test_means_alone_find_tickets_where_there_are_none():
    """A naive comparison at the same lr in two studies of three, with 3 seeds of sd .3 pt (FIELD.md: 68 %)."""
    studies = drawn(TRUTHS["LT = RR = dense"], 3)
    assert above([rules.naive(study) for study in studies]) > 0.5
    assert 0.1 < above([rules.paper(study) for study in studies]) < 0.5
    assert above([rules.confident(study) for study in studies]) == 0


@pytest.mark.slow
def test_the_rule_paper_is_wrong_on_the_margin():
    studies = drawn(TRUTHS["LT = RR + gamma"], 10)
    assert above([rules.paper(study) for study in studies]) > 0.9


# --- power ---


def test_ten_seeds_see_two_points():
    verdicts = [rules.confident(study) for study in drawn(truth.ticket(0.02), 10)]
    assert np.mean([verdict == (2, 2) for verdict in verdicts]) >= 0.8


@pytest.mark.slow
def test_more_seeds_and_wider_gaps_are_decided_more_often():
    def decided(gap, seeds):
        return np.mean([rules.confident(study) == (2, 2) for study in drawn(truth.ticket(gap), seeds, draws=40)])

    assert decided(0.01, 3) < decided(0.01, 10) <= decided(0.02, 10)
    assert decided(0.01, 5) < decided(0.03, 5)


@pytest.mark.slow
def test_growing_evidence_takes_fewer_seeds_than_the_most():
    told = [rules.until_decided(study, LOOKS) for study in drawn(truth.ticket(0.03), 20, draws=40)]
    assert all(verdict == (2, 2) for verdict, _ in told)
    assert np.mean([seeds for _, seeds in told]) < 14


def test_rows_of_a_study_are_those_of_its_arrays():
    (study,) = drawn(truth.ticket(0.01), 3, draws=1)
    found = rules.rows(study)
    assert len(found) == 3 * (5 + 5 * 11 * 3 + 1)
    row = next(row for row in found if isinstance(row, Row) and row.arm == "rr" and row.seed == 2)
    assert row.accuracy == study.rr[0, 0, 2]
