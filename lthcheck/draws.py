"""Random draws as functions of (seed, purpose, epoch, sample), never of what ran before or beside them.

A stream is a 64-bit number; its i-th draw is the i-th output of SplitMix64 started there (Steele et al. 2014, "Fast
splittable pseudorandom number generators"). Nothing here draws from a global generator.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

# Steele et al. 2014, as signed 64-bit numbers, which is what torch has
GOLDEN, FIRST, SECOND = (constant - 2**64 for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def stream(seed: int, purpose: str, *where: int | str) -> int:
    """The stream of one purpose, independent of every other, as a signed 64-bit number.

    >>> stream(0, "init") == stream(0, "reinit")
    False
    """
    digest = hashlib.sha256("/".join([str(seed), purpose, *map(str, where)]).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def bits(stream: int, n: int, *, device: torch.device | str = "cpu") -> Tensor:
    """Draws 0 to n - 1 of a stream: int64 of shape `(n,)`, all 64 bits random."""
    return bits_at(stream, torch.arange(n, dtype=torch.int64, device=device))


def bits_at(stream: int | Tensor, index: Tensor) -> Tensor:
    """The draws of those numbers: int64 of the shape of `stream` and `index`, broadcast together."""
    z = (index + 1).mul_(GOLDEN) + stream
    z = (z ^ _shifted(z, 30)) * FIRST
    z = (z ^ _shifted(z, 27)) * SECOND
    return z ^ _shifted(z, 31)


def uniform(stream: int, n: int) -> Tensor:
    """Draws in the open interval (0, 1): float64 of shape `(n,)`."""
    return fraction(bits(stream, n))


def fraction(bits: Tensor) -> Tensor:
    """What is uniform over all 64 bits, as float64 in the open interval (0, 1)."""
    return (_shifted(bits, 12).double() + 0.5) * 2.0**-52


def normal(stream: int, n: int) -> Tensor:
    """Draws from N(0, 1): float64 of shape `(n,)`."""
    draws: Tensor = torch.special.ndtri(uniform(stream, n))
    return draws


def permutation(stream: int, n: int, *, device: torch.device | str = "cpu") -> Tensor:
    """The numbers 0 to n - 1 in random order: int64 of shape `(n,)`."""
    return torch.argsort(bits(stream, n, device=device), stable=True)


@contextmanager
def seeded(stream: int) -> Iterator[None]:
    """Seeds the global generators inside the block, for code of the user's own that draws from them."""
    kept, devices = (random.getstate(), np.random.get_state()), range(torch.cuda.device_count())  # noqa: NPY002
    with torch.random.fork_rng(devices=devices if torch.cuda.is_initialized() else []):  # type: ignore[no-untyped-call]
        torch.manual_seed(stream)
        random.seed(stream)
        np.random.seed(stream % 2**32)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(kept[0])
            np.random.set_state(kept[1])  # noqa: NPY002


def _shifted(z: Tensor, by: int) -> Tensor:
    # >> on int64 copies the sign; the mask makes it the unsigned shift that SplitMix64 asks for
    return (z >> by) & ((1 << (64 - by)) - 1)
