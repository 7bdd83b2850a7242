"""The headline, the table and the words on the recipe say what the judge saw."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from lthcheck.evidence import ARMS, Row
from lthcheck.report.markdown import headline, markdown, verdict_table
from lthcheck.report.series import series

if TYPE_CHECKING:
    from collections.abc import Callable

    from lthcheck.verdict.judgement import Cell

    Make = Callable[..., Any]


def test_the_verdict_table_has_a_row_for_every_cell(make_record: Make, none: Cell, undecided: Cell) -> None:
    lines = verdict_table([make_record([none]), make_record([undecided]), make_record([])]).splitlines()
    assert len(lines) == 5
    assert re.split(r"\s{2,}", lines[2].strip()) == [
        "mlp-64-32 on mnist1d", "omp", "0.832", "no ticket", "yes", "yes +1.0", "no +0.3", "no -2.2", "no -2.2", "0.2",
    ]  # fmt: skip
    assert "undecided (none to secondary)" in lines[3]
    assert "undecided (none to jackpot)" in lines[4]
    assert verdict_table([]) == ""


def test_the_headline_is_one_line(make_record: Make, none: Cell) -> None:
    assert headline(make_record([none])) == (
        "mlp-64-32 on mnist1d, omp at sparsity 0.832: NO TICKET "
        "(LT 75.1 % at lr 0.2 leads RR 74.8 % by only 0.3 pt and misses dense 77.3 % by 2.2 pt)"
    )


def test_the_edge_is_said_of_the_verdict_and_of_the_condition(make_record: Make, at_edge: Cell) -> None:
    made = make_record([at_edge])
    row = re.split(r"\s{2,}", verdict_table([made]).splitlines()[2].strip())
    assert row[3:9] == ["secondary prize (edge)", "yes", "yes +2.7", "yes +0.9", "yes -0.4", "no -0.6 (edge)"]
    assert ": SECONDARY PRIZE, at the edge (LT 75.1 % at lr 0.2 beats" in headline(made)
    text = markdown(made)
    assert text.startswith("# mlp-64-32 on mnist1d: secondary prize (edge)\n")
    assert "At the edge is the Jackpot: a gap that decides it" in text
    assert "| no (edge) | -0.6 pt |" in re.sub(" +", " ", text)


def test_a_study_without_name_is_called_by_model_and_data(make_record: Make) -> None:
    assert headline(make_record(study={"model": "vgg", "dataset": "cifar10"})).startswith("vgg on cifar10, ")


# --- the recipe ---


def test_an_adequate_recipe_is_said_in_words(make_record: Make) -> None:
    assert markdown(make_record()).partition("## Recipe\n")[2].split("\n\n")[0].strip().splitlines() == [
        "- Dense at its best lr 0.2 reaches 75.5 % in T = 80 epochs and 75.6 % in 2T = 160 epochs (+0.1 pt), "
        "within the 0.5 pt allowed: the dense network is fully trained.",
        "- The best dense lr, 0.2, lies inside the grid of 0.1, 0.2 and 0.4.",
    ]


def test_an_under_trained_recipe_takes_the_prize_away_in_words(
    make_record: Make, make_cell: Make, make_evidence: Make
) -> None:
    rows = [row for row in make_evidence() if row.epochs == 80]
    rows += [Row("dense", 0.2, 0.763, seed=seed, epochs=160) for seed in (0, 1)]
    made = make_record([make_cell("none", "none", holds=(False, True, True, True, True))], rows)
    assert headline(made).endswith(
        "matches the best dense 75.5 % (-0.4 pt), but condition 1 does not hold: "
        "dense is under-trained, 75.5 % at lr 0.2 in 80 epochs, 76.3 % in 160)"
    )
    assert "more than the 0.5 pt allowed: the dense network is under-trained." in markdown(made)


def test_what_the_recipe_lacks_is_said(make_record: Make, make_cell: Make) -> None:
    rows = [Row(arm, lr, lr, epochs=80) for arm in ("dense",) for lr in (0.1, 0.2)]
    rows += [Row("lt", 0.2, 0.2, epochs=80)]
    cell = make_cell("none", "jackpot", holds=(None, True, True, True, True), method=None, sparsity=None)
    made = make_record([cell], rows)
    assert (
        "condition 1 is unknown (the sparsity is not known; dense was not trained for 2T = 160 epochs at its best "
        "lr 0.2; the best dense lr 0.2 is at an end of its grid)"
    ) in headline(made)
    assert "is the upper end of the grid of 0.1 and 0.2: a better one may lie beyond it." in markdown(made)


def test_a_vouched_recipe_is_said(make_record: Make) -> None:
    assert "The user vouched for: adequate recipe." in markdown(make_record(assumed=("adequate recipe",)))


@pytest.mark.parametrize("method", [None, "imp", "omp"])
@pytest.mark.parametrize("sparsity", [None, 0.5, 0.832])
def test_accuracies_are_those_the_judge_saw(make_record: Make, make_cell: Make, method: str, sparsity: float) -> None:
    from lthcheck.verdict.means import serves

    rows = [
        Row(arm, 0.1, 0.5, of, at, seed=seed)
        for seed, (arm, of, at) in enumerate(
            (arm, of, at) for arm in ARMS for of in (None, "imp", "omp") for at in (None, 0.5, 0.832)
        )
    ]
    made = make_record([make_cell("none", "none", method=method, sparsity=sparsity)], rows)
    counts = {arm: len(points[0].accuracies) for arm, points in series(made, made["cells"][0]).items()}
    judged = [row.arm for row in rows if serves(row, method, sparsity)]
    assert counts == {arm: judged.count(arm) for arm in set(judged)}


@pytest.mark.parametrize("name", ["report.forecast", "report.words", "report.stem", "duration"])
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(import_module(f"lthcheck.{name}")).failed == 0
