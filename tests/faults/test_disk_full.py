"""A full disk ends a command in one line; once there is room, the same command goes on and ends as if nothing was."""

from __future__ import annotations

import os

import pytest
from faults.conftest import STEPS, evidence, one_line, remount

from lthcheck.quantity import count
from lthcheck.store import Store, StoreError

FILES = ["mask.safetensors", "checkpoint.safetensors", f"step-{STEPS}.safetensors", f"correct-{STEPS}.safetensors"]
FILES += ["result.json"]
KEPT = "make room or name another store; what was finished is kept"


@pytest.mark.parametrize("level", ["write", "replace"])
@pytest.mark.parametrize("file", FILES)
def test_no_file_is_half_written_and_none_is_lost(train, ticket, kept, tmp_path, monkeypatch, file, level):
    replace, fsync = os.replace, os.fsync

    def full(source, *rest):
        name = os.readlink(f"/proc/self/fd/{source}") if level == "write" else str(source)
        if ticket.key in name and f"/.{file}." in name:
            raise OSError(28, "No space left on device")
        return (fsync if level == "write" else replace)(source, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync" if level == "write" else "replace", full)
        pattern = rf".*/{file} could not be written \(No space left on device; .* needed, .* free\); {KEPT}"
        with pytest.raises(StoreError, match=pattern):
            train(tmp_path / "full")
    assert not list((tmp_path / "full").glob("runs/*/*/.*"))
    assert not (tmp_path / "full" / "runs" / ticket.key[:2] / ticket.key / file).exists()
    assert kept(train(tmp_path / "full")) == kept(train(tmp_path / "ample"))


def test_a_command_goes_on_once_there_is_room(face, mounted, untroubled, tmp_path):
    disk = mounted("40k")  # ten pages; the study's files take eighteen
    code, said = face("run", store=disk).end()
    assert code == 3
    assert one_line(said, f"Error: {disk}/runs/", "could not be written (No space left on device; ", " needed, ", KEPT)
    finished = list(Store(disk).keys())
    remount(disk, "size=1m")
    code, said = face("run", store=disk).end()
    assert code == 0
    assert one_line(said, f"{count(5 - len(finished), 'training')} in ")
    assert evidence(tmp_path) == evidence(untroubled)


@pytest.mark.slow
def test_pytest_tells_it_in_one_line(face, mounted):
    disk = mounted("40k")  # ten pages; the study's files take eighteen
    code, said = face("pytest -n 2", store=disk).end()
    assert code == pytest.ExitCode.INTERNAL_ERROR
    assert one_line(said, f"{disk}/runs/", "could not be written (No space left on device; ", " needed, ", KEPT)
    assert "INTERNALERROR" not in said


@pytest.mark.parametrize(("name", "code"), [("run", 3), ("pytest", pytest.ExitCode.INTERNAL_ERROR)])
def test_a_report_that_cannot_be_written_leaves_the_old_one(face, mounted, untroubled, name, code):
    disk = mounted("64k")
    old = disk / "mlp-16-8-on-blobs.npz.json"
    old.write_text("the old report")
    (disk / "filler").write_bytes(bytes(52 * 1024))
    got, said = face(name, store=untroubled / "store", report_dir=disk).end()
    assert got == code
    assert one_line(
        said,
        f"{disk}/",
        "must be written to a folder that takes files",
        "No space left on device",
        "make room or name another folder",
    )
    assert old.read_text() == "the old report"
    assert sorted(path.name for path in disk.glob(".*")) == []
