"""Power: how small a gap between two arms so many seeds can tell from zero."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, variance

ALPHA, POWER = 0.05, 0.8


def smallest_gap(seeds: int, sd: float) -> float | None:
    """The smallest true gap that a two-sided t-test at 5 % tells from zero in 4 of 5 studies; None for one seed.

    Two arms of `seeds` runs with the same `sd`, taken as unpaired: (t(.975) + t(.8)) sd sqrt(2 / seeds), with
    2 seeds - 2 degrees of freedom.

    >>> round(smallest_gap(3, 0.003), 4)
    0.0091
    """
    if seeds < 2:
        return None
    freedom = 2 * seeds - 2
    return (t_quantile(1 - ALPHA / 2, freedom) + t_quantile(POWER, freedom)) * sd * math.sqrt(2 / seeds)


def t_quantile(probability: float, freedom: int) -> float:
    """The quantile, above the median, of Student's t with an even number of degrees of freedom.

    >>> round(t_quantile(0.975, 4), 3)
    2.776
    """
    assert freedom % 2 == 0, freedom
    low, high = 0.0, 1.0
    while _t_within(high, freedom) < 2 * probability - 1:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_within(middle, freedom) < 2 * probability - 1 else (low, middle)
    return high


def _t_within(t: float, freedom: int) -> float:
    """P(|T| < t): Abramowitz and Stegun, 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    term, total = 1.0, 1.0
    for k in range(1, freedom // 2):
        term *= (2 * k - 1) / (2 * k) * math.cos(angle) ** 2
        total += term
    return math.sin(angle) * total


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
