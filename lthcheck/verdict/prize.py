"""The prize: what tickets win by the conditions that they meet (Ma et al. 2021, sec. 2).

Jackpot: condition 1, and one lr at which 2, 3, 4 and 5 hold. Secondary prize: 1, and one lr at which 2, 3 and 4 hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lthcheck.verdict.judgement import RANK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lthcheck.verdict.judgement import Condition, Prize
    from lthcheck.verdict.terms import Reading


def prize(first: Condition, tickets: Iterable[Sequence[Condition]], reading: Reading, *, unknown: bool) -> Prize:
    """The prize of tickets (conditions 2 to 5 at each lr) where every unknown condition is taken for `unknown`."""
    held = [{c.id for c in (first, *ticket) if (unknown if c.holds is None else c.holds)} for ticket in tickets]
    if reading == "literal":
        held = [set[int]().union(*held)]
    if any(conditions >= {1, 2, 3, 4, 5} for conditions in held):
        return "jackpot"
    if any(conditions >= {1, 2, 3, 4} for conditions in held):
        return "secondary"
    return "none"


def interval(first: Condition, tickets: Iterable[Sequence[Condition]], reading: Reading) -> tuple[Prize, Prize]:
    """The prize that is sure, and the highest that the evidence allows."""
    tickets = tuple(tickets)
    return prize(first, tickets, reading, unknown=False), prize(first, tickets, reading, unknown=True)


def ranks(first: Condition, tickets: Iterable[Sequence[Condition]], reading: Reading) -> tuple[int, int]:
    """`interval` as ranks, which compare."""
    at_least, at_most = interval(first, tickets, reading)
    return RANK[at_least], RANK[at_most]
