"""`lthcheck gc`: shows first, removes when told to, and never what a study on record needs."""

from __future__ import annotations

import json

import pytest

from lthcheck.cli import gc
from lthcheck.store import Store

OTHER = "ab" * 32


@pytest.fixture
def cluttered(store):
    """The store with a run that no study needs."""
    Store(store).write_result(OTHER, {})
    return store


def runs(store):
    return {path.parent.name for path in store.glob("runs/*/*/result.json")}


def test_an_orderly_store_has_nothing_to_remove(store, command):
    assert command("gc", "--yes").stdout == "nothing to remove\n"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_it_only_shows_where_nobody_can_be_asked(cluttered, command, options):
    done = command("gc", *options)
    assert done.exit_code == 0
    assert OTHER in runs(cluttered)


def test_it_removes_when_told_to(cluttered, command):
    before = runs(cluttered)
    done = command("gc", "--yes")
    assert done.stdout.splitlines()[-1].startswith("removed 1 file, ")
    assert runs(cluttered) == before - {OTHER}


@pytest.mark.parametrize(("said", "left"), [("y\n", False), ("n\n", True), ("\n", True)])
def test_it_asks_on_a_terminal(cluttered, monkeypatch, said, left):
    from click.testing import CliRunner

    from lthcheck.cli import main

    monkeypatch.setattr(gc, "_terminal", lambda: True)
    done = CliRunner().invoke(main, ["gc"], input=said)
    assert "runs that no study on record needs" in done.stdout.split("remove it?")[0]
    assert (OTHER in runs(cluttered)) is left


def test_an_interrupted_question_removes_nothing(cluttered, monkeypatch, command):
    monkeypatch.setattr(gc, "_terminal", lambda: True)
    done = command("gc")  # standard input is at its end, as after Ctrl-D
    assert (done.exit_code, done.stderr) == (130, "interrupted\n")
    assert OTHER in runs(cluttered)


def test_a_store_that_can_only_be_read_is_told_before_the_question(cluttered, monkeypatch, command):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("lthcheck.store.store.tempfile.NamedTemporaryFile", refuse)
    monkeypatch.setattr(gc, "_terminal", lambda: True)
    done = command("gc")
    assert (done.exit_code, "remove it?" in done.stdout) == (2, False)
    assert "must be a folder that can be written (Permission denied)" in done.stderr
    assert OTHER in runs(cluttered)


def test_json_tells_what_was_shown_and_what_became_of_it(cluttered, command):
    size = Store(cluttered)._path(OTHER, "result.json").stat().st_size
    shown = {"kind": "runs", "runs": 1, "files": 1, "bytes": size}
    value = json.loads(command("gc", "--json").stdout)
    assert (value["removable"], value["removed"], value["bytes"]) == ([shown], [], 0)
    value = json.loads(command("gc", "--json", "--yes").stdout)
    assert (value["removable"], value["removed"], value["bytes"]) == ([shown], [shown], size)


def test_what_is_young_stays_when_the_old_is_asked_for(cluttered, command):
    assert command("gc", "--older-than", "1", "--yes").stdout == "nothing to remove\n"
    assert command("gc", "--older-than", "0", "--yes").stdout.endswith("B\n")


def test_a_study_is_forgotten_with_its_runs(store, command, listed):
    assert "would be forgotten" in command("gc", "--study", "mlp-16-8 on toy.npz").stdout
    assert runs(store)
    (study,) = listed()["studies"]
    done = command("gc", "--study", "mlp-16-8 on toy.npz", "--yes")
    assert "would be" not in done.stdout
    assert f"study {study['id']} is forgotten" in done.stdout.splitlines()
    assert not runs(store)
    assert listed()["studies"] == []


def test_what_another_study_needs_stays_when_one_is_forgotten(again, store, command, listed):
    options = again(seeds=1)
    command("run", *options)
    fewer, more = sorted(listed()["studies"], key=lambda study: study["runs"])
    command("gc", "--study", more["id"], "--yes")
    assert len(runs(store)) == fewer["runs"] < more["runs"]
    assert "\n0 trainings in" in "\n" + command("run", *options).stderr.splitlines()[-1]


@pytest.mark.parametrize("options", [[], ["--weights"]])
def test_a_study_asked_again_trains_nothing(asked, again, store, command, options):
    Store(store).write_result(OTHER, {})
    command("gc", "--yes", *options)
    done = command("run", *again(), "--json")
    assert done.stderr.splitlines()[-1].startswith("0 trainings in")
    (record,) = json.loads(done.stdout)
    assert record["evidence"] == asked.record["evidence"]


def test_weights_go_only_when_they_are_named(store, command):
    command("gc", "--yes")
    assert list(store.rglob("step-*"))
    command("gc", "--weights", "--yes")
    assert not list(store.rglob("step-*"))


def test_a_study_that_cannot_be_read_keeps_every_run_until_it_is_forgotten(cluttered, command):
    (path,) = (cluttered / "studies").iterdir()
    path.write_bytes(path.read_bytes()[:-1])
    done = command("gc", "--yes")
    assert f"study {path.stem} cannot be read, so no run is removed" in done.stdout
    assert OTHER in runs(cluttered)
    command("gc", "--study", path.stem, "--yes")
    assert not runs(cluttered)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--study", "none"], "study='none' is no study on record"),
        (["--older-than", "-1"], "--older-than -1: must be a number of days"),
        (["--older-than", "nan"], "--older-than nan: must be a number of days"),
        (["--store", "nowhere"], "store='nowhere' must be a folder"),
        (["--store", "~nouser/x"], "store='~nouser/x' must not begin with a user who is not there"),
    ],
)
def test_bad_input_is_told_in_one_line(cluttered, command, options, message):
    done = command("gc", "--yes", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert message in line
    assert OTHER in runs(cluttered)
