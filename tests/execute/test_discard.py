"""What broke a rule goes from the store, with what was trained beside it and all that was built on either."""

from __future__ import annotations

import pytest

from lthcheck import data
from lthcheck.arms import Arms
from lthcheck.execute.discard import discard
from lthcheck.protocol import ProtocolViolation
from lthcheck.run import Permuted, Run, Weights, described
from lthcheck.store import Store
from lthcheck.study import Slot


@pytest.fixture
def runs(study):
    """Two rounds of IMP, what is built on them, and two runs that are built on nothing."""
    arms = Arms(study(), data.describe(study().dataset))
    dense, other = (arms.run(Slot("dense", None, None, 0.2, seed, 3)) for seed in (0, 1))
    t_1, t_2, rr = (
        arms.run(Slot(arm, "imp", sparsity, 0.2, 0, 3)) for arm, sparsity in (("lt", 0.2), ("lt", 0.36), ("rr", 0.36))
    )
    tuned = Run(dense.network, dense.data, dense.training, Weights(t_1), t_2.mask, seed=0)
    control = Run(dense.network, dense.data, dense.training, rr.start, Permuted(t_2.mask, "network", 0), seed=0)
    return {"dense": dense, "other": other, "t_1": t_1, "t_2": t_2, "rr": rr, "tuned": tuned, "control": control}


@pytest.fixture
def store(runs, tmp_path):
    store = Store(tmp_path)
    for run in runs.values():
        store.write_result(run.key, {"key": run.key, "expression": described(run)})
    return store


@pytest.mark.parametrize(
    ("rule", "run", "against", "gone"),
    [
        ("pruned", "t_2", None, {"t_2"}),
        ("pruned", "t_1", None, {"t_1", "t_2", "rr", "tuned", "control"}),
        ("theta0", "t_2", "dense", {"dense", "t_1", "t_2", "rr", "tuned", "control"}),
        ("mask", "rr", "t_2", {"rr", "t_2"}),
    ],
)
def test_runs_go_with_what_was_built_on_them(runs, store, rule, run, against, gone):
    other = against and runs[against].key
    discard(store, [ProtocolViolation(rule, runs[run].key, "all layers", "broken", other)], trained=set())
    assert {name for name, each in runs.items() if store.result(each.key) is None} == gone


def test_what_the_same_program_trained_goes(runs, store):
    discard(store, [ProtocolViolation("pruned", runs["rr"].key, "all layers", "broken")], {runs["other"].key})
    assert {name for name, each in runs.items() if store.result(each.key) is None} == {"rr", "other"}


def test_nothing_goes_where_nothing_was_broken(runs, store):
    discard(store, [], trained={run.key for run in runs.values()})
    assert len(list(store.keys())) == len(runs)
