"""Probes: does a control, rr or sdt, close the gap to the ticket once it is trained on, or at an lr beyond its grid?

A ticket is to beat what the small network and the fresh initialisation can reach, and not what they reach early: so
each is trained at its best lr for 2T as well, as dense is for condition 1, and that lr is to lie inside the grid.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lthcheck.grid import best_lr, lrs_beyond
from lthcheck.verdict.conditions import double_length, exceeds
from lthcheck.verdict.judgement import RIVALS
from lthcheck.verdict.means import level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lthcheck.evidence import Arm
    from lthcheck.verdict.exam import Exam
    from lthcheck.verdict.means import Levels, Means


def doubts(number: Literal[2, 3], means: Means, lr: float, *, gamma: float) -> tuple[str, ...]:
    """Why condition 2 or 3 of the ticket trained at `lr` is in doubt although it holds: remedies, or what was found.

    A doubt makes unknown what would be true; what is false stays so. Without rows of the control there are none, since
    the condition is unknown then. They are not for those who vouch for their recipe.

    Args:
        number: 2 for sdt, 3 for rr.
    """
    arm = RIVALS[number]
    once, _ = _levels(arm, means)
    if not once:
        return ()
    best = best_lr(once)
    ends = tuple(f"add lr {beyond:g}: {_at_the_end(arm, best)}" for beyond in lrs_beyond(once, best))
    if not _probed(arm, means):
        length = double_length(means) + (", and give the epochs of every row" if means.epochs is None else "")
        return (*ends, f"train {arm}{_place(arm, means)} at lr {best:g} for {length}")
    closed = closing(number, means, lr, gamma=gamma)
    return ends if closed is None else (*ends, closed)


def closing(number: Literal[2, 3], means: Means, lr: float, *, gamma: float) -> str | None:
    """How the gap of condition 2 or 3 closes at 2T; None where it stays open, or was not probed."""
    arm = RIVALS[number]
    ticket, (once, twice) = level(means.lt, lr), _levels(arm, means)
    longer = level(twice, best_lr(once)) if once else None
    if ticket is None or longer is None or exceeds(ticket - longer, gamma):
        return None
    decimals = next((n for n in range(3, 10) if not exceeds(round(ticket, n) - round(longer, n), gamma)), 10)
    lt, other = (f"{value:.{decimals}f}".replace("0.", ".", 1) for value in (ticket, longer))
    how = f"{arm} trained for {double_length(means)} at lr {best_lr(once):g}"
    return f"{how} closes the gap: LT {lt}, {arm.upper()} {other} (condition {number} would not hold)"


def findings(exam: Exam, *, gamma: float) -> Iterator[str]:
    """What the probes and the grids say of a ticket that stands by means: a line for each."""
    lrs = [lr for lr, conditions in exam.at.items() if all(c.holds for c in (exam.first, *conditions[:3]))]
    if not lrs:
        return
    means = exam.means
    best = max(lrs, key=lambda lr: level(means.lt, lr) or 0.0)  # of all tickets the last whose gap closes
    numbers: tuple[Literal[2, 3], ...] = (2, 3)
    for number in numbers:
        if (closed := closing(number, means, best, gamma=gamma)) is not None:
            yield closed
    arms: dict[Arm, Levels] = {"lt": means.lt, "rr": means.rr, "sdt": means.sdt}
    for arm, levels in arms.items():
        if lrs_beyond(levels, top := best_lr(levels)):
            yield _at_the_end(arm, top)


def _levels(arm: Arm, means: Means) -> tuple[Levels, Levels]:
    """Of a control, for T and for 2T."""
    return (means.sdt, means.sdt_2t) if arm == "sdt" else (means.rr, means.rr_2t)


def _probed(arm: Arm, means: Means) -> bool:
    once, twice = _levels(arm, means)
    return level(twice, best_lr(once)) is not None


def _at_the_end(arm: Arm, best: float) -> str:
    return f"the best {arm} lr {best:g} is at the end of its grid"


def _place(arm: Arm, means: Means) -> str:
    named = f" for {means.method}" if arm == "rr" and means.method is not None else ""
    return named if means.sparsity is None else f"{named} at sparsity {means.sparsity:g}"
