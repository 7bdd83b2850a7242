"""Any arguments are run or judged, or are refused in one line with exit code 2; no exception reaches the user."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from fuzzing import FUZZ, JUNK
from hypothesis import given
from hypothesis import strategies as st

from lthcheck import inquire
from lthcheck.cli import main
from lthcheck.options import OPTIONS

FLAGS = [f"--{option.name}" for option in OPTIONS] + ["--json", "--lrs", "-x", "--", "-h", "--lth-lr"]
SOUND = ["mlp-8", "mnist1d", "imp", "omp", "tiny", "ma2021", "paper", "joint", "cpu", "jackpot", "0.1,0.2", "0.5", "3"]
WORDS = st.sampled_from(FLAGS) | st.sampled_from(SOUND) | JUNK
PAIRS = st.tuples(st.sampled_from(FLAGS), st.sampled_from(SOUND) | JUNK)
ARGUMENTS = st.lists(PAIRS.map("=".join) | WORDS, max_size=6)
TABLE = "arm,lr,accuracy\nlt,0.1,0.9\ndense,0.1,0.9\n"


class Training(BaseException):
    """The input was accepted: training would begin."""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of its own, in which nothing is trained."""

    def begin(*_, **__):
        raise Training

    monkeypatch.setattr(inquire, "answer", begin)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "table.csv").write_text(TABLE)


def ended(arguments):
    """How a command ended: "trained", or its exit code once that is seen to be told as it should be."""
    try:
        done = CliRunner().invoke(main, arguments, input=TABLE)
    except Training:
        return "trained"
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    if done.exit_code == 2:
        assert done.stdout == ""
        (line,) = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]
        assert line.startswith("Error: ")
    return done.exit_code


@FUZZ
@given(ARGUMENTS)
def test_run_trains_or_refuses(place, arguments):
    assert ended(["run", *arguments]) in (("trained", 2, 0) if "-h" in arguments else ("trained", 2))


@FUZZ
@given(ARGUMENTS, st.sampled_from(["table.csv", "-", "none.csv", ".", ""]))
def test_judge_judges_or_refuses(place, arguments, table):
    assert ended(["judge", table, *arguments]) in (0, 1, 2)


@FUZZ
@given(st.lists(WORDS, max_size=3))
def test_a_command_that_is_none_is_refused(place, arguments):
    assert ended(["jugde", *arguments]) == 2
    assert ended([*arguments, "--frob"]) in ((0, 2) if "-h" in arguments else (2,))


def test_a_sound_study_would_be_trained(place):
    assert ended(["run", "--preset", "tiny", "--lr=0.1,0.2", "--store", "store"]) == "trained"
