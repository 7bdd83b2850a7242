"""The calibration: real training in other processes, of which nothing is left."""

from __future__ import annotations

import os
from multiprocessing import Pipe
from pathlib import Path

import pytest

from lthcheck.execute.calibrate import _heard, calibrate
from lthcheck.execute.error import TrainerError
from lthcheck.execute.plan import plan
from lthcheck.execute.trainer import MissingWeights
from lthcheck.execute.wants import Wants
from lthcheck.execute.worker import _failures
from lthcheck.store import Store


@pytest.fixture
def jobs(study, tmp_path):
    store = Store(tmp_path / "store")
    asked = study(seeds=4)
    return list(plan(Wants(asked, store, None).demands(asked.questions()), store).jobs.values())


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Where temporary files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def children():
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()


def test_it_measures_every_kind_of_job_and_leaves_nothing(jobs, scratch, tmp_path):
    before = children()
    paces = calibrate(jobs, data_dir=None, trainers=2)
    assert paces.has(jobs)
    assert paces.start > 0
    assert paces.largest(jobs[0].run) == 8
    for job in jobs:
        alone, together = paces.seconds(job, 1), paces.seconds(job, 2)
        assert alone > 0
        assert 0 < together < 2 * alone + 1
    assert not list(scratch.iterdir())
    assert not list((tmp_path / "store").glob("*/*"))
    assert children() == before


def test_what_fails_there_is_told(jobs, scratch, dataset):
    Path(dataset).rename(scratch / "away")
    try:
        with pytest.raises(ValueError, match=r"blobs\.npz' must be a file; write it with numpy\.savez"):
            calibrate(jobs, data_dir=None, trainers=1)
    finally:
        (scratch / "away").rename(dataset)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (OSError(28, "No space left on device"), r"failed \(\[Errno 28\] No space left on device\)"),
        (MissingWeights("ab" * 32, 7), r"failed \(weights of run abababababab at step 7 are missing\)"),
        (RuntimeError("two\nlines"), r"failed \(RuntimeError: two lines\)"),
        (None, "told no pace"),
    ],
)
def test_a_process_that_measures_nothing_is_not_waited_for(failure, told):
    ours, theirs = Pipe()
    with ours, theirs:
        with _failures(theirs.send):
            if failure is not None:
                raise failure
        theirs.send(("idle",))
        with pytest.raises(TrainerError, match=told) as error:
            _heard(ours, "pace")
    assert "\n" not in str(error.value)
