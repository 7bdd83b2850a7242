"""Parts of a training split, the classes in equal shares, drawn once for all; the whole test split goes with each.

Every class is put in an order that the data set's name alone decides. A half, or the first so many, is then the same
wherever it is taken, and a larger subset contains the smaller.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lthcheck.data.arrays import Arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

SPELLING = re.compile(r"(.+)-([1-9]\d*)", re.ASCII)


def spelled(name: str) -> tuple[str, int] | None:
    """The data set and the number of training samples that a name asks for, if it does.

    >>> spelled("cifar10-5000"), spelled("cifar10"), spelled("cifar10-050")
    (('cifar10', 5000), None, None)
    """
    found = SPELLING.fullmatch(name)
    return (found[1], int(found[2])) if found else None


def first(name: str, whole: Arrays, n: int) -> Arrays:
    """The first `n` training samples of a data set's drawn order, as many of each class.

    Raises:
        ValueError: if the classes do not have so many, or `n` is no multiple of their number.
    """
    drawn = _drawn("subset", name, whole)
    most = whole.classes * min(map(len, drawn))
    if n % whole.classes or not 0 < n <= most:
        rule = f"must be a multiple of its {whole.classes} classes, at most {most}, which its smallest class allows"
        raise ValueError(f"{n} training samples of {name} {rule}; write {name}-{_near(n, whole.classes, most)}")
    return _taken(whole, [order[: n // whole.classes] for order in drawn])


def half(name: str, whole: Arrays, which: int) -> Arrays:
    """One of two disjoint halves, 0 or 1, of each class's training samples."""
    drawn = _drawn("half", name, whole)
    assert all(len(order) % 2 == 0 for order in drawn)
    part = _taken(whole, [np.split(order, 2)[which] for order in drawn])
    assert 2 * len(part.y_train) == len(whole.y_train)
    return part


def _drawn(purpose: str, name: str, whole: Arrays) -> list[npt.NDArray[np.int64]]:
    """Of each class, the places of its training samples in a drawn order."""
    from lthcheck import draws

    places = [np.flatnonzero(whole.y_train == label) for label in range(whole.classes)]
    streams = (draws.stream(0, purpose, name, label) for label in range(whole.classes))
    return [of[draws.permutation(stream, len(of)).numpy()] for stream, of in zip(streams, places, strict=True)]


def _taken(whole: Arrays, parts: Sequence[npt.NDArray[np.int64]]) -> Arrays:
    """The training samples at those places, in the order of the whole, normalised by their own moments."""
    places = np.sort(np.concatenate(parts))
    x_train, y_train = whole.x_train[places], whole.y_train[places]
    if whole.mean:
        return Arrays.of_images(x_train, y_train, whole.x_test, whole.y_test)
    return replace(whole, x_train=x_train, y_train=y_train)


def _near(n: int, classes: int, most: int) -> int:
    return min(max(n // classes, 1) * classes, most)
