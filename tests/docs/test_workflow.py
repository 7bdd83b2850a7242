"""The example workflow says what this version understands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lthcheck.options import OPTIONS, parsed, studies

WORKFLOW = Path(__file__).parents[2] / "docs" / "ci" / "lthcheck.yml"


@pytest.fixture
def command():
    """The words of its call of pytest."""
    (line,) = re.findall(r"^ +- run: (pytest .*)$", WORKFLOW.read_text(), flags=re.MULTILINE)
    return line.split()


def test_names_only_options_that_exist():
    named = set(re.findall(r"--lth-([a-z-]+)", WORKFLOW.read_text()))
    assert named >= {"preset", "require", "expect"}
    assert named <= {option.name for option in OPTIONS}


def test_asks_for_a_study(command):
    assert command[:3] == ["pytest", "--pyargs", "lthcheck.suite"]
    names, values = command[3::2], command[4::2]
    chosen = parsed({name.removeprefix("--lth-"): value for name, value in zip(names, values, strict=True)})
    assert [study.preset for study in studies(chosen)] == ["tiny"]


def test_keeps_the_folder_that_the_store_is_in():
    text = WORKFLOW.read_text()
    assert "LTHCHECK_CACHE: ${{ github.workspace }}/.lthcheck\n" in text
    assert re.findall(r"^ +path: (\S+)$", text, flags=re.MULTILINE) == [".lthcheck", ".lthcheck", "reports"]


def test_saves_the_cache_under_the_key_that_it_looks_for():
    text = WORKFLOW.read_text()
    wanted, saved = re.findall(r"^ +key: (.*)$", text, flags=re.MULTILINE)
    (prefix,) = re.findall(r"^ +restore-keys: (.*)$", text, flags=re.MULTILINE)
    assert wanted == saved
    assert saved.startswith(prefix)
