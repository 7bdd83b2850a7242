"""Folds: the test split in random parts of equal size, by which evidence carries the test set's own noise.

An accuracy on n samples is one draw of a test set. How far another draw would move the difference of two arms can be
read off the one there is: take each arm's mean over seeds on every fold, and the difference of the two by fold. Folds
share no sample, so these differences vary as differences on independent test sets of n / F samples do, and their
variance over F is the test set's part of the variance of the whole difference. Both arms are tested on the same
samples, so what both get right or wrong alike cancels, as it does in the whole: no pairing has to be modelled. With 40
folds that variance is known to about a quarter (sqrt(2 / 39)), from 40 numbers a row instead of n.

Two halves come from the same numbers (`lthcheck.verdict.halves`): the even folds choose, the odd folds test.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST = 40
SEED = 20211106  # any constant: rows of two studies are comparable only if all deal the samples alike


def fold_count(n: int) -> int:
    """How many folds n samples are dealt to: an even number, 0 where there are not two samples."""
    return min(MOST, n - n % 2)


def sizes(n: int, folds: int | None = None) -> tuple[int, ...]:
    """Samples by fold; they differ by at most 1, the larger ones first.

    Args:
        folds: how many there are, where that is not `fold_count(n)`: half of them, of half a test set.

    >>> sizes(41)[:3], sum(sizes(41))
    ((2, 1, 1), 41)
    """
    folds = fold_count(n) if folds is None else folds
    return tuple(n // folds + (fold < n % folds) for fold in range(folds))


def counts(correct: npt.NDArray[np.bool_]) -> tuple[int, ...]:
    """Correct samples by fold.

    Args:
        correct: which of n >= 2 samples of the test split are right, bool of shape `(n,)`, in the order of the split.
    """
    import numpy as np

    folds = fold_count(correct.size)
    return tuple(np.bincount(_dealt(correct.size)[correct], minlength=folds).tolist())


def check(counts: Sequence[int], accuracy: float, n: int) -> None:
    """Refuses counts by fold that n samples, or an accuracy on them, cannot give.

    Raises:
        ValueError: there are more or fewer than `fold_count(n)`, one is above its fold's size, or they are not
            `accuracy` of n.
    """
    if len(counts) != fold_count(n):
        raise ValueError(f"folds={len(counts)} counts must be {fold_count(n)}, as a test split of {n} samples has")
    if any(count > size for count, size in zip(counts, sizes(n), strict=True)):
        raise ValueError(f"folds={list(counts)} must not be above the sizes of {len(counts)} folds of {n} samples")
    if sum(counts) != round(accuracy * n):
        raise ValueError(f"folds with {sum(counts)} correct samples must have accuracy={accuracy:g} of {n}")


@lru_cache(maxsize=8)
def _dealt(n: int) -> npt.NDArray[np.intp]:
    """The fold of each sample.

    The raw output of a bit generator is what numpy promises to keep between versions; its `permutation` is not.
    """
    import numpy as np

    dealt = np.empty(n, dtype=np.intp)
    dealt[np.argsort(np.random.PCG64(SEED).random_raw(n), kind="stable")] = np.arange(n) % fold_count(n)
    dealt.flags.writeable = False
    return dealt
