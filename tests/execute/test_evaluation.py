"""Evaluation along the way is a demand: it changes no result, and one that comes late goes no further than it must."""

from __future__ import annotations

from lthcheck.arms import Arms
from lthcheck.data import describe
from lthcheck.execute.plan import Demand, plan
from lthcheck.execute.pool import Pool
from lthcheck.execute.progress import Progress
from lthcheck.store import Store
from lthcheck.study import Slot

EPOCHS, HALF = 3, 12  # steps; 24 in all


def test_a_curve_asked_for_late_is_that_asked_for_at_once(study, dataset, tmp_path):
    run = Arms(study(), describe(dataset)).run(Slot("dense", None, None, 0.2, 0, EPOCHS))
    stores = [Store(tmp_path / name) for name in ("once", "late")]
    asked = Demand(run, evaluate=frozenset({0, HALF}))
    progress = [train(stores[0], asked), train(stores[1], Demand(run)), train(stores[1], asked)]
    once, late = ([store.tensors(run.key, f"correct-{step}") for step in (0, HALF, 24)] for store in stores)
    for one, other in zip(once, late, strict=True):
        assert one["loss"] == other["loss"]
        assert (one["correct"] == other["correct"]).all()
    assert once[0]["loss"] > once[1]["loss"]
    assert [store.result(run.key)["accuracy"] for store in stores] == [once[2]["correct"].double().mean()] * 2
    assert [made.replica_steps for made in progress] == [24, 24, HALF]


def train(store, demand):
    progress, pool = Progress(), Pool(store, trainers=1)
    try:
        pool.train(plan([demand], store), progress)
    finally:
        pool.close()
    return progress
