"""A store that cannot be written can be read; what would have to be trained is refused before anything is."""

from __future__ import annotations

import os
import shutil

import pytest
from faults.conftest import evidence, one_line, remount

from lthcheck.store import Store


@pytest.fixture
def read_only(mounted, untroubled):
    """A store that holds a whole study, on a read-only disk."""
    disk = mounted()
    shutil.copytree(untroubled / "store", disk / "store")
    remount(disk, "ro")
    return disk / "store"


def test_a_study_that_it_holds_is_judged(face, read_only, untroubled, tmp_path):
    code, said = face("run", store=read_only).end()
    assert code == 0
    assert one_line(said, "0 trainings in ")
    assert evidence(tmp_path) == evidence(untroubled)


def test_a_study_that_it_lacks_runs_of_is_refused(face, read_only):
    code, said = face("run", store=read_only, lr="0.1").end()
    assert code == 2
    assert one_line(said, f"store='{read_only}' must be a folder that can be written (Read-only file system); ")


def test_a_spoilt_file_in_it_is_told_and_stays(mounted):
    disk, told = mounted(), []
    Store(disk).write_result("ab" * 32, {})
    (path,) = disk.glob("runs/*/*/result.json")
    os.truncate(path, 9)
    remount(disk, "ro")
    assert Store(disk, told.append).result("ab" * 32) is None
    assert path.stat().st_size == 9
    assert len(told) == 1
    assert "is not what was written there; could not be set aside as result.json.corrupt" in told[0]
