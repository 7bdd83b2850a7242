"""The sequel: what a study wants once evidence that was planted says something."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import Facts, row

from lthcheck.arms import Arms
from lthcheck.grid import best_lr, lrs_beyond
from lthcheck.recipes import recipe
from lthcheck.run import needs
from lthcheck.sequel import (
    Stage,
    control_probes,
    dense_probe,
    evidence,
    extended,
    first,
    grid,
    later,
    next_stage,
    places,
    slot_of,
)
from lthcheck.study import Slot, Study
from lthcheck.verdict.judge import judge
from lthcheck.verdict.terms import Terms

LRS, EPOCHS = (0.1, 0.2, 0.4), 8
RECIPE = recipe("mnist1d").but({"lrs": LRS, "sparsities": (0.672,), "seeds": 2, "epochs": EPOCHS})
(S,) = Study(model="mlp-8", dataset="mnist1d", recipe=RECIPE).sparsities
CONFIDENT = Terms(rule="confident")


def study(methods=("imp",), **changes):
    fields = {name: changes.pop(name) for name in ("extend_lr", "until_decided", "terms") if name in changes}
    return Study(model="mlp-64-32", dataset="mnist1d", recipe=RECIPE.but(changes), methods=methods, **fields)


# by arm, or by arm and method, the accuracy at the best lr, which is 0.2
TICKET = {"dense": 0.90, "lt": 0.90, "rr": 0.87, "sdt": 0.86}


def accuracy(slot, levels, best=0.2):
    """The planted accuracy: the further from its best lr, the lower; the same at 2T."""
    at = best.get(slot.arm, 0.2) if isinstance(best, dict) else best
    top = levels.get((slot.arm, slot.method), levels.get(slot.arm))
    return top - 0.01 * abs(slot.lr - at) - 0.0001 * slot.seed


def rows_of(asked, levels=TICKET, *, stage=None, best=0.2, diverged=()):
    """All rows of a stage, the dense probe included."""
    stage = first(asked) if stage is None else stage
    slots = [slot for place in places(asked, asked.methods) for slot in grid(asked, place, stage.lrs, stage.seeds)]
    known = {slot: row(slot, accuracy(slot, levels, best), diverged=(slot.arm, slot.lr) in diverged) for slot in slots}
    probe = dense_probe(asked, stage, known)
    return [*known.values(), *(row(slot, accuracy(slot, levels, best)) for slot in probe)]


def everywhere(asked, rows, test_size):
    """The judge leaves every verdict open, and a ticket stands wherever the sparsity is not trivial."""
    cells = [SimpleNamespace(method=m, sparsity=S, at_least="secondary") for m in asked.methods]
    return SimpleNamespace(judgement=SimpleNamespace(verdict="undecided", cells=cells), left_to_doubt=False)


def probed(asked, rows):
    wanted = control_probes(asked, first(asked), rows, 1000)
    return {(slot.arm, slot.method, slot.sparsity, slot.lr, slot.epochs) for slot in wanted}


class TestControlProbes:
    def test_of_a_ticket_that_would_stand(self):
        assert probed(study(), rows_of(study())) == {
            ("rr", "imp", S, 0.2, 2 * EPOCHS),
            ("sdt", None, S, 0.2, 2 * EPOCHS),
        }

    def test_are_of_all_seeds(self):
        wanted = control_probes(study(seeds=3), first(study(seeds=3)), rows_of(study(seeds=3)), 1000)
        assert sorted(slot.seed for slot in wanted) == [0, 0, 1, 1, 2, 2]

    def test_are_at_the_best_lr_of_each(self):
        wanted = probed(study(), rows_of(study(), best={"rr": 0.1, "sdt": 0.4}))
        assert {(arm, lr) for arm, _, _, lr, _ in wanted} == {("rr", 0.1), ("sdt", 0.4)}

    @pytest.mark.parametrize("arm", ["rr", "sdt"])
    def test_are_none_where_a_control_wins(self, arm):
        assert probed(study(), rows_of(study(), TICKET | {arm: 0.899})) == set()

    def test_are_none_where_the_recipe_is_not_adequate(self):
        rows = [replace(one, accuracy=0.99) if one.epochs == 2 * EPOCHS else one for one in rows_of(study())]
        assert probed(study(), rows) == set()

    def test_are_none_where_the_user_vouches(self):
        vouched = study(terms=Terms(assume_adequate=True))
        assert probed(vouched, rows_of(vouched)) == set()

    def test_are_none_at_a_trivial_sparsity(self):
        trivial = study(sparsities=(0.36,))
        assert probed(trivial, rows_of(trivial)) == set()

    def test_are_those_of_the_method_that_finds_the_ticket(self):
        both = study(methods=("imp", "omp"))
        wanted = probed(both, rows_of(both, TICKET | {("lt", "omp"): 0.87}))
        assert {place[:2] for place in wanted} == {("rr", "imp"), ("sdt", None)}

    def test_an_rr_probe_has_the_mask_of_its_ticket_and_trains_twice_as_long(self):
        arms = Arms(study(), Facts())
        longer, once = (arms.run(Slot("rr", "imp", S, 0.2, 0, epochs)) for epochs in (2 * EPOCHS, EPOCHS))
        assert longer.mask == once.mask == arms.run(Slot("lt", "imp", S, 0.2, 0, EPOCHS)).mask
        assert longer.training.schedule.milestones == tuple(2 * step for step in once.training.schedule.milestones)
        assert {parent.training.steps for parent, _ in needs(longer)} == {once.training.steps}


class TestExtended:
    """Beyond 0.1, 0.2, 0.4 lie 0.05 and 0.8."""

    @pytest.mark.parametrize("arm", ["dense", "lt", "rr", "sdt"])
    @pytest.mark.parametrize(("best", "beyond"), [(0.1, 0.05), (0.4, 0.8)])
    def test_by_the_lr_that_puts_the_best_of_an_arm_inside(self, arm, best, beyond):
        asked = study(extend_lr=4)
        found = extended(asked, first(asked), rows_of(asked, best={arm: best}))
        assert found == Stage(tuple(sorted((*LRS, beyond))), 2)

    def test_at_both_ends_at_once(self):
        asked = study(extend_lr=4)
        found = extended(asked, first(asked), rows_of(asked, best={"rr": 0.1, "sdt": 0.4}))
        assert found.lrs == (0.05, 0.1, 0.2, 0.4, 0.8)

    def test_by_nothing_where_all_are_inside(self):
        asked = study(extend_lr=4)
        assert extended(asked, first(asked), rows_of(asked)) is None

    def test_by_no_more_than_the_limit(self):
        asked = study(extend_lr=1)
        found = extended(asked, first(asked), rows_of(asked, best={"rr": 0.1, "sdt": 0.4}))
        assert len(found.lrs) == len(LRS) + 1
        assert extended(asked, found, rows_of(asked, stage=found, best={"rr": 0.01, "sdt": 4.0})) is None

    def test_not_above_an_lr_at_which_every_dense_training_diverged(self):
        asked = study(extend_lr=4)
        rows = rows_of(asked, best={"sdt": 0.4}, diverged={("dense", 0.4)})
        assert extended(asked, first(asked), rows) is None
        (survivor, *_) = [index for index, one in enumerate(rows) if (one.arm, one.lr) == ("dense", 0.4)]
        rows[survivor] = replace(rows[survivor], diverged=False)
        assert extended(asked, first(asked), rows) is not None

    def test_below_an_lr_at_which_all_diverged(self):
        asked = study(extend_lr=4, lrs=(50.0,))
        rows = rows_of(asked, best=50.0, diverged={("dense", 50.0)})
        assert extended(asked, first(asked), rows).lrs == (25.0, 50.0)

    @settings(deadline=None, max_examples=30)
    @given(st.floats(0.001, 50), st.integers(0, 8))
    def test_until_inside_or_at_the_limit(self, best, limit):
        asked = study(extend_lr=limit)
        stage = first(asked)
        while (more := extended(asked, stage, rows_of(asked, stage=stage, best=best))) is not None:
            assert set(stage.lrs) < set(more.lrs)
            stage = more
        reached = {lr: accuracy(Slot("dense", None, None, lr, 0, EPOCHS), TICKET, best) for lr in stage.lrs}
        assert len(stage.lrs) == len(LRS) + limit or not lrs_beyond(stage.lrs, best_lr(reached))


class TestLater:
    @pytest.mark.parametrize("stored", [(0.05, 0.025), (0.8, 1.6)])
    def test_counts_the_lrs_that_leave_most_to_train(self, stored):
        asked = study(extend_lr=2)
        (begun,) = Arms(asked, Facts()).course({})
        found = later(asked, {}, lambda slot: slot.lr not in stored, begun, 1000)
        beyond = {slot.lr for slot in found if slot.epochs == EPOCHS} - set(LRS)
        assert beyond == {0.05, 0.025, 0.8, 1.6} - set(stored)

    @settings(deadline=None, max_examples=25)
    @given(st.integers(0, 2**32), st.integers(0, 3), st.sampled_from([2, 3, 9]))
    def test_no_more_is_wanted_than_was_said(self, draw, extend_lr, most):
        """Whatever the accuracies, with every verdict open and a ticket wherever one may stand."""
        asked = study(
            ("imp", "omp"), sparsities=(0.36, 0.672), extend_lr=extend_lr, until_decided=most, terms=CONFIDENT
        )
        arms, random, known, said = Arms(asked, Facts()), Random(draw), {}, []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("lthcheck.sequel._examined", everywhere)
            while wanted := arms.next(asked.questions(), known):
                *_, last = arms.course(known)
                more = {*later(asked, known, lambda slot: slot not in known, last, 1000)}
                said.append(len(known.keys() | wanted.keys() | more))
                for slot in random.sample(sorted(wanted, key=str), random.randint(1, len(wanted))):
                    known[slot] = row(slot, random.random())
        assert len(known) <= min(said)


class TestSeeds:
    def undecided(self, monkeypatch, *at, left_to_doubt=False):
        """The judge leaves the verdict open at these numbers of seeds."""

        def examined(asked, rows, test_size):
            seeds = 1 + max(one.seed for one in rows)
            verdict = "undecided" if seeds in at else "none"
            return SimpleNamespace(judgement=SimpleNamespace(verdict=verdict, cells=()), left_to_doubt=left_to_doubt)

        monkeypatch.setattr("lthcheck.sequel._examined", examined)

    def test_are_those_of_the_next_look_while_the_verdict_is_open(self, monkeypatch):
        self.undecided(monkeypatch, 2)
        asked = study(until_decided=9, terms=CONFIDENT)
        assert next_stage(asked, first(asked), rows_of(asked), 1000) == Stage(LRS, 3)

    def test_are_no_more_once_it_is_decided(self, monkeypatch):
        self.undecided(monkeypatch)
        asked = study(until_decided=9, terms=CONFIDENT)
        assert next_stage(asked, first(asked), rows_of(asked), 1000) is None

    def test_are_no_more_where_other_evidence_would_decide(self, monkeypatch):
        self.undecided(monkeypatch, 2, left_to_doubt=True)
        asked = study(until_decided=9, terms=CONFIDENT)
        assert next_stage(asked, first(asked), rows_of(asked), 1000) is None

    def test_are_no_more_than_the_most(self, monkeypatch):
        self.undecided(monkeypatch, 2)
        asked = study(until_decided=2, terms=CONFIDENT)
        assert next_stage(asked, first(asked), rows_of(asked), 1000) is None

    def test_the_evidence_is_that_of_the_look_that_decided(self, monkeypatch):
        self.undecided(monkeypatch, 2)
        asked = study(until_decided=9, terms=CONFIDENT)
        known = {}
        for seeds in (2, 3, 5):  # the store holds more than is needed
            for one in rows_of(asked, stage=Stage(LRS, seeds)):
                known[Slot(one.arm, one.method, one.sparsity, one.lr, one.seed, one.epochs)] = one
        judged = evidence(Arms(asked, Facts()).course(known))
        assert judged.stage == Stage(LRS, 3)
        assert {slot.seed for slot in judged.slots} == {0, 1, 2}

    def test_while_a_look_is_being_trained_the_evidence_is_that_of_the_one_before(self, monkeypatch):
        self.undecided(monkeypatch, 2)
        asked = study(until_decided=9, terms=CONFIDENT)
        known = {Slot(r.arm, r.method, r.sparsity, r.lr, r.seed, r.epochs): r for r in rows_of(asked)}
        known |= {slot: row(slot, 0.9) for slot in grid(asked, ("dense", None, None), LRS, 3)}
        course = Arms(asked, Facts()).course(known)
        assert [each.stage.seeds for each in course] == [2, 3]
        assert evidence(course).stage.seeds == 2

    def test_of_many_looks_each_is_judged_once(self, monkeypatch):
        judged = []

        def examine(rows, terms, *, epochs):
            judged.append(len(rows))
            return everywhere(asked, rows, 1000)

        monkeypatch.setattr("lthcheck.verdict.judge.examine", examine)
        asked = study(lrs=(0.2,), until_decided=200, terms=CONFIDENT)
        arms, known = Arms(asked, Facts()), {}
        for at in (row(slot, 0.5) for place in places(asked, ["imp"]) for slot in grid(asked, place, [0.2], 200)):
            known |= {slot_of(each): each for each in (at, replace(at, epochs=2 * EPOCHS, accuracy=0.6))}
        course = arms.course(known)
        assert course[-1].whole
        before = len(judged)
        assert arms.course(known) == course
        assert len(judged) == before


class TestStudy:
    def test_its_terms_pay_for_what_it_may_grow_by(self):
        terms = study(extend_lr=2, until_decided=8, terms=CONFIDENT).terms
        assert (terms.looks, terms.most_lrs) == ((2, 3, 5, 8), len(LRS) + 2)

    def test_its_evidence_is_judged_by_its_terms(self):
        asked = study(until_decided=8, terms=CONFIDENT)
        assert judge(rows_of(asked), **vars(asked.terms)).looks == (2, 3, 5, 8)

    def test_the_rule_paper_pays_for_nothing(self):
        assert study(extend_lr=2).terms == Terms()

    @pytest.mark.parametrize(
        "asked",
        [study(), study(extend_lr=2), study(extend_lr=1, until_decided=8, terms=replace(CONFIDENT, gamma=0.01))],
        ids=["plain", "more lrs", "more seeds"],
    )
    def test_is_its_record_again(self, asked):
        assert Study.from_json(asked.as_json()) == asked

    def test_is_read_from_a_record_of_an_earlier_version(self):
        old = {
            key: value for key, value in study().as_json().items() if key not in ("extend_lr", "until_decided", "terms")
        }
        assert Study.from_json(old) == study()

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"extend_lr": -1}, "extend-lr=-1 must be at least 0"),
            ({"extend_lr": 9}, "extend-lr=9 must be at most 8"),
            ({"until_decided": 8}, "until-decided=8 goes with the rule confident"),
            ({"until_decided": 1, "terms": CONFIDENT}, "until-decided=1 must be at least the 2 seeds .*; allow more"),
            ({"until_decided": 1001, "terms": CONFIDENT}, "until-decided=1001 must be at most 1000"),
        ],
    )
    def test_refuses_growth_without_end(self, changes, message):
        with pytest.raises(ValueError, match=message):
            study(**changes)

    def test_asks_the_claims_of_the_grid_that_it_began_with(self):
        assert {question.lr for question in study(extend_lr=8).questions()} == {None, *LRS}
