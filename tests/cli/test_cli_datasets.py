"""`lthcheck datasets`: sizes, whether they are here, and that nothing is made to find out."""

from __future__ import annotations

import json

import pytest

from lthcheck.data import mnist
from lthcheck.data.registry import SOURCES


@pytest.fixture(autouse=True)
def _empty(tmp_path, monkeypatch):
    """No data anywhere."""
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LTHCHECK_DATA", raising=False)


@pytest.fixture
def datasets(command):
    """What `lthcheck datasets --json` gives, by name."""

    def read(*options):
        done = command("datasets", "--json", *options)
        assert done.exit_code == 0, done.stderr
        return {each["name"]: each for each in json.loads(done.stdout)}

    return read


def test_every_data_set_is_listed(datasets):
    assert list(datasets()) == list(SOURCES)


def test_a_row_says_what_the_object_says(command, datasets):
    found = datasets()["fashion_mnist"]
    assert (found["shape"], found["classes"], found["train_size"]) == ([1, 28, 28], 10, 60_000)
    assert (found["download"], found["otherwise"], found["delta"]) == (30_878_645, None, 0.005)
    assert {each["paper"] for each in found["papers"]} == {"morcos2019"}
    (row,) = [line for line in command("datasets").stdout.splitlines() if line.startswith("fashion_mnist ")]
    assert row.split("  ")[0] == "fashion_mnist"
    assert row.split()[1:] == ["1", "x", "28", "x", "28", "10", "60,000", "10,000", "30.9", "MB", "no", "0.5", "pt"]


def test_data_made_here_are_no_download(datasets):
    assert (datasets()["mnist1d"]["download"], datasets()["mnist1d"]["otherwise"]) == (None, "made here")


@pytest.mark.parametrize("how", ["option", "variable"])
def test_data_are_looked_for_where_they_would_be_read(datasets, tmp_path, monkeypatch, how):
    raw = tmp_path / "there" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for file in mnist.FILES:
        (raw / file).touch()
    if how == "variable":
        monkeypatch.setenv("LTHCHECK_DATA", str(tmp_path / "there"))
    found = datasets(*(["--data-dir", tmp_path / "there"] if how == "option" else []))
    assert (found["mnist"]["here"], found["fashion_mnist"]["here"]) == (True, False)


def test_papers_are_told_below(command):
    lines = command("datasets").stdout.splitlines()
    assert any(line.split()[0] == "morcos2019" and "fashion_mnist" in line for line in lines if line)


def test_nothing_is_made(command, tmp_path):
    command("datasets")
    command("datasets", "--data-dir", tmp_path / "nowhere", "--json")
    assert not list(tmp_path.iterdir())


def test_lines_fit_a_terminal(command):
    assert max(map(len, command("datasets").stdout.splitlines())) <= 100
