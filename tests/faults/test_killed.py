"""Whoever is killed with -9, others or the next command take over, and nothing that was finished is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import torch
from faults.conftest import STEPS, evidence, one_line, wait_for

from lthcheck.store import Store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes through /proc")

EXPECTED = '[[expect]]\nstudy = "{}"\nmethod = "omp"\nverdict = "none"\nreason = "its sparsity is trivial"\n'
STEPS_OF_ONE = 5600  # a second or two


@pytest.fixture(scope="module")
def asked(study):
    return study(methods=("omp",), epochs=STEPS_OF_ONE // 8)


@pytest.fixture
def holder(asked, command, tmp_path, processes):
    """A command whose trainer stands still in mid-training, its lock held; and that trainer."""
    running = command(asked, tmp_path, trainers=1, conditions=(4,))
    wait_for(lambda: list(tmp_path.glob("runs/*/*/checkpoint.safetensors")))
    (owner,) = processes(running.process.pid)
    os.kill(owner, signal.SIGSTOP)
    yield running, owner
    if running.process.poll() is None:
        end(running, owner)


def end(running, owner):
    """Kills a command in the moment in which its trainer is killed."""
    running.process.send_signal(signal.SIGSTOP)
    os.kill(owner, signal.SIGKILL)
    running.kill()


@pytest.mark.slow
def test_the_next_command_takes_over_a_lock_whose_owner_was_killed(asked, holder, ask, processes, tmp_path):
    end(*holder)
    assert processes.gone([holder[1]])
    found, progress = ask(asked, Store(tmp_path), conditions=(4,))
    assert (progress.trained, progress.elsewhere, progress.told) == (2, 0, [])
    assert 0 < progress.replica_steps < 2 * STEPS_OF_ONE  # it went on from the checkpoint
    assert len(found.rows) == 2


@pytest.mark.slow
def test_a_command_that_waits_for_another_takes_over_when_that_is_killed(asked, holder, ask, tmp_path):
    waited = []

    def kill_after_a_while(progress):
        waited.append((progress.trained, progress.elsewhere))
        if len(waited) == 20:
            end(*holder)

    found, progress = ask(asked, Store(tmp_path), conditions=(4,), show=kill_after_a_while)
    assert set(waited[:20]) == {(0, 0)}  # all waits for what the other trains
    assert (progress.trained, progress.elsewhere, progress.told) == (2, 0, [])
    assert 0 < progress.replica_steps < 2 * STEPS_OF_ONE
    assert len(found.rows) == 2


@pytest.fixture
def four(face, dataset, tmp_path):
    """Starts a session of four workers whose verdict is as expected."""
    (tmp_path / "expect.toml").write_text(EXPECTED.format(f"mlp-16-8 on {os.path.basename(dataset)}"))
    return lambda **options: face("pytest -n 4", expect="expect.toml", **options)


@pytest.mark.slow
def test_a_session_of_four_workers_outlives_a_trainer(four, untroubled, tmp_path):
    running = four()
    os.kill(wait_for(lambda: running.children(trainers=True))[0], signal.SIGKILL)
    code, said = running.end()
    assert code == 0
    assert one_line(said, "a trainer died (exit code -9); its")
    assert evidence(tmp_path) == evidence(untroubled)


@pytest.mark.slow
def test_a_session_of_four_workers_outlives_a_worker_that_dies_while_it_waits(four, face, untroubled, tmp_path):
    running = four()
    wait_for(lambda: running.children(trainers=True))
    os.kill(running.children(trainers=False)[0], signal.SIGKILL)
    code, said = running.end()
    assert code == one_line(said, "crashed while running")  # where xdist had meant the test for that worker
    assert "Traceback" not in said
    assert evidence(tmp_path) == evidence(untroubled)
    assert one_line(face("run").end()[1], "0 trainings in ")


@pytest.mark.slow
def test_a_test_that_kills_its_worker_costs_no_other(four, untroubled, tmp_path):
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_deadly.py").write_text("import os\ndef test_deadly(): os.kill(os.getpid(), 9)\n")
    code, said = four(store=untroubled / "store", which="checks").end()
    assert code == 1
    assert " 1 failed" in said
    assert one_line(said, "crashed while running 'checks/test_deadly.py::test_deadly'")
    assert evidence(tmp_path) == evidence(untroubled)


def test_a_report_is_old_or_new(tmp_path):
    path = tmp_path / "study.md"
    path.write_text("old")
    program = (
        "import os, pathlib, signal, sys; from lthcheck.report import atomic; "
        "os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL); "
        "atomic.write_bytes(pathlib.Path(sys.argv[1]), b'new')"
    )
    done = subprocess.run([sys.executable, "-c", program, path], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    (left,) = tmp_path.glob(".*")
    assert left.read_text() == "new"


def test_seconds_count_what_was_trained_before_the_kill(train, ticket, kept, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setattr(Store, "drop", lambda *_: None)
        store = train(tmp_path)
    checkpoint = store.tensors(ticket.key, "checkpoint")
    assert 0 < checkpoint["order/seconds"] < store.result(ticket.key)["seconds"]
    whole = kept(store)[ticket.key]
    (tmp_path / "runs" / ticket.key[:2] / ticket.key / "result.json").unlink()
    store.drop(ticket.key, f"step-{STEPS}")
    store.write_tensors(ticket.key, "checkpoint", checkpoint | {"order/seconds": torch.tensor(1000.0)})
    train(tmp_path)
    assert 1000 < store.result(ticket.key)["seconds"] < 1100
    whole[2].pop("checkpoint")
    assert kept(store)[ticket.key] == whole
