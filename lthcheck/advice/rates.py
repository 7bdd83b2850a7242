"""Learning rates to try: around dense's best, and small ones where the guideline wants them (rules 2 and 4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from lthcheck.advice.reason import OWN, PAPER, STORE, Part, Reason, doubt
from lthcheck.advice.seen import dense_at, dense_lengths
from lthcheck.advice.subject import Subject
from lthcheck.evidence import Row
from lthcheck.grid import best_lr, lrs_beyond
from lthcheck.quantity import count
from lthcheck.recipe import Recipe

SMALL_LR = (20, 10)  # small lrs are dense's best over these: .005 and .01 for ResNet-20 on CIFAR-10, best at .1
ALIKE = 4  # dense's best lr is taken from trainings up to so many times longer or shorter


def rates(subject: Subject, recipe: Recipe, rows: Sequence[Row], epochs: int) -> Part:
    """At least three around dense's best, so that it can lie inside, and small ones where the guideline wants them."""
    known, length = _dense(rows, epochs)
    if known:
        near, centre, reason = _around(known, length)
    else:
        grid = sorted(recipe.lrs)
        while len(grid) < 3:
            grid = sorted({*grid, *lrs_beyond(grid, grid[-1]), *lrs_beyond(grid, grid[0])})
        near = tuple(grid[-max(3, len(grid) // 2 + 1) :])
        centre = near[-2]
        told = f"the upper part of the grid of recipe {recipe.name}; dense's best must lie inside (condition 1)"
        reason = Reason(told, recipe.source)
    small: tuple[float, ...] = ()
    if _wants_small(subject):
        of_best = (_spelt(centre / divisor, known) for divisor in SMALL_LR)
        small = tuple(lr for lr in of_best if lr < min(near))
    return Part(tuple(sorted({*small, *near})), (reason, _why_small(subject, small)))


def _dense(rows: Sequence[Row], epochs: int) -> tuple[dict[float, float], float]:
    """Dense by lr, at the length with three lrs or the most, and of these the nearest."""

    def merit(length: float) -> tuple[float, float]:
        return min(3, len(dense_at(rows, length))), -abs(math.log(length / epochs))

    near = [length for length in dense_lengths(rows) if 1 / ALIKE <= length / epochs <= ALIKE]
    length = max(near, key=merit, default=float(epochs))
    return dict(dense_at(rows, length)), length


def _around(known: dict[float, float], length: float) -> tuple[tuple[float, ...], float, Reason]:
    """The lrs around the best one, the best one, and why."""
    grid, best = sorted(known), best_lr(known)
    told = f"dense is best at lr {best:g} ({100 * known[best]:.1f} % in {count(length, 'epoch')})"
    ends = f"{grid[0]:g} to {grid[-1]:g}"
    beyond = lrs_beyond(grid, best)
    if not beyond:
        at = grid.index(best)
        return tuple(grid[at - 1 : at + 2]), best, Reason(f"{told}, inside the grid {ends}", STORE)
    nearest = sorted(grid, key=lambda lr: abs(math.log(lr / best)))[:2]
    further = " and ".join(f"{lr:g}" for lr in beyond)
    why = f"{told}, at the end of the grid {ends}, so {further} is added for it to lie inside (condition 1)"
    return tuple(sorted({*nearest, *beyond})), best, Reason(why, STORE)


def _spelt(lr: float, known: Iterable[float]) -> float:
    """An lr that was tried and is nearly this one, or this one by two digits."""
    near = [other for other in known if abs(math.log(other / lr)) < math.log(1.25)]
    return min(near, key=lambda other: abs(math.log(other / lr)), default=float(f"{lr:.2g}"))


def _wants_small(subject: Subject) -> bool:
    return not subject.mlp and subject.residual is not False and subject.scale != "large"


def _why_small(subject: Subject, small: Sequence[float]) -> Reason:
    listed = " and ".join(f"{lr:g}" for lr in small)
    if subject.mlp:
        return Reason("no smaller ones: the paper trained no multilayer perceptron, so nothing speaks for them", OWN)
    if subject.scale == "large":
        told = "on large data large lrs are preferred, and there the initialisation makes no difference (condition 3)"
        return Reason(told, f"{PAPER}, rule 4")
    if subject.residual is False:
        return Reason("no smaller ones: without residual connections they do not help", f"{PAPER}, rule 2")
    if not small:
        return Reason("relatively small lrs would be tried with residual connections; the grid has them", PAPER)
    if subject.residual and subject.scale == "small":
        why = "with residual connections, on small data, tickets are found at relatively small lrs"
        return Reason(f"{listed} beside them: {why}", f"{PAPER}, rule 2")
    return Reason(f"{listed} beside them: {doubt(subject)}, where tickets are found at relatively small lrs", OWN)
