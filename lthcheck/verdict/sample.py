"""Samples: the replicates of an arm at one lr, and what two of them say about the gap between their arms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lthcheck.evidence import Row
from lthcheck.verdict.means import by_lr
from lthcheck.verdict.replicates import replicates

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The replicates of one arm at one lr.

    Attributes:
        seeds: ascending; None where a row does not tell its own, so that nothing can be paired.
        accuracy: of shape `(replicate,)`, in the order of the seeds, fractions. A seed with several rows (masks found
            at several lrs) is one replicate, of their mean: they share its draws.
        folds: of shape `(fold,)`, the mean over replicates of the accuracy on each fold of the test split; None where
            a row does not tell (`lthcheck.folds`).
    """

    seeds: tuple[int, ...] | None
    accuracy: Array
    folds: Array | None


def samples(rows: Sequence[Row], test_size: int | None) -> Mapping[float, Sample]:
    """By lr, the sample of an arm's rows."""
    return {lr: _sample(of_lr, test_size) for lr, of_lr in by_lr(rows).items()}


def _sample(rows: Sequence[Row], test_size: int | None) -> Sample:
    found = replicates(rows)
    ordered = sorted(rows, key=lambda row: (row.seed or 0, row.accuracy, row.folds or ()))
    folds = [_by_fold(row, test_size) for row in ordered]
    told = [fold for fold in folds if fold is not None]
    whole = len(told) == len(rows) and len({len(fold) for fold in told}) == 1
    return Sample(
        None if found.unseeded else tuple(found.by_seed),
        np.array(sorted(found.accuracies) if found.unseeded else found.accuracies),
        np.mean(told, axis=0) if whole else None,
    )


def _by_fold(row: Row, test_size: int | None) -> Array | None:
    """Folds differ by one test sample at most, which cancels in the difference of two arms."""
    if row.folds is None or len(row.folds) < 2:
        return None
    size = test_size or max(1.0, sum(row.folds) / max(row.accuracy, 1e-9))
    return np.array(row.folds) * len(row.folds) / size


@dataclass(frozen=True)
class Contrast:
    """The gap between two arms, and how far seeds and test samples may have moved it.

    Attributes:
        gap: difference of the means, a fraction.
        variance: of one replicate's part in the gap; the mean of n replicates has `variance / n`.
        n: replicates.
        freedom: degrees of freedom of `variance`; 0 where nothing is known of it.
        test: variance of the gap over test sets of the same size.
        test_freedom: degrees of freedom of `test`.
    """

    gap: float
    variance: float
    n: int
    freedom: int
    test: float
    test_freedom: float


def contrast(one: Sample, other: Sample, test_size: int | None) -> Contrast:
    """The gap from `other` up to `one`: paired by seed where both have the same, as two samples otherwise.

    The test set's part is the variance over its folds, in which what is hard for both arms cancels; without folds, that
    of two independent proportions, which is too much for arms that err alike; without the size of the test set, none.
    """
    a, b = one.accuracy, other.accuracy
    n = min(len(a), len(b))
    gap = math.fsum(a) / len(a) - math.fsum(b) / len(b)
    variance = math.nan
    if n > 1 and one.seeds is not None and one.seeds == other.seeds:
        variance = float(np.var(a - b, ddof=1))
    elif n > 1:
        # n - 1 degrees of freedom are Welch's fewest
        variance = float(n * (np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b)))
    test, test_freedom = _test_variance(one, other, test_size)
    return Contrast(gap, variance, n, n - 1, test, test_freedom)


def _test_variance(one: Sample, other: Sample, test_size: int | None) -> tuple[float, float]:
    if one.folds is not None and other.folds is not None and len(one.folds) == len(other.folds):
        return float(np.var(one.folds - other.folds, ddof=1)) / len(one.folds), len(one.folds) - 1.0
    if test_size is None:
        return 0.0, math.inf
    p, q = float(one.accuracy.mean()), float(other.accuracy.mean())
    return (p * (1 - p) + q * (1 - q)) / test_size, math.inf


def refuse_copies(rows: Sequence[Row]) -> None:
    """Refuses a training that is there twice: it would count as two seeds.

    Raises:
        ValueError: with the training.
    """
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        training = (row.arm, row.method, row.sparsity, row.lr, row.source_lr, row.seed, row.epochs)
        if row.seed is not None and training in seen:
            place = "" if row.sparsity is None else f" at sparsity {row.sparsity:g}"
            raise ValueError(
                f"{row.arm}{place}, lr {row.lr:g}, seed {row.seed} must be there once, since each replicate counts; "
                "drop one, or give replicates their own seeds"
            )
        seen.add(training)
