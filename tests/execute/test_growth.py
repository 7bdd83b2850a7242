"""Studies that grow: more lrs, more seeds and probes of the controls, each trained once and judged alike ever after."""

from __future__ import annotations

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from lthcheck.store import Store, ledger
from lthcheck.store.collection import Terms as Collection
from lthcheck.store.collection import removable, remove
from lthcheck.study import Study
from lthcheck.verdict.terms import Terms

CONFIDENT = Terms(rule="confident")
ARMS = {"dense", "lt", "rr", "sdt"}


WHOLE = (None, 1, 2, 3, 4, 5)  # verdicts and integrity have no condition


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture(scope="module")
def answered(ask):
    """Answers all questions of a study where nothing else is said."""

    def made(study, store, *, conditions=WHOLE):
        return ask(study, store, conditions=conditions)

    return made


@pytest.fixture
def open_until(monkeypatch):
    """The judge leaves every verdict open below so many seeds."""

    def patched(seeds):
        def examined(study, rows, test_size):
            verdict = "none" if 1 + max(row.seed for row in rows) >= seeds else "undecided"
            return SimpleNamespace(judgement=SimpleNamespace(verdict=verdict, cells=()), left_to_doubt=False)

        monkeypatch.setattr("lthcheck.sequel._examined", examined)

    return patched


def places(found):
    """By arm, the lrs and seeds of its rows of T epochs."""
    return {arm: {(row.lr, row.seed) for row in found.rows if (row.arm, row.epochs) == (arm, 3)} for arm in ARMS}


@pytest.fixture(scope="module")
def grown(study, answered, tmp_path_factory):
    """The answer of a study of a single lr and seed that two lrs were added to, and its store."""
    store = Store(tmp_path_factory.mktemp("grown"))
    return *answered(replace(study(), extend_lr=2), store), store


class TestMoreLrs:
    def test_are_those_of_every_arm(self, grown):
        found, progress, _ = grown
        assert found.stage.lrs == (0.1, 0.2, 0.4)  # of a single lr none is inside
        assert places(found) == {arm: {(0.1, 0), (0.2, 0), (0.4, 0)} for arm in ARMS}
        assert progress.trained == 3 * 5 + 1  # dense, two rounds of IMP, rr and sdt; and the dense probe
        assert found.as_json()["lrs"] == [0.1, 0.2, 0.4]

    def test_are_no_more_than_were_allowed(self, study, answered, store):
        found, _ = answered(replace(study(lrs=(0.01, 0.02)), extend_lr=1), store)
        assert len(found.stage.lrs) == 3

    def test_asked_again_are_found(self, study, answered, grown):
        before, _, store = grown
        found, progress = answered(replace(study(), extend_lr=2), store)
        assert (progress.planned, found.rows) == (0, before.rows)

    def test_are_not_for_claims_alone(self, study, answered, store):
        _, progress = answered(replace(study(), extend_lr=2), store, conditions=(4,))
        assert progress.trained == 3  # dense and two rounds of IMP

    def test_asked_plainly_later_the_study_is_the_plain_one(self, study, answered, grown):
        found, _ = answered(study(), grown[-1])
        assert {row.lr for row in found.rows} == {0.2}


class TestMoreSeeds:
    def test_are_added_until_the_verdict_is_decided(self, study, answered, store, open_until):
        open_until(3)
        found, progress = answered(replace(study(), terms=CONFIDENT, until_decided=6), store)
        assert places(found) == {arm: {(0.2, 0), (0.2, 1), (0.2, 2)} for arm in ARMS}
        assert sorted(row.seed for row in found.rows if row.epochs == 6) == [0, 1, 2]
        assert progress.trained == 3 * 6
        assert (found.as_json()["seeds"], found.as_json()["recipe"]["seeds"]) == (3, 1)

    def test_are_no_more_than_were_allowed(self, study, answered, store, open_until):
        open_until(99)
        found, _ = answered(replace(study(), terms=CONFIDENT, until_decided=2), store)
        assert found.stage.seeds == 2

    def test_asked_again_are_found(self, study, answered, store, open_until):
        open_until(2)
        asked = replace(study(), terms=CONFIDENT, until_decided=6)
        before, _ = answered(asked, store)
        found, progress = answered(asked, store)
        assert (progress.planned, found.rows) == (0, before.rows)

    def test_beyond_those_that_decided_do_not_count(self, study, answered, store, open_until):
        open_until(2)
        answered(study(seeds=3), store)
        found, progress = answered(replace(study(), terms=CONFIDENT, until_decided=6), store)
        assert progress.planned == 0
        assert {row.seed for row in found.rows} == {0, 1}

    def test_after_a_collection_nothing_is_trained(self, study, answered, store, open_until):
        open_until(2)
        before, _ = answered(replace(study(), terms=CONFIDENT, until_decided=3), store)
        terms = Collection(time.time(), weights=True)
        remove(store, removable(store.root, terms), terms, {})
        (entry,), _ = ledger.entries(store.root)
        found, progress = answered(Study.from_json(entry.study), store)
        assert (progress.planned, found.rows) == (0, before.rows)

    def test_there_are_from_python_too(self, study, store, open_until):
        open_until(2)
        rows = replace(study(), terms=CONFIDENT, until_decided=3).run(store=store.root)
        assert {row.seed for row in rows} == {0, 1}


class TestControlProbes:
    @pytest.fixture
    def asked(self, study):
        """The best lr of dense is 0.4, and by such terms a ticket has only to beat rr and sdt, which it does."""
        terms = Terms(delta=0.49, gamma=0.0)
        return lambda **other: replace(study(lrs=(0.1, 0.4, 3.2), sparsities=(0.672,)), terms=replace(terms, **other))

    def test_where_a_ticket_stands_its_controls_are_trained_for_2t(self, asked, answered, store):
        found, _ = answered(asked(), store)
        assert {row.arm for row in found.rows if row.epochs == 6} == ARMS - {"lt"}
        # of rr beside the three of T, its mask is held against that of the ticket
        assert (found.violations, found.checked["mask"]) == ([], 4)
        assert ledger.read(store.root, found.entry.id).keys == set(store.keys())

    def test_where_the_recipe_is_vouched_for_dense_alone_is(self, asked, answered, store):
        found, _ = answered(asked(assume_adequate=True), store)
        assert {row.arm for row in found.rows if row.epochs == 6} == {"dense"}

    def test_asked_again_from_its_record_nothing_is_trained(self, asked, answered, store):
        before, _ = answered(asked(), store)
        found, progress = answered(Study.from_json(before.entry.study), store)
        assert (progress.planned, found.rows) == (0, before.rows)
