"""Learning-rate grids: the best lr, and the lrs beyond its ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

TIE = 1e-9  # accuracies so close are equal


def best_lr(means: Mapping[float, float]) -> float:
    """The lr of the highest mean; of several within 1e-9 one inside the grid, then the smaller.

    >>> best_lr({0.1: 0.5, 0.2: 0.7, 0.4: 0.7})
    0.2
    """
    top = max(means.values())
    tied = sorted(lr for lr, mean in means.items() if mean >= top - TIE)
    inside = [lr for lr in tied if min(means) < lr < max(means)]
    return (inside or tied)[0]


def lrs_beyond(grid: Iterable[float], best: float) -> tuple[float, ...]:
    """The lrs that would put `best` inside the grid; none where it is inside.

    They continue the ratio of the last two outward, by two significant digits or as many as it takes to leave the
    grid. A single lr is halved and doubled.

    >>> lrs_beyond([0.1, 0.2, 0.3, 0.4], 0.4), lrs_beyond([0.1, 0.2, 0.3, 0.4], 0.1), lrs_beyond([0.1], 0.1)
    ((0.53,), (0.05,), (0.05, 0.2))
    """
    lrs = sorted(grid)
    if len(lrs) == 1:
        return best / 2, best * 2
    if best == lrs[0]:
        return (_rounded_outward(best, best * (lrs[0] / lrs[1])),)
    if best == lrs[-1]:
        return (_rounded_outward(best, best * (lrs[-1] / lrs[-2])),)
    return ()


def _rounded_outward(end: float, lr: float) -> float:
    rounded = (float(f"{lr:.{digits}g}") for digits in range(2, 17))
    return next((value for value in rounded if (value - end) * (lr - end) > 0), lr)
