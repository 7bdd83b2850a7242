"""`lthcheck run`: what a refusal leaves behind, and what is said of the work."""

from __future__ import annotations

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
