"""Looks: how often the evidence of a study that grows until it is decided is judged on the way."""

from __future__ import annotations

from collections.abc import Sequence

GROWTH = 1.6  # of seeds from look to look; few looks cost little of the error rate, and few seeds are trained in vain


def looks(first: int, most: int) -> tuple[int, ...]:
    """The numbers of seeds at which the evidence is looked at: each about 1.6 times the one before, the last `most`.

    >>> looks(3, 20), looks(4, 4), looks(1, 3)
    ((3, 5, 8, 13, 20), (4,), (1, 2, 3))
    """
    made = [first]
    while made[-1] < most:
        made.append(min(most, max(made[-1] + 1, round(GROWTH * made[-1]))))
    return tuple(made)


def spent(looks: Sequence[int], seeds: int) -> float:
    """The part of the error rate that a look at so many seeds may use: that of its new seeds in all seeds.

    >>> spent((3, 5, 10), 5), spent((), 5)
    (0.2, 1.0)
    """
    if not looks:
        return 1.0
    reached = max([look for look in looks if look <= seeds], default=looks[0])
    before = max([look for look in looks if look < reached], default=0)
    return (reached - before) / looks[-1]
