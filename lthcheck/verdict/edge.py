"""The edge: a result so near its margin that other seeds may well say otherwise (Ma et al. 2021, table 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lthcheck.grid import TIE, best_lr
from lthcheck.verdict.judgement import RANK, RIVALS
from lthcheck.verdict.means import Means, level
from lthcheck.verdict.prize import prize, ranks
from lthcheck.verdict.replicates import standard_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lthcheck.verdict.judgement import Condition, Prize
    from lthcheck.verdict.terms import Reading


def at_edge(number: int, means: Means, lr: float, room: float) -> bool:
    """Whether condition 2, 3, 4 or 5 of the ticket at `lr` holds or fails by at most the gap's standard error.

    Args:
        number: the condition.
        means: of the cell; where it has no replicates, no spread is known and nothing is at the edge.
        lr: learning rate of the ticket, which has a rival.
        room: by how much the gap exceeds its margin, a fraction; negative where it falls short.
    """
    rival = RIVALS[number]
    at = lr if number == 4 else best_lr(getattr(means, rival))
    ticket = level(means.replicates.get("lt", {}), lr)
    other = level(means.replicates.get(rival, {}), at)
    if ticket is None or other is None:
        return False
    error = standard_error(ticket, other)
    return error is not None and abs(room) <= error + TIE


def edge_prizes(first: Condition, tickets: Iterable[Sequence[Condition]], reading: Reading) -> tuple[Prize, ...]:
    """The prizes of a cell that are won or missed at the edge.

    Those are the prizes that are sure, or out of reach, and would not be if some of the conditions at the edge, at any
    lr, went the other way. Condition 1 is taken as it is.
    """
    tickets = tuple(tickets)

    def taken(holds: bool) -> list[list[Condition]]:
        return [[replace(c, holds=holds) if c.edge else c for c in ticket] for ticket in tickets]

    at_least, at_most = ranks(first, tickets, reading)
    lowest = RANK[prize(first, taken(False), reading, unknown=False)]
    highest = RANK[prize(first, taken(True), reading, unknown=True)]
    prizes: tuple[Prize, ...] = ("secondary", "jackpot")
    return tuple(one for one in prizes if lowest < RANK[one] <= at_least or at_most < RANK[one] <= highest)
