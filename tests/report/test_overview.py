"""The overview of several records is table 3 of Ma et al. 2021."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lthcheck.evidence import Row
from lthcheck.report.overview import entry, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("at_least", "at_most", "jackpot", "secondary"),
    [
        ("jackpot", "jackpot", True, True),
        ("secondary", "secondary", False, True),
        ("none", "none", False, False),
        ("none", "secondary", False, None),
        ("secondary", "jackpot", None, True),
        ("none", "jackpot", None, None),
    ],
)
def test_says_which_prizes_were_won(
    make_record: Make, make_cell: Make, at_least: str, at_most: str, jackpot: bool | None, secondary: bool | None
) -> None:
    found = entry(make_record([make_cell(at_least, at_most)]), "study")
    assert (found.network, found.dataset) == ("mlp-64-32", "mnist1d")
    assert (found.jackpot, found.secondary) == (jackpot, secondary)


def test_names_the_highest_sparsity_of_the_highest_prize(make_record: Make, make_cell: Make) -> None:
    cells = [
        make_cell("jackpot", "jackpot", sparsity=0.672),
        make_cell("jackpot", "jackpot", sparsity=0.79, lr=0.1),
        make_cell("secondary", "secondary", sparsity=0.9),
        make_cell("none", "jackpot", sparsity=0.95),
    ]
    found = entry(make_record(cells), "study")
    assert (found.sparsity, found.method, found.lr) == (0.79, "omp", 0.1)


def test_of_two_methods_the_more_accurate_is_preferred(make_record: Make, make_cell: Make) -> None:
    cells = [make_cell("jackpot", "jackpot", method=method) for method in ("imp", "omp")]
    rows = [Row("lt", 0.2, accuracy, method, 0.832) for method, accuracy in (("imp", 0.91), ("omp", 0.9))]
    assert entry(make_record(cells, rows), "study").method == "imp"


def test_without_a_ticket_no_sparsity_method_or_lr_is_named(make_record: Make, none: Any) -> None:
    found = entry(make_record([none]), "study")
    assert (found.sparsity, found.method, found.lr) == (None, None, None)


def test_has_a_row_for_each_record(make_record: Make, none: Any, undecided: Any) -> None:
    records = [
        make_record(study={"model": "resnet20", "dataset": "cifar10"}),
        make_record([undecided], study={"name": "accuracies"}),
    ]
    lines = table([entry(record, "study") for record in records]).splitlines()
    assert [re.split(r"\s{2,}", line) for line in (lines[0], *lines[2:])] == [
        ["network", "data set", "Jackpot", "secondary", "highest sparsity", "method", "lr"],
        ["resnet20", "cifar10", "yes", "yes", "0.832", "omp", "0.2"],
        ["accuracies", "no", "undecided"],
    ]


def test_records_of_one_network_and_data_set_are_told_apart(make_record: Make) -> None:
    text = table([entry(make_record(), "default"), entry(make_record(), "undertrained")], markdown=True)
    rows = [[part.strip() for part in line.split("|")[1:-1]] for line in text.splitlines()]
    assert [row[-1] for row in (rows[0], *rows[2:])] == ["record", "default", "undertrained"]


@pytest.mark.parametrize(
    ("prize", "edge", "said"),
    [
        ("secondary", ("jackpot",), ["edge", "yes"]),
        ("secondary", ("secondary",), ["no", "edge"]),
        ("none", ("secondary", "jackpot"), ["edge", "edge"]),
        ("secondary", (), ["no", "yes"]),
    ],
)
def test_a_prize_at_the_edge_is_neither_yes_nor_no(
    make_record: Make, make_cell: Make, prize: str, edge: tuple[str, ...], said: list[str]
) -> None:
    found = entry(make_record([replace(make_cell(prize, prize), edge=edge)]), "study")
    assert re.split(r"\s{2,}", table([found]).splitlines()[2])[2:4] == said
    assert found.as_json()["edge"] == edge
