"""Studies on record: written before training, united with what was on record, never half read."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from lthcheck.arms import Arms
from lthcheck.data import Info
from lthcheck.recipe import Recipe
from lthcheck.run import needs
from lthcheck.store import Store, ledger
from lthcheck.store.sealed import write_sealed
from lthcheck.study import Study
from lthcheck.witness import witness

TOY = Info("toy", "f" * 64, (6,), 3, 100, 50)
USUAL = {"epochs": 2, "batch": 50, "weight_decay": 0.0, "lrs": (0.1, 0.2), "sparsities": (0.36, 0.488), "seeds": 2}


def study(methods=("imp",), **recipe):
    return Study(
        model="mlp-8",
        dataset="mnist1d",
        methods=methods,
        recipe=Recipe(name="small", source="these tests", initialiser="pytorch", **USUAL | recipe),
    )


def runs(made):
    """All runs of a study."""
    arms = Arms(made, TOY)
    for question in made.questions():
        for slot in arms.slots(question):
            arms.run(slot)
    return arms.made


def entry(made, **changes):
    of = runs(made)
    return replace(ledger.entry(ledger.identity(of.values()), made, of), **changes)


@pytest.fixture
def root(tmp_path):
    return Store(tmp_path).root


def test_it_holds_every_round_on_the_way_and_the_weights_that_others_begin_from():
    of = runs(study())
    noted = {run.key: run for run in entry(study()).runs}
    assert noted.keys() == {run.key for run in of.values()}
    assert {run.sparsity for run in noted.values() if run.arm == "lt"} == {0.2, 0.36, 0.488}
    for run in of.values():
        for parent, step in needs(run):
            assert step in noted[parent.key].weights


def test_weights_of_rr_and_sdt_are_not_needed():
    assert {run.arm for run in entry(study()).runs if run.weights} == {"dense", "lt"}


def test_what_is_kept_is_read(root):
    noted = entry(study(), judged={"verdict": "none", "cells": []})
    ledger.keep(root, noted)
    assert ledger.entries(root) == ([noted], [])
    assert Study.from_json(noted.study) == study()


def test_the_same_study_is_one_entry_and_another_a_second(root):
    for made in (study(), study(lrs=(0.2, 0.1)), study(seeds=1)):
        ledger.keep(root, entry(made))
    assert len(ledger.entries(root)[0]) == 2


def test_asked_again_a_study_keeps_its_first_date_its_verdict_and_its_runs(root):
    verdict = {"verdict": "jackpot", "cells": []}
    whole = entry(study(), first="2026-01-01", asked="2026-01-01", judged=verdict)
    ledger.keep(root, whole)
    ledger.keep(root, replace(whole, first="2026-02-02", asked="2026-02-02", judged=None, runs=whole.runs[:3]))
    assert ledger.read(root, whole.id) == replace(whole, asked="2026-02-02")


@pytest.mark.parametrize("content", [b"", b"{}", b"not JSON", None])
def test_a_file_that_is_not_what_was_written_is_told_and_heals_when_the_study_is_asked_again(root, content):
    noted = entry(study())
    ledger.keep(root, noted)
    path = root / "studies" / f"{noted.id}.json"
    path.write_bytes(path.read_bytes()[:-1] if content is None else content)
    assert ledger.entries(root) == ([], [noted.id])
    ledger.keep(root, noted)
    assert ledger.entries(root) == ([noted], [])


def test_an_entry_of_a_later_version_is_not_read(root, monkeypatch):
    with monkeypatch.context() as later:
        later.setattr(ledger, "SCHEMA", "lthcheck.study/2")
        ledger.keep(root, entry(study()))
    assert ledger.entries(root) == ([], [entry(study()).id])


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body | {"colour": "red"},
        lambda body: {name: value for name, value in body.items() if name != "runs"},
        lambda body: {name: value for name, value in body.items() if name != "asked"},
        lambda body: body | {"runs": [run | {"colour": "red"} for run in body["runs"]]},
        lambda body: body | {"runs": [{"key": run["key"]} for run in body["runs"]]},
        lambda body: [body],
    ],
)
def test_an_entry_with_other_fields_is_not_read(root, change):
    noted = entry(study())
    body = {"schema": ledger.SCHEMA} | asdict(noted)
    (root / "studies").mkdir()
    write_sealed(root / "studies" / f"{noted.id}.json", noted.id, json.dumps(change(body)).encode())
    assert ledger.entries(root) == ([], [noted.id])


def test_the_last_asked_comes_first(root):
    for day, made in (("2026-01-02", study()), ("2026-01-03", study(seeds=1)), ("2026-01-01", study(seeds=3))):
        ledger.keep(root, entry(made, asked=day))
    assert [each.asked[-1] for each in ledger.entries(root)[0]] == ["3", "2", "1"]


def test_a_study_is_meant_by_name_preset_or_the_beginning_of_its_id():
    one, two = entry(study()), entry(replace(study(seeds=1), preset="tiny"))
    assert ledger.matching([one, two], "mlp-8 on mnist1d") == [one, two]
    assert ledger.matching([one, two], "tiny") == [two]
    assert ledger.matching([one, two], one.id[:6].upper()) == [one]
    assert ledger.matching([one, two], "") == []


def test_an_entry_is_plain_json(root):
    noted = entry(study())
    ledger.keep(root, noted)
    head, body = (root / "studies" / f"{noted.id}.json").read_text().splitlines()
    assert json.loads(head)["key"] == noted.id
    assert json.loads(body)["study"] == json.loads(json.dumps(study().as_json()))


JUDGED = {
    "verdict": "none",
    "cells": [
        {"method": "omp", "sparsity": 0.488, "verdict": "none", "lr": 0.2},
        {"method": "imp", "sparsity": 0.36, "verdict": "none", "lr": 0.1},
    ],
}


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ({}, ("omp", 0.488, 0.2, 0)),
        ({"seed": 1}, ("omp", 0.488, 0.2, 1)),
        ({"method": "imp"}, ("imp", 0.36, 0.1, 0)),
        ({"sparsity": 0.3605}, ("imp", 0.36, 0.1, 0)),
        ({"lr": 0.1}, ("omp", 0.488, 0.1, 0)),
        ({"method": "imp", "sparsity": 0.2, "lr": 0.2}, ("imp", 0.2, 0.2, 0)),
    ],
)
def test_the_witness_is_the_verdicts_where_nothing_else_is_said(asked, place):
    run = witness(entry(study(("imp", "omp")), judged=JUDGED), **asked)
    assert (run.arm, run.method, run.sparsity, run.lr, run.seed) == ("lt", *place)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"sparsity": 0.6}, r"sparsity=0\.6, seed=0 must be a ticket of the study; it has method imp, omp; sparsity"),
        ({"sparsity": 0.2, "method": "imp"}, r"means 2 tickets, and no verdict tells which; add --lr"),
    ],
)
def test_a_witness_that_is_not_there_is_refused_with_what_is(asked, message):
    with pytest.raises(ValueError, match=message):
        witness(entry(study(("imp", "omp")), judged=JUDGED), **asked)


def test_without_a_verdict_the_place_must_be_given():
    with pytest.raises(ValueError, match="no verdict tells which; add --method --sparsity --lr"):
        witness(entry(study()))
