"""Replicates: the accuracies of an arm at one lr, seed by seed, and the standard error of a gap between two arms."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lthcheck.evidence import Row


@dataclass(frozen=True)
class Replicates:
    """The accuracies of one arm at one lr, fractions.

    Attributes:
        by_seed: accuracy by seed; the mean, where a seed has several rows (masks found at several lrs).
        unseeded: those of rows without a seed.
    """

    by_seed: Mapping[int, float]
    unseeded: tuple[float, ...]

    @property
    def accuracies(self) -> tuple[float, ...]:
        """One for each replicate."""
        return (*self.by_seed.values(), *self.unseeded)


def replicates(rows: Iterable[Row]) -> Replicates:
    """The replicates in rows of one arm and lr."""
    seeded: dict[int, list[float]] = {}
    unseeded = []
    for row in rows:
        if row.seed is None:
            unseeded.append(row.accuracy)
        else:
            seeded.setdefault(row.seed, []).append(row.accuracy)
    return Replicates({seed: math.fsum(seeded[seed]) / len(seeded[seed]) for seed in sorted(seeded)}, tuple(unseeded))


def standard_error(one: Replicates, other: Replicates) -> float | None:
    """The standard error of the gap between two means, over seeds; None where a side has one replicate alone.

    It is that of the paired differences where both sides have the same seeds, since the arms of a seed share its data
    order and augmentation; else the two sides are taken for independent.

    >>> standard_error(Replicates({0: 0.5, 1: 0.75}, ()), Replicates({0: 0.25, 1: 0.5}, ()))
    0.0
    """
    if one.by_seed.keys() == other.by_seed.keys() and not one.unseeded and not other.unseeded:
        differences = [accuracy - other.by_seed[seed] for seed, accuracy in one.by_seed.items()]
        return math.sqrt(_variance_of_mean(differences)) if len(differences) > 1 else None
    if min(len(one.accuracies), len(other.accuracies)) < 2:
        return None
    return math.sqrt(_variance_of_mean(one.accuracies) + _variance_of_mean(other.accuracies))


def _variance_of_mean(values: Sequence[float]) -> float:
    # fsum is exact, so that the order of the rows cannot decide who is at the edge; `statistics.variance` is exact too,
    # and takes 25 times as long.
    n = len(values)
    mean = math.fsum(values) / n
    return math.fsum((value - mean) ** 2 for value in values) / (n - 1) / n
