"""`lthcheck run`: what a refusal leaves behind, and what is said of the work."""

from __future__ import annotations

import json

import pytest

from lthcheck.store import Store


@pytest.mark.parametrize("what", ["store", "device"])
def test_a_refused_run_leaves_no_folder_for_reports(again, store, tmp_path, command, monkeypatch, what):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    changes = {"device": "cuda"}
    if what == "store":
        (store / "format").write_text("0\n")
        changes = {}
    done = command("run", *again(**changes, **{"report-dir": tmp_path / "reports"}))
    assert (done.exit_code, done.stdout) == (2, "")
    assert not (tmp_path / "reports").exists()


def test_one_training_is_told_as_one(asked, again, store, command):
    key = next(row["run"] for row in asked.record["evidence"] if row["arm"] == "rr")
    Store(store).forget(key)
    assert command("run", *again()).stderr.splitlines()[-1].startswith("1 training in ")


def test_the_record_says_what_a_study_grew_to(again, command):
    options = again(**{"extend-lr": 1})
    (record,) = json.loads(command("run", *options, "--json").stdout)
    study = record["study"]
    assert (study["recipe"]["lrs"], study["extend_lr"]) == ([0.1, 0.2], 1)
    assert len(study["lrs"]) == 3
    assert {row["lr"] for row in record["evidence"] if row["arm"] == "rr"} == set(study["lrs"])
    done = command("run", *options, "--json")
    assert done.stderr.splitlines()[-1].startswith("0 trainings in ")
    assert json.loads(done.stdout)[0]["evidence"] == record["evidence"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"until-decided": 9}, "until-decided=9 goes with the rule confident, since means alone never leave"),
        (
            {"until-decided": 1, "rule": "confident"},
            "until-decided=1 must be at least the 2 seeds that the study begins",
        ),
        ({"extend-lr": 9}, "extend-lr=9 must be at most 8"),
    ],
)
def test_growth_without_end_is_refused(again, command, changes, message):
    done = command("run", *again(**changes))
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in done.stderr
