"""How many lanes replicas are replayed on: by what was measured, and by memory. No result depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

MOST = 16
# Of the memory that is free when the first replica is captured, so much is for the others: close to the end cuDNN takes
# an algorithm that needs less of it, and its last bits are others.
SHARE = 0.8


def fitting(free: int, each: int) -> int:
    """Lanes that fit beside the first.

    Args:
        free: bytes that are free once the first lane is there.
        each: bytes that a lane takes; 0 where it cannot be told.

    >>> fitting(free=10_000, each=2_000)
    4
    """
    return MOST if each <= 0 else int(SHARE * free) // each


def tried(most: int) -> list[int]:
    """The numbers of lanes to measure: powers of two, and the most.

    >>> tried(12)
    [1, 2, 4, 8, 12]
    """
    return sorted({2**power for power in range(most.bit_length()) if 2**power <= most} | {most})


def best(replicas: int, seconds: Mapping[int, float]) -> int:
    """The number of lanes that takes so many replicas through a step soonest; the least of those within 2 %.

    Args:
        seconds: by number of lanes, what one step of a replica on each of them takes. 12 replicas on 8 lanes go in two
            rounds, of which the second is not full.

    >>> best(12, {1: 0.1, 2: 0.1, 4: 0.1, 8: 0.16})
    4
    """
    whole = {lanes: ceil(replicas / lanes) * spent for lanes, spent in seconds.items()}
    return min(lanes for lanes, spent in whole.items() if spent <= 1.02 * min(whole.values()))
