"""Power: how far beyond its margin a gap must lie for so many seeds to tell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, variance

from lthcheck.verdict.looks import spent

ERROR, POWER = 0.05, 0.8
QUANTILES = 1000


def reach(seeds: int, sd: float, *, tickets: int = 1, looks: Sequence[int] = ()) -> float | None:
    """How far beyond its margin a true gap must lie for the rule `confident` to say so in 4 of 5 studies.

    For two arms of the same spread that have nothing in common, at 2.5 % over the tickets that are paid for and the
    looks. The gaps of several tickets, which are alike then, steady each other's variances as much as they may
    (`lthcheck.verdict.spread`); of 3 seeds it is 7 of 10 studies, since how alike they are is estimated too. The test
    set's own noise comes on top.

    Args:
        sd: over seeds, a fraction.

    Returns:
        A fraction; None for one seed.

    >>> round(reach(3, 0.003), 4), round(reach(3, 0.003, tickets=55), 4), round(reach(10, 0.003, tickets=55), 4)
    (0.0138, 0.0145, 0.0068)
    """
    import numpy as np
    from scipy.special import gammaincinv, ndtr, stdtrit

    from lthcheck.verdict.spread import LEAST, MOST

    if seeds < 2:
        return None
    own = seeds - 1
    prior = min(MOST, (tickets - 1.0) * own)
    prior = prior if prior >= LEAST else 0.0
    found = gammaincinv(own / 2, (np.arange(QUANTILES) + 0.5) / QUANTILES) * 2 / own  # variances, of a true one of 1
    steady = np.maximum(found, (prior + own * found) / (prior + own))
    asked = stdtrit(own + prior, 1 - ERROR / 2 / tickets * spent(looks, seeds)) * np.sqrt(steady)
    low, high = 0.0, 1e4  # standard errors
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if ndtr(middle - asked).mean() < POWER else (low, middle)
    return high * sd * math.sqrt(2 / seeds)


def pooled_sd(cells: Iterable[Mapping[float, Sequence[float]]]) -> float | None:
    """The sd over seeds, pooled over arms, each at its best lr; None where no arm has two seeds there.

    Args:
        cells: of each arm, the accuracies by lr.
    """
    best = [max(lrs.values(), key=fmean) for lrs in cells]
    counted = [(len(values) - 1, variance(values)) for values in best if len(values) > 1]
    if not counted:
        return None
    return math.sqrt(sum(freedom * value for freedom, value in counted) / sum(freedom for freedom, _ in counted))


def binomial_error(accuracy: float, samples: int) -> float:
    """The standard error of an accuracy that is measured on so many test samples."""
    return math.sqrt(accuracy * (1 - accuracy) / samples)
