"""Ctrl-C, once or again and again, ends a command in one line and all its trainers; what was finished is kept."""

from __future__ import annotations

import time

import pytest
from faults.conftest import one_line, wait_for

from lthcheck.quantity import count
from lthcheck.store import Store

LONG = 100_000  # epochs: minutes
KEPT = "; what was finished is kept in the store store, what was begun goes on from its last checkpoint: run the same"


@pytest.mark.parametrize(
    ("name", "times", "code"),
    [("run", 3, 130), ("pytest", 2, pytest.ExitCode.INTERRUPTED), ("pytest -n 2", 2, pytest.ExitCode.INTERRUPTED)],
)
@pytest.mark.slow
def test_it_ends_the_command_and_its_trainers(face, processes, tmp_path, name, times, code):
    running = face(name, epochs=LONG)
    wait_for(lambda: list(tmp_path.glob("store/runs/*/*/checkpoint.safetensors")))
    trainers = running.children(trainers=True)
    assert trainers
    for _ in range(times):
        running.interrupt()
        time.sleep(0.3)
    got, said = running.end()
    assert got == code
    assert one_line(said, "interrupted after 0 trainings", KEPT)
    assert "KeyboardInterrupt" not in said
    assert processes.gone(trainers)


@pytest.mark.slow
def test_the_same_command_goes_on(face, tmp_path):
    running = face("run", epochs=600)
    wait_for(lambda: list(tmp_path.glob("store/runs/*/*/result.json")))
    running.interrupt()
    code, said = running.end()
    finished = len(list(Store(tmp_path / "store").keys()))
    assert code == 130
    assert one_line(said, "interrupted after ", KEPT)
    code, said = face("run", epochs=600).end()
    assert code == 0
    assert one_line(said, f"{count(5 - finished, 'training')} in ")
