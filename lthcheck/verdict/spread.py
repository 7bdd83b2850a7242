"""The spread over seeds: variances of a few replicates each, steadied by each other.

Three seeds estimate a variance with two degrees of freedom, which alone would ask for gaps of some 20 standard errors
in a study of 55 tickets. The variances of a study's other gaps of the same kind say what is usual: a scaled inverse
chi-squared prior, fitted to their logarithms (Smyth 2004, "Linear models and empirical Bayes methods", sec. 6.2). The
prior counts for MOST degrees of freedom at most, and never makes a variance smaller than it was found: both because
gaps at a large lr may well be noisier than the rest, and the calibration says what it would cost to pool them
(reports/examples/calibration.md).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MOST = 10.0
FEWEST = 3  # variances that a prior is fitted to


def steadied(variance: Array, freedom: Array) -> tuple[Array, Array]:
    """Variances of one kind, each made no smaller than its prior says, with the degrees of freedom that they have then.

    Args:
        variance: of shape `(gap,)`; NaN where it is not known, 0 where all replicates were equal.
        freedom: of shape `(gap,)`.

    Returns:
        Both of shape `(gap,)`; NaN and 0 where nothing is known.
    """
    usual, prior = _prior(variance, freedom)
    known = (freedom > 0) & ((variance > 0) | (prior > 0))
    if not prior:
        return np.where(known, variance, np.nan), np.where(known, freedom, 0.0)
    weighed = (prior * usual + freedom * variance) / (prior + freedom)
    return np.where(known, np.maximum(variance, weighed), np.nan), np.where(known, freedom + prior, 0.0)


def _prior(variance: Array, freedom: Array) -> tuple[float, float]:
    """The variance that is usual, and the degrees of freedom that it counts for; 0 where there is no telling."""
    from scipy.special import digamma, polygamma

    told = (freedom > 0) & (variance > 0)
    if told.sum() < FEWEST:
        return 0.0, 0.0
    half = freedom[told] / 2
    logs = np.log(variance[told]) - digamma(half) + np.log(half)
    beyond_chance = float(logs.var(ddof=1) - polygamma(1, half).mean())
    prior = min(MOST, 2 * _trigamma_inverse(beyond_chance)) if beyond_chance > 0 else MOST
    return float(np.exp(logs.mean() + digamma(prior / 2) - np.log(prior / 2))), prior


def _trigamma_inverse(value: float) -> float:
    """Newton's method on 1 / trigamma, which is convex."""
    from scipy.special import polygamma

    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(polygamma(1, x))
        x += trigamma * (1 - trigamma / value) / float(polygamma(2, x))
    return x
