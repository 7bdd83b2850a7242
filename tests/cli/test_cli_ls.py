"""`lthcheck ls`: studies on record, and the runs of one."""

from __future__ import annotations

import os

import numpy as np
import pytest

from lthcheck.store import Store

RUNS = 2 * 2 * (1 + 3 + 2 + 2) + 2  # lrs x seeds x (dense, lt by round, rr, sdt), and the probe at two seeds


def test_a_study_that_was_asked_is_listed(store, command):
    done = command("ls")
    head, _, row = done.stdout.splitlines()
    assert done.exit_code == 0
    assert head.split()[:4] == ["id", "study", "method", "sparsity"]
    assert "mlp-16-8 on toy.npz" in row
    assert f"{RUNS} of {RUNS}" in row


def test_the_list_says_what_the_record_says(asked, store, listed):
    (study,) = listed()["studies"]
    assert study["study"] == asked.record["study"]
    assert study["verdict"] == asked.record["verdict"]
    assert study["bytes"] == sum(path.stat().st_size for path in store.glob("runs/*/*/*"))


def test_runs_without_a_result_are_not_done(asked, store, listed):
    for row in asked.record["evidence"][:3]:
        (store / "runs" / row["run"][:2] / row["run"] / "result.json").unlink()
    (study,) = listed()["studies"]
    assert (study["done"], study["runs"]) == (RUNS - 3, RUNS)


def test_what_no_study_needs_is_told(store, command, listed):
    Store(store).write_result("ab" * 32, {})
    size = (store / "runs" / "ab" / ("ab" * 32) / "result.json").stat().st_size
    assert listed()["not_needed"] == {"runs": 1, "bytes": size}
    assert f"1 run ({size} B) that no study on record needs; `lthcheck gc` shows" in command("ls").stdout


def test_weights_and_masks_of_the_users_own_are_counted(store, command, listed):
    assert listed()["given"] == {"files": 0, "bytes": 0}
    Store(store).keep_given({"w": np.zeros(3)})
    (path,) = (store / "given").iterdir()
    bytes_ = path.stat().st_size
    assert listed()["given"] == {"files": 1, "bytes": bytes_}
    assert f"1 file ({bytes_} B) with weights and masks of your own" in command("ls").stdout


@pytest.mark.parametrize("how", ["name", "id"])
def test_the_runs_of_a_study_are_listed(asked, store, listed, how):
    (study,) = listed()["studies"]
    runs = listed({"name": "mlp-16-8 on toy.npz", "id": study["id"][:5]}[how])["runs"]
    assert len(runs) == RUNS
    accuracies = {run["run"]: run["accuracy"] for run in runs}
    assert {row["run"]: row["accuracy"] for row in asked.record["evidence"]}.items() <= accuracies.items()


def test_a_run_is_listed_with_its_place(asked, store, command):
    row = next(row for row in asked.record["evidence"] if row["arm"] == "lt")
    lines = [line.split() for line in command("ls", "mlp-16-8 on toy.npz").stdout.splitlines()]
    (line,) = [line for line in lines if row["run"][:12] in line]
    assert line[:2] == ["lt", "imp"]
    assert [float(text) for text in line[2:6]] == [row["sparsity"], row["lr"], row["seed"], row["epochs"]]
    assert float(line[6]) == pytest.approx(100 * row["accuracy"], abs=0.06)


def test_a_result_that_is_corrupt_is_no_accuracy_and_stays_where_it_is(asked, store, listed):
    key = asked.record["evidence"][0]["run"]
    path = store / "runs" / key[:2] / key / "result.json"
    path.write_bytes(b"")
    assert next(run for run in listed("mlp-16-8 on toy.npz")["runs"] if run["run"] == key)["accuracy"] is None
    assert path.exists()


def test_a_study_that_cannot_be_read_is_told(store, command):
    (path,) = (store / "studies").iterdir()
    path.write_bytes(b"")
    assert f"study {path.stem} cannot be read; ask it again, or forget it" in command("ls").stdout


def test_a_store_that_is_not_there_yet_is_empty(tmp_path, monkeypatch, command, listed):
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "none"))
    assert "no study on record in" in command("ls").stdout
    assert listed()["studies"] == []
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "study='none' is no study on record"),
        ([""], "study='' is no study on record"),
        (["--store", "nowhere"], "store='nowhere' must be a folder that lthcheck has kept runs in"),
    ],
)
def test_bad_input_is_told_in_one_line(store, command, arguments, message):
    done = command("ls", *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert message in line


def test_a_name_of_several_studies_asks_for_the_id(again, command):
    assert command("run", *again(seeds=1)).exit_code in (0, 1)
    done = command("ls", "mlp-16-8 on toy.npz")
    assert done.exit_code == 2
    assert "means several studies; give the beginning of an id" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["mlp-16-8 on toy.npz"]])
def test_listing_changes_nothing(store, command, arguments):
    before = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    command("ls", *arguments)
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == before
