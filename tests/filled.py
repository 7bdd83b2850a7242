"""A store that holds a whole study, planted: what reading, judging and reporting it costs needs no training."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
from safetensors.numpy import save

from lthcheck import zoo
from lthcheck.execute.plan import Job, plan
from lthcheck.execute.wants import Wants
from lthcheck.recipe import Recipe, ladder
from lthcheck.run import Dense, Reinit, Run, described
from lthcheck.store import Store
from lthcheck.store.layout import folder_of
from lthcheck.store.sealed import write_sealed
from lthcheck.study import Study

EPOCHS, BATCH = 4, 50
CHECKS = ["start", "fresh", "budget", "finite", "moves", "pruned", "test"]


def blobs(path: Path, *, shape: tuple[int, ...] = (20,), test: int = 1000, train: int = 200) -> str:
    """A data set of four classes in a file; its samples are noise."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, size in (("train", train), ("test", test)):
        arrays[f"x_{part}"] = rng.normal(size=(size, *shape)).astype("float32")
        arrays[f"y_{part}"] = np.arange(size) % 4
    np.savez(path, **arrays)
    return str(path)


def study(dataset: str, *, lrs: int, rungs: int, seeds: int, model: str = "mlp-16-8", **changes: object) -> Study:
    """IMP and OMP at the first rungs of the ladder, each at so many lrs and seeds."""
    grid = tuple(0.01 * 2**k for k in range(lrs))
    usual = {"initialiser": "pytorch", "lrs": grid, "sparsities": ladder(rungs), "seeds": seeds, "weight_decay": 5e-4}
    recipe = Recipe(name="filled", source="these tests", **usual | {"epochs": EPOCHS, "batch": BATCH} | changes)
    return Study(model=model, dataset=dataset, recipe=recipe)


def fill(asked: Study, store: Store) -> int:
    """Puts the result of every run that the study wants into the store, until it wants none; returns how many."""
    runs = 0
    with patch("os.fsync"):  # what is planted need not outlast a power cut
        while True:
            wants = Wants(asked, store, None)
            jobs = plan(wants.demands(asked.questions()), store).jobs
            if not jobs:
                return runs
            for job in jobs.values():
                plant(job, store, wants.test_size)
            runs += len(jobs)


def plant(job: Job, store: Store, test_size: int) -> None:
    """Puts what a training would leave into the store, but for its weights, which nothing reads any more."""
    run = job.run
    sizes, roles = zoo.parameter_counts(run.network), zoo.roles(run.network)
    correct = _correct(run, test_size)
    layers = {}
    if not isinstance(run.mask, Dense):
        layers = {
            name: [round((1 - run.mask.sparsity) * sizes[name]), sizes[name]]
            for name, role in roles.items()
            if role in run.mask.roles
        }
    folder = folder_of(store.root, run.key)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"correct-{run.training.steps}.safetensors"
    write_sealed(file, run.key, save({"correct": correct, "loss": np.array(1.0)}))
    total = sum(sizes.values())
    params = total
    if layers:
        prunable = sum(size for _, size in layers.values())
        params = total - prunable + round((1 - run.mask.sparsity) * prunable)
    store.write_result(
        run.key,
        {
            "key": run.key,
            "accuracy": int(correct.sum()) / test_size,
            "loss": 1.0,
            "diverged": False,
            "untrained": False,
            "steps": run.training.steps,
            "steps_per_epoch": run.training.steps // EPOCHS,
            "params": params,
            "params_dense": total,
            "layers": layers,
            "digests": {
                "theta0": _hash(run.start.key),
                "start": _hash(run.start.key, run.mask.key),
                "mask": run.mask.key,
                "order": _hash(run.seed, run.training.steps),
                "test": _hash(run.data.key),
            },
            "checks": CHECKS,
            "seconds": 1.0,
            "stack": 8,
            "torch": "none",
            "expression": described(run),
        },
    )


def _correct(run: Run, test_size: int) -> np.ndarray:
    """Which samples are right: the same are hard for all; dense is best at lr 0.04, a ticket at 0.02."""
    rng = np.random.default_rng(int(run.key[:12], 16))
    is_dense = isinstance(run.mask, Dense)
    level = (
        0.90
        if is_dense and run.network.width == 1
        else 0.86
        if is_dense
        else 0.88
        if isinstance(run.start, Reinit)
        else 0.895
    )
    level -= 0.004 * abs(np.log2(run.training.lr / (0.04 if is_dense else 0.02)))
    level += 0.003 * rng.standard_normal()
    scores = _hardness(test_size) + 0.5 * rng.standard_normal(test_size)
    right = np.zeros(test_size, dtype=bool)
    right[np.argsort(scores, kind="stable")[: round(level * test_size)]] = True
    return right


@lru_cache
def _hardness(size: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(size)


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
