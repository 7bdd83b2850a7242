"""A study from end to end: what is trained, what is told, and what a damaged store costs."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace

import pytest

from lthcheck import data, folds
from lthcheck.arms import Arms
from lthcheck.run import needs
from lthcheck.store import Store
from lthcheck.study import Slot

LRS, SEEDS, EPOCHS, STEPS = (0.05, 0.2), 2, 3, 24


@pytest.fixture(scope="module")
def asked(study):
    return study(methods=("imp", "omp"), lrs=LRS, seeds=SEEDS)


@pytest.fixture(scope="module")
def whole(asked, ask, tmp_path_factory):
    """The answer of a study that both methods take part in, and its store."""
    store = Store(tmp_path_factory.mktemp("whole"))
    return *ask(asked, store), store


@pytest.fixture(scope="module")
def chain(study, tmp_path_factory, ask):
    """A study of one replicate whose ticket is two rounds of IMP away from dense, and its store."""
    made, store = study(), Store(tmp_path_factory.mktemp("chain"))
    ask(made, store)
    return made, store


@pytest.fixture
def damaged(chain, tmp_path):
    """The study, a copy of its store that may be spoilt, what that store told, and dense, t_1 and t_2."""
    made, store = chain
    shutil.copytree(store.root, tmp_path / "store")
    told = []
    return made, Store(tmp_path / "store", told.append), told, rounds(made)


def rounds(made, lr=0.2, seed=0):
    """Dense and the rounds of IMP after it."""
    arms = Arms(made, data.describe(made.dataset))
    runs = [arms.run(Slot("lt", "imp", made.sparsities[-1], lr, seed, EPOCHS))]
    while parents := list(needs(runs[0])):
        runs.insert(0, parents[0][0])
    return runs


def file(store, run, name):
    return store.root / "runs" / run.key[:2] / run.key / name


def spoil(path):
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(bytes(content))


def test_every_slot_has_a_row(whole):
    found, _, _ = whole
    grid = [(lr, seed) for lr in LRS for seed in range(SEEDS)]
    arms = [("dense", None, None), ("sdt", None, 0.36)]
    arms += [(arm, method, 0.36) for arm in ("lt", "rr") for method in ("imp", "omp")]
    expected = {(*arm, *place, EPOCHS) for arm in arms for place in grid}
    expected |= {("dense", None, None, 0.2, seed, 2 * EPOCHS) for seed in range(SEEDS)}
    places = [(row.arm, row.method, row.sparsity, row.lr, row.seed, row.epochs) for row in found.rows]
    assert Counter(places) == Counter(expected)
    assert not any(row.diverged for row in found.rows)
    assert found.test_size == 200


def test_every_run_is_trained_once(whole):
    found, progress, store = whole
    assert progress.trained == 4 + 2 * 4 + 4 + 2 * 4 + 4 + 2  # dense, imp, omp, rr, sdt, probe
    assert progress.finished == set(store.keys())
    assert (progress.planned, progress.elsewhere) == (30, 0)
    assert progress.replica_steps == progress.due == (28 + 2 * 2) * STEPS
    told = {name: found.cost[name] for name in ("requested", "trainings", "cached", "replica_steps")}
    assert told == {"requested": 26, "trainings": 30, "cached": 0, "replica_steps": 32 * STEPS}


def test_asked_again_it_trains_nothing(whole, asked, ask):
    before, _, store = whole
    found, progress = ask(asked, store)
    assert found.rows == before.rows
    assert (progress.planned, progress.trained, progress.elsewhere) == (0, 0, 0)
    assert found.cost == before.cost | {"cached": 30}


def test_every_row_tells_its_correct_samples_by_fold(whole):
    found, _, store = whole
    for row in found.rows:
        steps = STEPS * int(row.epochs) // EPOCHS
        correct = store.tensors(row.run, f"correct-{steps}")["correct"]
        assert row.folds == folds.counts(correct.numpy())
        folds.check(row.folds, row.accuracy, found.test_size)


def test_methods_share_dense_and_sdt_and_nothing_else(whole):
    found, _, _ = whole
    runs = [row.run for row in found.rows]
    assert len(set(runs)) == len(runs)
    assert {row.method for row in found.rows if row.arm in ("dense", "sdt")} == {None}
    params = {arm: {row.params for row in found.rows if row.arm == arm} for arm in ("lt", "rr", "dense")}
    assert params["lt"] == params["rr"] == {508 - 448 + round(0.64 * 448)}
    assert params["dense"] == {508}


def test_at_the_first_rung_imp_is_omp(asked, study):
    arms = Arms(study(methods=("imp", "omp"), sparsities=(0.2,)), data.describe(asked.dataset))
    imp, omp = (arms.run(Slot("lt", method, 0.2, 0.2, 0, EPOCHS)) for method in ("imp", "omp"))
    assert imp == omp


def test_the_probe_is_at_the_best_dense_lr(whole):
    found, _, _ = whole
    dense = {lr: [r.accuracy for r in found.rows if r.arm == "dense" and (r.lr, r.epochs) == (lr, 3)] for lr in LRS}
    best = max(LRS, key=lambda lr: sum(dense[lr]))
    assert {row.lr for row in found.rows if row.epochs == 2 * EPOCHS} == {best}


def test_the_protocol_was_held_and_counted(whole):
    found, progress, _ = whole
    assert found.violations == progress.violations == []
    assert [rule for rule, count in found.checked.items() if not count] == ["saliency", "given", "permuted"]
    assert found.checked["start"] == found.checked["finite"] == 26 + 4  # rounds of imp that are no rows
    assert found.checked["density"] == found.checked["ranked"] == 16 + 4
    assert found.checked["nested"] == 8  # round 2 of imp; what is pruned from dense is nested in nothing
    assert found.checked["mask"] == found.checked["reinit"] == 8


def test_a_store_that_does_not_tell_correct_samples_is_not_trained_anew(damaged, ask):
    made, store, told, _ = damaged
    before, _ = ask(made, store)
    for path in store.root.glob("runs/*/*/correct-*"):
        path.unlink()
    found, progress = ask(made, store)
    assert progress.planned == 0
    assert found.rows == [replace(row, folds=None) for row in before.rows]
    assert not told


def test_spoilt_correct_samples_are_told_and_leave_a_row_without_folds(damaged, ask):
    made, store, told, (_, _, t_2) = damaged
    spoil(file(store, t_2, f"correct-{STEPS}.safetensors"))
    found, progress = ask(made, store)
    assert progress.planned == 0
    assert {row.run for row in found.rows if row.folds is None} == {t_2.key}
    assert len(told) == 1
    assert f"correct-{STEPS}.safetensors is not what was written there; set aside as" in told[0]
    ask(made, store)
    assert len(told) == 1


def test_correct_samples_that_contradict_the_accuracy_are_told_and_not_counted(damaged, ask):
    made, store, told, (_, _, t_2) = damaged
    correct = store.tensors(t_2.key, f"correct-{STEPS}")["correct"]
    store.write_tensors(t_2.key, f"correct-{STEPS}", {"correct": ~correct})
    found, _ = ask(made, store)
    assert {row.run for row in found.rows if row.folds is None} == {t_2.key}
    assert len(told) == 1
    assert told[0].startswith(f"run {t_2.key[:12]}: folds with ")


@pytest.mark.parametrize("place", [0, 2], ids=["dense", "lt"])
def test_a_spoilt_result_is_trained_anew(damaged, chain, ask, kept, place):
    made, store, told, runs = damaged
    spoil(file(store, runs[place], "result.json"))
    found, progress = ask(made, store)
    assert progress.finished == {runs[place].key}
    assert len(told) == 1
    assert runs[place].key in told[0]
    assert found.cost["cached"] == 5
    assert len(found.rows) == 5
    assert kept(store) == kept(chain[1])


def test_spoilt_weights_are_trained_anew_when_a_mask_is_taken_from_them(damaged, chain, ask, kept):
    made, store, told, (dense, t_1, t_2) = damaged
    spoil(file(store, dense, f"step-{STEPS}.safetensors"))
    for run in (t_1, t_2):
        shutil.rmtree(file(store, run, ""))
    found, progress = ask(made, store)
    assert progress.finished == {dense.key, t_1.key, t_2.key}
    assert any(f"step-{STEPS}.safetensors is not what was written" in text for text in told + progress.told)
    assert len(found.rows) == 5
    assert kept(store) == kept(chain[1])


def test_weights_that_are_gone_are_made_again_when_a_mask_is_taken_from_them(damaged, chain, ask, kept):
    made, store, told, (_, t_1, t_2) = damaged
    file(store, t_1, f"step-{STEPS}.safetensors").unlink()
    file(store, t_2, "result.json").unlink()
    _, progress = ask(made, store)
    assert progress.finished == {t_1.key, t_2.key}
    assert not told
    assert kept(store) == kept(chain[1])


def test_what_nothing_asks_for_is_not_missed(damaged, ask):
    made, store, _, (dense, t_1, _) = damaged
    file(store, dense, f"step-{STEPS}.safetensors").unlink()
    shutil.rmtree(file(store, t_1, ""))
    found, progress = ask(made, store)
    assert progress.planned == 0
    assert len(found.rows) == 5


def test_a_spoilt_mask_is_made_again(damaged, chain, ask, kept):
    made, store, _, (_, t_1, t_2) = damaged
    spoil(file(store, t_1, "mask.safetensors"))
    file(store, t_2, "result.json").unlink()
    ask(made, store)
    assert kept(store) == kept(chain[1])


def test_a_store_of_another_format_is_trained_anew_once(damaged, ask):
    made, store, _, _ = damaged
    for path in store.root.glob("runs/*/*/*"):
        spoil(path)
    _, progress = ask(made, store)
    assert progress.trained == 6


def test_a_store_of_another_format_is_trained_anew_however_long_the_chain(study, ask, tmp_path):
    made, store = study(sparsities=(0.93,)), Store(tmp_path, lambda text: None)
    chain = rounds(made)
    assert len(chain) == 13
    for run in chain:
        for name in ("result.json", f"step-{STEPS}.safetensors"):
            file(store, run, "").mkdir(parents=True, exist_ok=True)
            file(store, run, name).write_bytes(b"of another format")
    found, _ = ask(made, store)
    assert len(found.rows) == 5
