"""How many weights a sparsity keeps."""

from __future__ import annotations

import math


def kept(total: int, sparsity: float) -> int:
    """How many of `total` weights stay at a sparsity: (1 - s) n rounded, halves up.

    >>> kept(1000, 1 - 0.8**3)
    512
    """
    # to eight places first: 1 - s carries the rounding of s, which must not decide a half
    return math.floor(round((1 - sparsity) * total, 8) + 0.5)
