"""A study is on record before anything is trained for it, so that what it needs is not removed under it."""

from __future__ import annotations

import time

import pytest

from lthcheck.store import Store, ledger
from lthcheck.store.collection import Terms, removable, remove


class Stopped(Exception):
    """Raised in the middle of a study."""


def stop(progress):
    if progress.trained:
        raise Stopped


def collect(store):
    """Removes what may be removed; weights too."""
    terms = Terms(time.time(), weights=True)
    return remove(store, removable(store.root, terms), terms, {}).pieces


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


def test_a_study_that_was_stopped_goes_on_with_all_that_it_had(study, ask, store):
    with pytest.raises(Stopped):
        ask(study(lrs=(0.1, 0.2)), store, show=stop)
    (entry,), _ = ledger.entries(store.root)
    had = set(store.keys())
    assert had < entry.keys
    assert collect(store) == []
    _, progress = ask(study(lrs=(0.1, 0.2)), store)
    assert had.isdisjoint(progress.finished)
    assert had | progress.finished == ledger.read(store.root, entry.id).keys


def test_all_that_a_study_trains_is_on_record_the_probe_and_the_rounds_of_imp_included(study, ask, store):
    found, progress = ask(study(methods=("imp", "omp"), sparsities=(0.36, 0.488)), store)
    assert progress.finished == found.entry.keys == set(store.keys())
    assert ledger.read(store.root, found.entry.id).runs == found.entry.runs


def test_what_is_wanted_late_is_on_record_before_it_is_trained(study, ask, store):
    seen = []

    def look(progress):
        (entry,), _ = ledger.entries(store.root)
        seen.append(progress.finished <= entry.keys)

    found, _ = ask(study(), store, show=look)
    assert {row.epochs for row in found.rows} == {3, 6}  # the probe was wanted when dense was known
    assert all(seen)


def test_a_part_of_a_study_does_not_shrink_its_entry(study, ask, store):
    ask(study(), store)
    before = ledger.entries(store.root)[0][0].keys
    ask(study(), store, conditions=(4,))
    ask(study(), Store(store.root))
    assert [entry.keys for entry in ledger.entries(store.root)[0]] == [before]


def test_after_a_collection_every_study_on_record_is_answered_without_training(study, ask, store):
    one, two = study(methods=("imp",)), study(methods=("omp",), seeds=2)
    rows = [ask(each, store)[0].rows for each in (one, two)]
    store.write_result("ab" * 32, {})
    removed = {piece.kind for piece in collect(store)}
    assert removed == {"runs"}  # none of the two has a verdict yet, so their weights stay
    for each, before in zip((one, two), rows, strict=True):
        found, progress = ask(each, store)
        assert (progress.planned, found.rows) == (0, before)
