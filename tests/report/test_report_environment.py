"""The environment tells versions and machine, and nobody's name."""

from __future__ import annotations

import getpass
import json
import platform
import subprocess
from typing import TYPE_CHECKING

import lthcheck
from lthcheck.report.environment import environment

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_tells_versions_and_machine_as_plain_values() -> None:
    told = environment()
    assert told["lthcheck"] == lthcheck.__version__
    assert told["python"] == platform.python_version()
    assert isinstance(told["cores"], int)
    assert told["cores"] >= 1
    assert {"platform", "cpu", "date", "pytest", "numpy"} <= set(told)
    assert json.loads(json.dumps(told)) == told


def test_identifies_nobody() -> None:
    text = json.dumps(environment())
    assert platform.node() not in text
    assert f"/{getpass.getuser()}" not in text
    assert "/home" not in text


def test_tells_commit_and_changes_of_tracked_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "commit" not in environment()
    for command in (
        ["git", "init", "-q"],
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "first"],
    ):
        subprocess.run(command, check=True)
    (tmp_path / "report.md").write_text("untracked")
    told = environment()
    assert len(str(told["commit"])) == 40
    assert told["dirty"] is False
    subprocess.run(["git", "add", "report.md"], check=True)
    assert environment()["dirty"] is True


def test_does_without_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "commit" not in environment()
