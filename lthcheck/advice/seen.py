"""What the rows of one recipe say at one length of training."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lthcheck.evidence import Row
from lthcheck.verdict.conditions import Adequacy, adequacy
from lthcheck.verdict.judge import judge
from lthcheck.verdict.judgement import RANK, Cell
from lthcheck.verdict.means import Levels, Means, by_length, means_at
from lthcheck.verdict.power import pooled_sd


@dataclass(frozen=True)
class Tried:
    """A cell of the evidence.

    Attributes:
        lrs: those at which the ticket and its reinitialisation were trained.
        seeds: of the ticket, at the lr with the most.
    """

    cell: Cell
    lrs: frozenset[float]
    seeds: int

    @property
    def method(self) -> str:
        """How its mask was found."""
        assert self.cell.method is not None
        return self.cell.method

    @property
    def sparsity(self) -> float:
        """Fraction of the prunable weights removed."""
        assert self.cell.sparsity is not None
        return self.cell.sparsity

    @property
    def stood(self) -> bool:
        """Whether there is a ticket, of either prize."""
        return self.cell.at_least != "none"

    @property
    def pending(self) -> bool:
        """Whether there may be a ticket, once it is known whether the recipe is adequate."""
        return self.cell.verdict == "undecided" and self.cell.conditions[0].holds is None

    @property
    def misses_dense(self) -> bool:
        """Whether the nearest miss fails condition 4, as a ticket does that is too sparse."""
        return any(condition.id == 4 and condition.holds is False for condition in self.cell.conditions)

    @property
    def nearness(self) -> tuple[float, ...]:
        """The larger, the nearer to a prize."""
        held = sum(condition.holds is True for condition in self.cell.conditions)
        gaps = [condition.gap for condition in self.cell.conditions[1:] if condition.gap is not None]
        return RANK[self.cell.at_least], RANK[self.cell.at_most], held, min(gaps, default=-1.0), self.sparsity


def tried(rows: Iterable[Row], epochs: float, *, delta: float) -> tuple[Tried, ...]:
    """The cells at one length, by method and sparsity, judged with the default gap.

    Args:
        delta: the "similar" margin, a fraction.
    """
    of_length = _of(rows, epochs)
    made = []
    for cell in judge(of_length, delta=delta).cells:
        place = (cell.method, cell.sparsity)
        here = {
            arm: [row for row in of_length if row.arm == arm and (row.method, row.sparsity) == place]
            for arm in ("lt", "rr")
        }
        lrs = frozenset(row.lr for row in here["lt"]) & frozenset(row.lr for row in here["rr"])
        most = max(sum(row.lr == each.lr for row in here["lt"]) for each in here["lt"])
        made.append(Tried(cell, lrs, most))
    return tuple(made)


def adequacy_at(rows: Iterable[Row], epochs: float, *, delta: float) -> Adequacy:
    """Whether the recipe trains the dense network well enough, at one length (condition 1)."""
    return adequacy(_means(rows, epochs), delta=delta)


def dense_at(rows: Iterable[Row], epochs: float) -> Levels:
    """Mean accuracy of the dense network by lr, at one length."""
    return _means(rows, epochs).dense


def dense_lengths(rows: Iterable[Row]) -> list[float]:
    """The lengths at which the dense network was trained."""
    return sorted({row.epochs for row in rows if row.arm == "dense" and row.epochs is not None})


def sd_at(rows: Iterable[Row], epochs: float) -> float | None:
    """The sd over seeds at one length, pooled over the arms."""
    cells: dict[tuple[str, str | None, float | None], dict[float, list[float]]]
    cells = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.epochs == epochs and not row.diverged:
            cells[row.arm, row.method, row.sparsity][row.lr].append(row.accuracy)
    return pooled_sd(cells.values())


def _of(rows: Iterable[Row], epochs: float) -> list[Row]:
    return [row for row in rows if row.epochs == epochs or (row.arm == "dense" and row.epochs == 2 * epochs)]


def _means(rows: Iterable[Row], epochs: float) -> Means:
    return means_at(by_length(_of(rows, epochs), epochs), None, None)
