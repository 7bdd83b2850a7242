"""A bar is shown on a terminal, and wiped away; elsewhere there is none."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest

from lthcheck import data
from lthcheck.data import bar

CHECKS = Path(__file__).parents[2] / "checks"


@pytest.fixture
def own(tmp_path):
    """An .npz file."""
    x, y = np.ones((4, 3), dtype="float32"), np.array([0, 1, 1, 0])
    np.savez(tmp_path / "own.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    return str(tmp_path / "own.npz")


def test_reading_and_hashing_show_bars(terminal, own):
    screen = terminal()
    data.describe(own)
    assert "lthcheck: reading own.npz:" in screen.getvalue()
    assert "lthcheck: fingerprint of the data:" in screen.getvalue()


def test_nothing_of_it_stays(terminal, own):
    screen = terminal()
    data.load(own)
    assert screen.getvalue().endswith("\r")
    assert "\n" not in screen.getvalue()


def test_what_is_soon_done_shows_none(terminal, own, monkeypatch):
    monkeypatch.setattr(bar, "SECONDS", 60.0)
    screen = terminal()
    data.describe(own)
    assert screen.getvalue() == ""


@pytest.mark.parametrize("name", bar.QUIET)
def test_a_process_that_works_for_another_shows_none(terminal, own, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    screen = terminal()
    data.describe(own)
    assert screen.getvalue() == ""


def test_elsewhere_there_is_none(terminal, own, monkeypatch):
    screen = terminal()
    monkeypatch.setattr(screen, "isatty", lambda: False)
    data.describe(own)
    assert screen.getvalue() == ""


@pytest.mark.parametrize("more", [[], ["-n", "2"]])
def test_pytest_lets_it_through_to_the_terminal(tmp_path, more):
    (tmp_path / "conftest.py").write_text("from lthcheck.data import mnist1d\nmnist1d.TRAIN, mnist1d.TEST = 30, 90\n")
    shutil.copytree(CHECKS, tmp_path / "checks")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    env = {name: value for name, value in os.environ.items() if name not in bar.QUIET and "PYTEST" not in name}
    command = [sys.executable, "-m", "pytest", "checks", "--lth-preset", "tiny", *more]
    refused = subprocess.run(command, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=theirs, check=False)
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR  # 30 samples make no batch of 100
    assert shown.count("lthcheck: making mnist1d") == 1
