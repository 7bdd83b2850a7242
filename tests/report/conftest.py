"""Small records by hand: a grid of three lrs and two seeds with means that a reader can add up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lthcheck.evidence import ARMS, Row
from lthcheck.report.record import record
from lthcheck.verdict.judgement import Cell, Certainty, Condition, Judgement, Prize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LRS = (0.1, 0.2, 0.4)
MEANS = {
    "dense": (0.74, 0.755, 0.73),
    "lt": (0.731, 0.751, 0.72),
    "rr": (0.72, 0.742, 0.71),
    "sdt": (0.71, 0.724, 0.70),
}
STUDY = {
    "name": "mlp-64-32 on mnist1d",
    "model": "mlp-64-32",
    "dataset": "mnist1d",
    "recipe": "ma2021",
    "methods": ["omp"],
    "lrs": list(LRS),
    "sparsities": [0.832],
    "seeds": 2,
    "epochs": 80,
    "preset": None,
}


def evidence(method: str | None = "omp", sparsity: float | None = 0.832, spread: float = 0.002) -> list[Row]:
    """Dense at T and 2T, and the arms of one cell; two seeds that lie `spread` above and below the mean."""
    rows = [Row("dense", 0.2, 0.756, seed=seed, epochs=160, params=25088) for seed in (0, 1)]
    params = {"dense": 25088, "lt": 4556, "rr": 4556, "sdt": 4700}
    for arm in ARMS:
        of_cell: dict[str, Any] = {} if arm == "dense" else {"method": method, "sparsity": sparsity}
        for lr, mean in zip(LRS, MEANS[arm], strict=True):
            rows += [
                Row(
                    arm,
                    lr,
                    mean + sign * spread,
                    seed=seed,
                    epochs=80,
                    params=params[arm],
                    run=f"{arm} {method} {sparsity} {lr} {seed}",
                    **of_cell,
                )
                for seed, sign in ((0, 1), (1, -1))
            ]
    return rows


def cell(
    at_least: Prize,
    at_most: Prize,
    *,
    holds: Sequence[bool | None] = (True, True, True, True, True),
    gaps: Sequence[float | None] = (0.832, 0.027, 0.009, -0.004, -0.004),
    lr: float = 0.2,
    method: str | None = "omp",
    sparsity: float | None = 0.832,
) -> Cell:
    """A cell whose gaps are those of `MEANS` at lr 0.2 unless told otherwise."""
    conditions = [
        Condition(number, hold, gap, None if number == 1 else lr, f"detail | of {number}")
        for number, hold, gap in zip(range(1, 6), holds, gaps, strict=True)
    ]
    return Cell(method, sparsity, at_least, at_most, tuple(conditions))


def density(rows: Sequence[Row], kept: Sequence[tuple[int, int]] = ((600, 1080), (640, 1040))) -> dict[str, Any]:
    """By ticket, of two layers of 2,000 and 8,000 weights, how many of each seed's stay and how many there are."""
    return {
        str(row.run): {"conv.weight": [kept[row.seed][0], 2000], "fc.weight": [kept[row.seed][1], 8000]}
        for row in rows
        if row.arm == "lt" and row.seed is not None
    }


@pytest.fixture
def make_density() -> Callable[..., dict[str, Any]]:
    return density


@pytest.fixture
def make_evidence() -> Callable[..., list[Row]]:
    return evidence


@pytest.fixture
def make_cell() -> Callable[..., Cell]:
    return cell


@pytest.fixture
def jackpot() -> Cell:
    return cell("jackpot", "jackpot")


@pytest.fixture
def secondary() -> Cell:
    gaps = (0.832, 0.027, 0.009, -0.004, -0.024)
    return cell("secondary", "secondary", holds=(True, True, True, True, False), gaps=gaps, lr=0.1)


@pytest.fixture
def none() -> Cell:
    return cell(
        "none", "none", holds=(True, True, False, False, False), gaps=(0.832, 0.01, 0.003, -0.022, -0.022), lr=0.2
    )


@pytest.fixture
def at_edge() -> Cell:
    gaps = (0.832, 0.027, 0.009, -0.004, -0.006)
    missed = cell("secondary", "secondary", holds=(True, True, True, True, False), gaps=gaps)
    *others, last = missed.conditions
    return replace(missed, conditions=(*others, replace(last, edge=True)), edge=("jackpot",))


@pytest.fixture
def undecided() -> Cell:
    missing = cell("none", "secondary", holds=(None, True, None, True, False), gaps=(0.832, 0.027, None, 0.0, -0.01))
    conditions = list(missing.conditions)
    conditions[2] = replace(conditions[2], detail="no rr rows for omp at sparsity 0.832")
    return replace(missing, conditions=tuple(conditions))


SPANS = ((0.012, 0.041), (0.0055, 0.014), (-0.0046, 0.001), (-0.0048, 0.002))


def confident(cell: Cell, spans: Sequence[tuple[float, float] | None] = SPANS) -> Cell:
    """The cell with an interval for each of conditions 2 to 5."""
    first, *others = cell.conditions
    return replace(
        cell,
        conditions=(first, *(replace(one, interval=span) for one, span in zip(others, spans, strict=True))),
    )


@pytest.fixture
def make_confident() -> Callable[..., Cell]:
    return confident


@pytest.fixture
def open_cell() -> Cell:
    """Beats the small dense network; whether it beats rr and matches dense is open."""
    holds = (True, True, None, None, None)
    spans = ((0.012, 0.041), (-0.003, 0.021), (-0.016, 0.008), (-0.016, 0.009))
    return confident(cell("none", "jackpot", holds=holds), spans)


@pytest.fixture
def make_sure(make_record: Callable[..., dict[str, Any]], jackpot: Cell) -> Callable[..., dict[str, Any]]:
    """A record of the rule confident, whose rule paper says secondary prize; `certainty` changes what is given."""

    def make(cells: Sequence[Cell] | None = None, *, certainty: Any = (), **terms: Any) -> dict[str, Any]:
        support: dict[Prize, float] = {"none": 0.0001, "secondary": 0.9998, "jackpot": 0.9731}
        usual = Certainty(error=0.05, spent=0.05, tickets=55, seeds=10, support=support, more_seeds=None)
        sure = None if certainty is None else replace(usual, **dict(certainty))
        paper = Judgement("paper", "joint", 0.005, 0.005, (), (cell("secondary", "secondary"),), (), ())
        asked = {"rule": "confident", "certainty": sure} | terms
        return make_record([confident(jackpot)] if cells is None else cells, terms=asked, paper=paper)

    return make


@pytest.fixture
def make_record(jackpot: Cell) -> Callable[..., dict[str, Any]]:
    def make(cells: Sequence[Cell] = (jackpot,), rows: Sequence[Row] | None = None, **fields: Any) -> dict[str, Any]:
        judgement = Judgement(
            reading="joint",
            delta=0.005,
            gamma=0.005,
            assumed=fields.pop("assumed", ()),
            cells=tuple(cells),
            warnings=fields.pop("warnings", ()),
            advice=fields.pop("advice", ()),
            **({"rule": "paper"} | fields.pop("terms", {})),
        )
        values: dict[str, Any] = {
            "study": STUDY,
            "rows": evidence() if rows is None else rows,
            "test_size": 1000,
            "cost": {"trainings": 26, "cached": 4, "seconds": 754.2, "replica_steps": 8000000, "requested": 30},
            "environment": {
                "lthcheck": "0.1.0",
                "python": "3.11.7",
                "commit": "abc1234",
                "dirty": True,
                "cores": 2,
                "command": "pytest checks/ --preset tiny",
            },
        }
        return record(judgement=judgement, **(values | fields))

    return make
