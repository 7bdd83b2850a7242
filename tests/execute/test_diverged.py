"""A run that diverges is a result; it disturbs nothing beside it, and nothing can be taken from it."""

from __future__ import annotations

import pytest

from lthcheck.store import Store

CALM, WILD = (0.05, 0.2), 1e6  # at 1e6, weight decay alone grows a weight 2000 times a step


@pytest.fixture(scope="module")
def both(study, ask, tmp_path_factory):
    """The answer of a study one of whose lrs is far too high, and its store."""
    store = Store(tmp_path_factory.mktemp("both"))
    found, progress = ask(study(methods=("imp", "omp"), lrs=(*CALM, WILD)), store)
    return found, progress, store


def test_diverged_rows_have_chance_accuracy(both):
    found, _, _ = both
    wild = [row for row in found.rows if row.lr == WILD]
    assert [row.arm for row in wild] == ["dense", "lt", "lt", "rr", "rr", "sdt"]
    assert all(row.diverged and row.accuracy == 1 / 4 and row.folds is None for row in wild)
    assert not any(row.diverged for row in found.rows if row.lr != WILD)


def test_descendants_are_recorded_and_not_trained(both):
    found, progress, store = both
    records = {row.run: store.result(row.run) for row in found.rows if row.lr == WILD}
    untrained = {row.run for row in found.rows if row.lr == WILD and row.arm in ("lt", "rr")}
    assert {key for key, record in records.items() if record["untrained"]} == untrained
    assert progress.finished.isdisjoint(untrained)
    assert all(store.result(key)["steps"] == 0 and not store.has(key, "mask") for key in untrained)
    assert progress.trained == progress.planned == 2 * 7 + 2 + 1  # 7 at each calm lr, dense and sdt at 1e6, the probe
    assert progress.replica_steps == progress.due


def test_no_weights_are_kept_of_a_diverged_run(both):
    found, _, store = both
    assert not any(store.steps(row.run) for row in found.rows if row.diverged)


def test_it_breaks_no_rule(both):
    found, progress, _ = both
    assert found.violations == progress.violations == []


def test_the_other_lrs_are_bitwise_what_they_are_alone(both, study, ask, kept, tmp_path):
    found, _, store = both
    alone = Store(tmp_path)
    calm, _ = ask(study(methods=("imp", "omp"), lrs=CALM), alone)
    assert calm.rows == [row for row in found.rows if row.lr != WILD]
    assert kept(alone).items() <= kept(store).items()


def test_it_is_not_trained_again(both, study, ask):
    found, _, store = both
    again, progress = ask(study(methods=("imp", "omp"), lrs=(*CALM, WILD)), store)
    assert again.rows == found.rows
    assert progress.planned == 0


def test_a_later_study_meets_a_dense_run_that_diverged_before(both, study, ask):
    _, _, store = both
    found, _ = ask(study(lrs=(*CALM, WILD), sparsities=(0.2,)), store)
    assert {row.diverged for row in found.rows if row.lr == WILD} == {True}


def test_an_optimiser_that_overflows_while_weights_stay_finite_ends_no_study(study, ask, tmp_path):
    found, _ = ask(study(methods=("omp",), lrs=(1e10,), optimiser="adam"), Store(tmp_path))
    assert len(found.rows) == 5
