"""The calibration: real training in other processes, of which nothing is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lthcheck.execute.calibrate import calibrate
from lthcheck.execute.plan import plan
from lthcheck.execute.wants import Wants
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
        assert 0 < alone < together < 2 * alone + 1
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
