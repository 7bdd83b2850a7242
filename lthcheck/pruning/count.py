"""How many weights a sparsity keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping

TICKS = 10**9  # of a round: finer than one weight in 1e8 leaves, coarser than the noise of a power


def kept(total: int, sparsity: float) -> int:
    """How many of `total` weights stay at a sparsity: (1 - s) n rounded, halves up.

    >>> kept(1000, 1 - 0.8**3)
    512
    """
    # to eight places first: 1 - s carries the rounding of s, which must not decide a half
    return math.floor(round((1 - sparsity) * total, 8) + 0.5)


def by_layer(sizes: Mapping[str, int], sparsity: float, rates: Mapping[str, float] | None = None) -> dict[str, int]:
    """How many weights stay in each of some layers that are ranked alone.

    Without rates, `kept` of each. With them the layers share in the sparsity as after so many rounds of these rates: of
    n weights that lose a part r a round, n (1 - r)^k are left after k rounds, k a real number, and rounded, halves up.
    k is the moment at which exactly `kept` of all of them are left; of layers that lose a weight in the same moment the
    later ones lose it first. So the total is exact, a count is within half a weight of its layer's n (1 - r)^k, and a
    higher sparsity keeps no more in any layer: masks nest. (The largest remainder does not promise that last: with
    3.40 and 2.35, 4.30 beside them, and then 3.34 and 2.349, 4.25, the second layer would gain a weight.)

    Args:
        sizes: weights by layer.
        sparsity: fraction of all of them that are gone.
        rates: by layer, in (0, 1): what a round takes of what remains.

    >>> by_layer({"conv": 1000, "linear": 1000}, 0.275, {"conv": 0.1, "linear": 0.2})  # two rounds: .81 and .64
    {'conv': 810, 'linear': 640}
    """
    if not rates:
        return {name: kept(size, sparsity) for name, size in sizes.items()}
    total = kept(sum(sizes.values()), sparsity)

    def left(ticks: int) -> dict[str, int]:
        rounds = ticks / TICKS
        return {name: math.floor(size * (1 - rates[name]) ** rounds + 0.5) for name, size in sizes.items()}

    early, late = 0, TICKS  # what is left is at least `total` at the one, at most at the other
    while sum(left(late).values()) > total:
        early, late = late, 2 * late
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (middle, late) if sum(left(middle).values()) > total else (early, middle)
    before, stay = left(early), left(late)
    missing = total - sum(stay.values())
    for name in stay:
        more = min(missing, before[name] - stay[name])
        stay[name] += more
        missing -= more
    return stay
