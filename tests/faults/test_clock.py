"""Nothing but the date in a report depends on the clock of the wall."""

from __future__ import annotations

import os
import re
import shutil

import pytest
from faults.conftest import evidence, one_line
from hypothesis import given
from hypothesis import strategies as st

from lthcheck.execute.progress import Progress

JUMPS = """
import itertools, time
real, ahead = time.time, itertools.cycle([0, 1e9, -1e9, 1e10])
time.time = lambda: real() + next(ahead)
"""
FAR = 4_102_444_800  # the year 2100


@pytest.fixture
def dated(dataset):
    """Sets the time of change of the data file."""
    before = os.stat(dataset).st_mtime
    yield lambda seconds: os.utime(dataset, (seconds, seconds))
    os.utime(dataset, (before, before))


@pytest.mark.parametrize("seconds", [0, FAR])
def test_a_clock_that_jumps_changes_no_result(face, patched, dated, untroubled, tmp_path, seconds):
    patched(JUMPS)
    dated(seconds)
    if not seconds:
        shutil.copytree(untroubled / "store", tmp_path / "store")
        for path in (tmp_path / "store").rglob("*"):
            os.utime(path, (0, 0))
    code, said = face("run").end()
    assert code == 0
    assert one_line(said, f"{5 if seconds else 0} trainings in ")
    assert evidence(tmp_path) == evidence(untroubled)


@given(due=st.integers(-100, 100), steps=st.integers(0, 100))
def test_the_time_left_is_never_negative(due, steps):
    text = str(Progress(planned=3, due=due, replica_steps=steps))
    assert not re.search(r"-\d", text)
    assert ("left" in text) == (0 < steps < due)
