"""The certainty of a confident verdict: its support, and how many more seeds would decide it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lthcheck.verdict.judgement import Certainty, Prize
from lthcheck.verdict.looks import spent
from lthcheck.verdict.power import ERROR

if TYPE_CHECKING:
    from collections.abc import Collection

    from lthcheck.verdict.confident import Confidence
    from lthcheck.verdict.parts import Array

MOST_SEEDS = 10_000  # to be added; more is no advice
ASKED: dict[Prize, tuple[int, ...]] = {"secondary": (1, 2, 3, 4), "jackpot": (1, 2, 3, 4, 5)}
Errors = dict[Prize, float]


def certainty(shown: Confidence, methods: Collection[str | None]) -> Certainty:
    """How sure the verdict on some of the methods is."""
    part = spent(shown.terms.looks, shown.seeds)
    least, most = prize_errors(shown, methods)
    support: dict[Prize, float] = {"none": _support(most["secondary"] / part)}
    support |= {prize: _support(error / part) for prize, error in least.items()}
    return Certainty(
        error=ERROR,
        spent=ERROR * part,
        tickets=shown.paid,
        seeds=shown.seeds,
        support=support,
        more_seeds=_more_seeds(shown, methods),
    )


def _support(error: float) -> float:
    return float(1 - min(error, 1.0))


def prize_errors(
    shown: Confidence, methods: Collection[str | None], more: int = 0, *, doubted: bool = True
) -> tuple[Errors, Errors]:
    """By prize, the error rate at which there would be said to be at least that, and less than that."""
    true, false = shown.errors(more, doubted=doubted)
    asked = np.array([ticket.means.method in methods for ticket in shown.tickets], dtype=bool)
    if not asked.any():
        return dict.fromkeys(ASKED, np.inf), dict.fromkeys(ASKED, np.inf)
    true, false = true[asked], false[asked]
    if shown.terms.reading == "literal":  # each condition may hold at an lr of its own
        place = np.array([ticket.place for ticket in shown.tickets])[asked]
        true = np.stack([true[place == each].min(axis=0) for each in np.unique(place)])
        false = np.stack([false[place == each].max(axis=0) for each in np.unique(place)])
    return _best(true, false)


def _best(true: Array, false: Array) -> tuple[Errors, Errors]:
    columns = {prize: [number - 1 for number in numbers] for prize, numbers in ASKED.items()}
    least = {prize: float(true[:, numbers].max(axis=1).min()) for prize, numbers in columns.items()}
    most = {prize: float(false[:, numbers].min(axis=1).max()) for prize, numbers in columns.items()}
    return least, most


def decided_by_gaps(shown: Confidence, methods: Collection[str | None], more: int = 0) -> bool:
    """Whether the gaps decide the verdict, with so many more seeds: what is in doubt is a matter of other evidence."""
    least, most = prize_errors(shown, methods, more, doubted=False)
    at_least = [prize for prize, error in least.items() if error <= shown.level]
    at_most = [prize for prize, error in most.items() if error > shown.level]
    return at_least == at_most


def _more_seeds(shown: Confidence, methods: Collection[str | None]) -> int | None:
    """By bisection, since more seeds of one spread narrow the intervals but for what few folds may do."""
    if decided_by_gaps(shown, methods) or not decided_by_gaps(shown, methods, MOST_SEEDS):
        return None
    low, high = 0, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decided_by_gaps(shown, methods, middle) else (middle, high)
    return high
