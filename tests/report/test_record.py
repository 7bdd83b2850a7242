"""The record holds to its schema, survives its file and refuses what it cannot hold."""

from __future__ import annotations

import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lthcheck.evidence import Row
from lthcheck.report.markdown import markdown
from lthcheck.report.record import dumps, loads
from lthcheck.report.schema import row

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lthcheck.verdict.judgement import Cell

    Make = Callable[..., Any]

EXAMPLES = Path(__file__).parents[2] / "reports" / "examples"


def test_has_the_fields_of_the_schema(make_record: Make) -> None:
    made = make_record()
    assert list(made) == [
        "schema", "study", "rule", "reading", "delta", "gamma", "assumed", "test_size", "verdict", "at_least",
        "at_most", "cells", "warnings", "advice", "evidence", "cost", "environment",
    ]  # fmt: skip
    assert made["schema"] == "lthcheck.verdict/1"
    assert list(made["cells"][0]) == ["method", "sparsity", "verdict", "at_least", "at_most", "edge", "conditions"]
    assert made["cells"][0]["edge"] == []
    assert made["cells"][0]["conditions"][3] == {
        "id": 4,
        "name": "matches dense at the same lr",
        "holds": True,
        "gap": -0.004,
        "witness_lr": 0.2,
        "detail": "detail | of 4",
        "edge": False,
    }
    assert list(made["evidence"][0]) == [
        "arm", "method", "sparsity", "lr", "source_lr", "seed", "epochs", "accuracy", "params", "diverged", "run",
    ]  # fmt: skip


def test_says_the_verdict_of_the_judgement(make_record: Make, undecided: Cell) -> None:
    made = make_record([undecided])
    assert (made["verdict"], made["at_least"], made["at_most"]) == ("undecided", "none", "secondary")
    assert made["cells"][0]["conditions"][0]["holds"] is None


def test_survives_its_file(make_record: Make, none: Cell) -> None:
    made = make_record([none], warnings=("unequal grids",), advice=("train δ",))
    text = dumps(made)
    assert loads(text) == made
    assert dumps(loads(text)) == text
    assert text.endswith("}\n")


def test_does_not_round_accuracies(make_record: Make) -> None:
    accuracy = 0.1 + 0.2
    made = make_record(rows=[Row("lt", 0.1, accuracy)])
    assert loads(dumps(made))["evidence"][0]["accuracy"] == accuracy


@pytest.fixture
def fold_rows() -> list[Row]:
    """Three of 1000 samples are right; the second row has no seed, as a table's."""
    return [Row("lt", lr, 0.003, folds=(1, 0, 2) + (0,) * 37, validation=0.25) for lr in (0.1, 0.2)]


def test_counts_by_fold_take_one_line_a_row(make_record: Make, fold_rows: list[Row]) -> None:
    text = dumps(make_record(rows=fold_rows, warnings=('"folds": [\n 1,\n 2\n]',)))
    assert text.count('   "folds": [1, 0, 2, 0, 0') == 2
    assert all("folds" in line for line in text.splitlines() if line.count(",") > 20)


def test_counts_by_fold_and_validation_survive_the_file(make_record: Make, fold_rows: list[Row]) -> None:
    made = make_record(rows=fold_rows, warnings=('"folds": [\n 1,\n 2\n]',))
    assert loads(dumps(made)) == made
    assert dumps(loads(dumps(made))) == dumps(made)
    assert [row(values) for values in made["evidence"]] == fold_rows


def test_a_row_without_them_has_no_such_keys(make_record: Make, fold_rows: list[Row]) -> None:
    assert all(not {"folds", "validation"} & set(values) for values in make_record()["evidence"])


@pytest.mark.parametrize("preset", ["default", "digits", "undertrained"])
def test_a_record_without_them_is_read_and_written_as_it_was(preset: str) -> None:
    text = (EXAMPLES / f"{preset}.json").read_text()
    assert dumps(loads(text)) == text


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("folds", "1", r"evidence\[0\]: folds='1' must be of the schema's kind"),
        ("folds", None, r"evidence\[0\]: folds=None must be of the schema's kind"),
        ("folds", [1.5], r"folds=\(1\.5,\) must be whole numbers"),
        ("folds", [3], r"evidence\[0\]: folds=1 counts must be 40, as a test split of 1000 samples has; a record is"),
        ("folds", [1] * 40, r"evidence\[0\]: folds with 40 correct samples must have accuracy=0\.003 of 1000; a rec"),
        ("validation", "0.5", r"evidence\[0\]: validation='0\.5' must be of the schema's kind"),
        ("validation", 2, r"validation=2 must be a fraction"),
    ],
)
def test_refuses_what_they_cannot_be(
    make_record: Make, fold_rows: list[Row], key: str, value: object, told: str
) -> None:
    made = make_record(rows=fold_rows)
    made["evidence"][0][key] = value
    with pytest.raises(ValueError, match=f"^{told}"):
        loads(json.dumps(made))


def test_evidence_does_not_depend_on_the_order_of_rows(make_record: Make) -> None:
    rows = [
        Row(arm, lr, accuracy, method=method, sparsity=sparsity, seed=seed)
        for arm in ("sdt", "lt", "dense")
        for lr in (0.2, 0.1)
        for method, sparsity in ((None, None), ("imp", 0.8), ("imp", 0.2))
        for seed, accuracy in ((None, 0.5), (None, 0.4), (1, 0.6))
    ]
    shuffled = random.Random(0).sample(rows, len(rows))
    assert dumps(make_record(rows=rows)) == dumps(make_record(rows=shuffled))
    assert make_record(rows=shuffled)["evidence"][0]["arm"] == "dense"


def test_environment_in_any_order_gives_the_same_bytes(make_record: Make) -> None:
    one, other = make_record(environment={"a": 1, "b": 2}), make_record(environment={"b": 2, "a": 1})
    assert dumps(one) == dumps(other)


# --- the rule confident ---


def test_the_rule_confident_adds_certainty_intervals_and_the_rule_paper(make_sure: Make) -> None:
    made = make_sure(validation=True, looks=(5, 10))
    assert made["rule"] == "confident"
    assert made["certainty"] == {
        "error": 0.05,
        "spent": 0.05,
        "tickets": 55,
        "seeds": 10,
        "support": {"none": 0.0001, "secondary": 0.9998, "jackpot": 0.9731},
        "more_seeds": None,
    }
    assert made["paper"] == {"verdict": "secondary", "at_least": "secondary", "at_most": "secondary"}
    assert (made["validation"], made["looks"]) == (True, [5, 10])
    assert [one["interval"] for one in made["cells"][0]["conditions"]] == [
        None, [0.012, 0.041], [0.0055, 0.014], [-0.0046, 0.001], [-0.0048, 0.002],
    ]  # fmt: skip
    assert loads(dumps(made)) == made


def test_terms_that_are_the_default_are_left_out(make_sure: Make) -> None:
    assert not {"validation", "looks"} & set(make_sure())


def test_an_interval_ends_where_accuracies_do(make_sure: Make, make_confident: Make, jackpot: Cell) -> None:
    far = make_confident(jackpot, [(-math.inf, math.inf), (-3.2, 0.4), (0.1, 7.0), None])
    spans = [one["interval"] for one in make_sure([far])["cells"][0]["conditions"]]
    assert spans == [None, [-1, 1], [-1, 0.4], [0.1, 1], None]


def test_what_is_not_known_is_null(make_sure: Make) -> None:
    made = make_sure(certainty=None)
    assert made["certainty"] is None
    assert loads(dumps(made)) == made


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("rule", "bold", "rule='bold' must be one of paper, confident"),
        ("certainty", 0.95, r"certainty\[0\] must have error, spent, tickets"),
        ("certainty.error", 1.5, r"certainty: error=1.5 must be in \[0, 1\]"),
        ("certainty.tickets", "many", r"certainty\[0\]: tickets='many' must be of the schema's kind"),
        ("certainty.more_seeds", -1, "certainty: more_seeds=-1 must be at least 0"),
        ("certainty.support.none", 2.0, r"certainty: none=2.0 must be in \[0, 1\]"),
        ("certainty.support", {"none": 0.1}, r"support\[0\] must have secondary, jackpot"),
        ("paper", "none", r"paper\[0\] must have verdict, at_least, at_most"),
        ("paper.at_least", "gold", "at_least='gold' must be one of none, secondary, jackpot"),
        ("validation", 1, "validation=1 must be true or false"),
        ("looks", [5, "ten"], r"looks=\[5, 'ten'\] must be a list of numbers of seeds"),
        ("cells.0.conditions.1.interval", [0.2, 0.1], r"interval=\[0.2, 0.1\] must be two numbers of"),
        ("cells.0.conditions.1.interval", [0.2], "must be two numbers of"),
        ("cells.0.conditions.1.interval", [0.2, 1.5], "must be two numbers of"),
        ("cells.0.conditions.1.interval", 0.2, "interval=0.2 must be two numbers of"),
    ],
)
def test_refuses_what_the_rule_confident_cannot_say(make_sure: Make, path: str, value: Any, told: str) -> None:
    made = make_sure(validation=True, looks=(5,))
    *way, last = path.split(".")
    place = made
    for key in way:
        place = place[int(key) if key.isdecimal() else key]
    place[last] = value
    with pytest.raises(ValueError, match=told):
        loads(json.dumps(made))


@pytest.mark.parametrize("value", [math.nan, math.inf, object()])
def test_refuses_what_json_cannot_hold(make_record: Make, value: object) -> None:
    with pytest.raises(ValueError, match="a record holds plain JSON values; write None"):
        make_record(cost={"seconds": value})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "line 1, column 2 is not JSON"),
        ("", "line 1, column 1 is not JSON"),
        ("[]", "a JSON list must be an object"),
        ("{}", "schema=None must be 'lthcheck.verdict/1'"),
        ('{"schema": "lthcheck.verdict/2"}', "schema='lthcheck.verdict/2' must be 'lthcheck.verdict/1'"),
        ('{"schema": "lthcheck.verdict/1"}', "study=None must be there"),
        ('{"schema": NaN}', "NaN must not stand in a record"),
    ],
)
def test_refuses_what_is_no_record(text: str, told: str) -> None:
    with pytest.raises(ValueError, match="^" + told.replace(".", r"\.")):
        loads(text)


@pytest.mark.parametrize(("field", "key"), [("evidence", "accuracy"), ("cells", "conditions")])
def test_names_what_a_row_or_cell_lacks(make_record: Make, field: str, key: str) -> None:
    made = make_record()
    del made[field][0][key]
    with pytest.raises(ValueError, match=rf"{field}\[0\] must have {key}; a record is"):
        loads(json.dumps(made))


def test_reads_a_record_without_warnings_and_advice(make_record: Make) -> None:
    made = make_record()
    del made["warnings"], made["advice"]
    assert loads(dumps(made)) == made


def test_reads_a_record_from_before_the_edge_and_has_none(make_record: Make, at_edge: Cell) -> None:
    made = make_record([at_edge])
    assert "edge" in markdown(made)
    del made["cells"][0]["edge"]
    for condition in made["cells"][0]["conditions"]:
        del condition["edge"]
    assert "edge" not in markdown(loads(json.dumps(made)))


@pytest.mark.parametrize(
    ("edge", "told"),
    [(True, r"edge=True must be of the schema's kind"), (["gold"], r"edge='gold' must be one of none, secondary")],
)
def test_refuses_what_cannot_be_at_the_edge(make_record: Make, edge: object, told: str) -> None:
    made = make_record()
    made["cells"][0]["edge"] = edge
    with pytest.raises(ValueError, match=told):
        loads(json.dumps(made))


def test_imports_neither_torch_nor_matplotlib() -> None:
    program = (
        "import sys, lthcheck.report.write, lthcheck.report.environment as e; e.environment();"
        "print([m for m in ('torch', 'matplotlib', 'numpy') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
