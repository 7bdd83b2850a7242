"""Interrupted anywhere and run again, a command ends with the bits of one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from lthcheck import data
from lthcheck.arms import Arms
from lthcheck.execute.plan import Demand, Job, plan
from lthcheck.execute.pool import Pool
from lthcheck.execute.progress import Progress
from lthcheck.execute.trainer import Place, Trainer
from lthcheck.run import Pruned
from lthcheck.store import Store
from lthcheck.study import Slot

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes through /proc")

CONDITIONS = (3, 4)  # they need dense, lt and rr
RUNS, STEPS = 3, 5600  # a second or two for each run


@pytest.fixture(scope="module")
def asked(study):
    return study(methods=("omp",), epochs=STEPS // 8)


@pytest.fixture(scope="module")
def uninterrupted(asked, ask, kept, tmp_path_factory):
    """What a store holds when nothing happens to the command."""
    store = Store(tmp_path_factory.mktemp("uninterrupted"))
    _, progress = ask(asked, store, conditions=CONDITIONS)
    assert progress.trained == RUNS
    return kept(store)


def checkpoints(root):
    """When each was written; one may vanish while they are looked at."""
    written = {}
    for path in root.glob("runs/*/*/checkpoint.safetensors"):
        with suppress(FileNotFoundError):
            written[path] = path.stat().st_mtime_ns
    return written


def wait_for_a_new_checkpoint(root, seconds=60):
    before, until = checkpoints(root), time.monotonic() + seconds
    while checkpoints(root).items() <= before.items():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.slow
def test_a_killed_command_goes_on_when_run_again(asked, uninterrupted, command, processes, kept, tmp_path):
    moments = random.Random(0)
    delays = [moments.uniform(0, 0.3) for _ in range(2)]
    while delays or not checkpoints(tmp_path):  # the last one is killed while it trains
        running = command(asked, tmp_path, conditions=CONDITIONS)
        wait_for_a_new_checkpoint(tmp_path)
        time.sleep(delays.pop() if delays else 0)
        trainers = running.kill()
        assert trainers
        assert processes.gone(trainers)
    store = Store(tmp_path)
    left = RUNS - len(list(store.keys()))
    last = command(asked, tmp_path, conditions=CONDITIONS).finish()
    assert last["trained"] == left
    assert 0 < last["replica_steps"] < left * STEPS  # it went on from checkpoints
    assert len(last["rows"]) == RUNS
    assert kept(store) == uninterrupted


@pytest.mark.slow
def test_a_command_outlives_its_trainer(asked, uninterrupted, ask, processes, kept, tmp_path, monkeypatch):
    monkeypatch.setenv("LTHCHECK_CHECKPOINT_SECONDS", "0.05")
    killed = []

    def kill_once(_):
        if not killed and checkpoints(tmp_path):
            killed.extend(processes(os.getpid()))
            os.kill(killed[0], signal.SIGKILL)

    _, progress = ask(asked, Store(tmp_path), conditions=CONDITIONS, trainers=2, show=kill_once)
    assert progress.told == ["a trainer died (exit code -9); its 1 runs start again"]
    assert progress.trained == RUNS
    assert kept(Store(tmp_path)) == uninterrupted


@pytest.fixture
def dense(study):
    """Dense runs by seed."""
    arms = Arms(study(), data.describe(study().dataset))
    return lambda seed: arms.run(Slot("dense", None, None, 0.2, seed, 3))


@pytest.fixture
def pool(tmp_path):
    """A pool of at most two trainers."""
    pool = Pool(Store(tmp_path), trainers=2)
    yield pool
    pool.close()


def train(pool, run):
    progress = Progress()
    pool.train(plan([Demand(run)], pool.store), progress)
    return progress


def test_a_trainer_that_dies_while_it_waits_is_replaced(pool, dense, processes):
    train(pool, dense(0))
    time.sleep(0.5)  # it tells that it waits just after it told that the run is done
    trainers = processes(os.getpid())
    os.kill(*trainers, signal.SIGKILL)
    assert processes.gone(trainers)
    assert [train(pool, dense(seed)).trained for seed in (1, 2)] == [1, 1]


def test_what_is_trained_after_each_other_needs_one_trainer(pool, dense, processes):
    ticket = replace(dense(0), mask=Pruned(dense(0), 0.36))
    assert train(pool, ticket).trained == 2
    assert len(processes(os.getpid())) == 1


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Four Gaussian classes of 8x8 pixels, 100 samples to train and 40 to test."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, size in (("train", 100), ("test", 40)):
        arrays |= {f"x_{part}": rng.normal(size=(size, 1, 8, 8)).astype("float32"), f"y_{part}": np.arange(size) % 4}
    path = tmp_path_factory.mktemp("images") / "images.npz"
    np.savez(path, **arrays)
    return str(path)


@pytest.mark.parametrize("model", ["mlp-16-8", "resnet8"])
@pytest.mark.parametrize("steps", [(3,), (2, 5)], ids=["within an epoch", "at its end, and within the last"])
def test_augmented_samples_go_on_from_a_step_as_if_nothing_had_happened(study, images, kept, tmp_path, model, steps):
    """An epoch has two steps."""
    asked = replace(study(augmentation="crop-flip", epochs=3), model=model, dataset=images)
    run = Arms(asked, data.describe(images)).run(Slot("dense", None, None, 0.2, 0, 3))
    whole, parts, told = Store(tmp_path / "whole"), Store(tmp_path / "parts"), []
    Trainer(Place(whole.root, None), told.append).work([Job(run, frozenset(steps), 6)])
    for step in steps:
        Trainer(Place(parts.root, None), told.append).work([Job(run, frozenset({step}), step)])
    Trainer(Place(parts.root, None), told.append).work([Job(run, frozenset(steps), 6)])
    assert [message[1] for message in told if message[0] == "resumed"] == [0, 0, *steps]
    assert not [message for message in told if message[0] == "violation"]
    assert kept(parts) == kept(whole)
    assert len(list(whole.keys())) == 1
