"""Series: the accuracies of an arm by learning rate, read from the evidence of a record."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lthcheck.evidence import ARMS, Row
from lthcheck.grid import best_lr
from lthcheck.quantity import count
from lthcheck.report.schema import row
from lthcheck.verdict.means import ByLength, by_length, close, distinct, serves

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Cell = dict[str, Any]


@dataclass(frozen=True)
class Point:
    """The seeds of an arm at one lr.

    Attributes:
        lr: the learning rate.
        accuracies: fractions, one per seed, diverged ones (chance) included as the judge includes them.
        diverged: how many of them diverged.
        params: the distinct counts of unpruned parameters, ascending.
    """

    lr: float
    accuracies: tuple[float, ...]
    diverged: int
    params: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Mean over seeds, a fraction."""
        return statistics.fmean(self.accuracies)

    @property
    def sd(self) -> float | None:
        """Sample standard deviation over seeds, a fraction; None for one seed."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else None


class Opened(dict[str, Any]):
    """A record that is read from now on, and changed no more: what follows from its evidence is found once.

    A report asks for the evidence a dozen times a cell, and its rows take longer to read than to draw.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        super().__init__(record)
        self.series: dict[tuple[str | None, float | None], dict[str, tuple[Point, ...]]] = {}

    @cached_property
    def lengths(self) -> ByLength:
        """The rows by the length of their training."""
        return _by_length(self)


def opened(record: Mapping[str, Any]) -> Opened:
    """The record, ready to be read many times."""
    return record if isinstance(record, Opened) else Opened(record)


def series(record: Mapping[str, Any], cell: Cell) -> dict[str, tuple[Point, ...]]:
    """What the cell was judged on: for each arm that has rows, its points by ascending lr."""
    if not isinstance(record, Opened):
        return _by_arm(evidence(record).full, cell)
    place = cell["method"], cell["sparsity"]
    if place not in record.series:
        record.series[place] = _by_arm(record.lengths.full, cell)
    return dict(record.series[place])


def probe(record: Mapping[str, Any], cell: Cell) -> tuple[Point, ...]:
    """The dense network trained for 2T, by ascending lr."""
    return _by_arm(evidence(record).double, cell).get("dense", ())


def evidence(record: Mapping[str, Any]) -> ByLength:
    """The rows of a record, sorted by the length of their training as the judge sorts them."""
    return record.lengths if isinstance(record, Opened) else _by_length(record)


def _by_length(record: Mapping[str, Any]) -> ByLength:
    return by_length(map(row, record["evidence"]))


def trained(record: Mapping[str, Any], *, times: int = 1) -> str | None:
    """How long the tickets were trained, in the unit of their recipe; None where it is not known.

    Args:
        times: 2 for the probes.
    """
    recipe = record["study"].get("recipe")
    steps = recipe.get("steps") if isinstance(recipe, dict) else None
    if isinstance(steps, int):
        return f"{times * steps:,} steps"
    length = evidence(record).epochs
    return None if length is None else count(times * length, "epoch")


def at_lr(points: tuple[Point, ...], lr: float | None) -> Point | None:
    """The point at an lr, where there is one."""
    return next((point for point in points if close(point.lr, lr)), None)


def best(points: tuple[Point, ...]) -> Point | None:
    """The point of the highest mean; of equal ones one inside the grid, where there is one."""
    return at_lr(points, best_lr({point.lr: point.mean for point in points})) if points else None


def _by_arm(rows: Iterable[Row], cell: Cell) -> dict[str, tuple[Point, ...]]:
    serving = [row for row in rows if serves(row, cell["method"], cell["sparsity"])]
    # of all arms together, since one lr read from two places may differ in its last bits
    lrs = distinct(row.lr for row in serving)
    arms = {}
    for arm in ARMS:
        at = {lr: [row for row in serving if row.arm == arm and close(row.lr, lr)] for lr in lrs}
        arms[arm] = tuple(_point(lr, found) for lr, found in at.items() if found)
    return {arm: points for arm, points in arms.items() if points}


def _point(lr: float, rows: Sequence[Row]) -> Point:
    return Point(
        lr=lr,
        accuracies=tuple(row.accuracy for row in rows),
        diverged=sum(row.diverged for row in rows),
        params=tuple(sorted({row.params for row in rows if row.params is not None})),
    )
