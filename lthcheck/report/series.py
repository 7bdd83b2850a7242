"""Series: the accuracies of an arm by learning rate, read from the evidence of a record."""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lthcheck.evidence import ARMS

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def series(record: Mapping[str, Any], cell: Cell, *, stretch: float = 1) -> dict[str, tuple[Point, ...]]:
    """What the cell was judged on: for each arm that has rows, its points by ascending lr.

    Args:
        record: the record.
        cell: one of its cells.
        stretch: take the runs of this many times T epochs, 2 for the probe of the recipe. Rows that do not tell their
            epochs are of length T.
    """
    horizon = epochs(record, cell)
    groups: dict[str, dict[float, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in record["evidence"]:
        if _serves(row, cell) and _lasts(row["epochs"], horizon, stretch):
            # One lr read from two places may differ in its last bits; nine digits are more than anyone writes.
            groups[row["arm"]][float(f"{row['lr']:.9g}")].append(row)
    return {arm: tuple(_point(lr, groups[arm][lr]) for lr in sorted(groups[arm])) for arm in ARMS if arm in groups}


def epochs(record: Mapping[str, Any], cell: Cell) -> float | None:
    """T: the length of the cell's ticket runs; None where the evidence does not tell."""
    lengths = Counter(
        row["epochs"]
        for row in record["evidence"]
        if row["arm"] == "lt" and row["epochs"] is not None and _serves(row, cell)
    )
    return min(lengths, key=lambda length: (-lengths[length], length), default=None)


def at_lr(points: tuple[Point, ...], lr: float | None) -> Point | None:
    """The point at an lr, where there is one."""
    return next((point for point in points if lr is not None and math.isclose(point.lr, lr, rel_tol=1e-8)), None)


def best(points: tuple[Point, ...]) -> Point | None:
    """The point of the highest mean; of equal ones one inside the grid, where there is one."""
    if not points:
        return None
    top = max(point.mean for point in points)
    ties = [point for point in points if point.mean >= top - 1e-9]
    inside = [point for point in ties if points[0].lr < point.lr < points[-1].lr]
    return (inside or ties)[0]


def _serves(row: Mapping[str, Any], cell: Cell) -> bool:
    """Whether the judge takes a row as evidence on the cell.

    Dense and sdt rows without a method serve every method; dense rows serve every sparsity, and so do sdt and rr rows
    without one.
    """
    arm = row["arm"]
    if row["method"] != cell["method"] and not (row["method"] is None and arm in ("dense", "sdt")):
        return False
    if arm == "dense" or (arm in ("sdt", "rr") and row["sparsity"] is None):
        return True
    if row["sparsity"] is None or cell["sparsity"] is None:
        return row["sparsity"] is cell["sparsity"]
    return math.isclose(row["sparsity"], cell["sparsity"], rel_tol=1e-9, abs_tol=1e-12)


def _lasts(length: float | None, horizon: float | None, stretch: float) -> bool:
    if length is None or horizon is None:
        return stretch == 1
    return math.isclose(length, stretch * horizon, rel_tol=1e-6)


def _point(lr: float, rows: list[dict[str, Any]]) -> Point:
    return Point(
        lr=lr,
        accuracies=tuple(row["accuracy"] for row in rows),
        diverged=sum(row["diverged"] for row in rows),
        params=tuple(sorted({row["params"] for row in rows if row["params"] is not None})),
    )
