"""Evidence with planted means and spreads: as many seeds as asked for, of exactly that mean and sd."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np

from lthcheck.evidence import Row

T = 80
LRS = (0.1, 0.2, 0.4)
JACKPOT = {
    "lt": {0.1: 0.885, 0.2: 0.900, 0.4: 0.870},
    "rr": {0.1: 0.860, 0.2: 0.870, 0.4: 0.860},
    "sdt": {0.1: 0.850, 0.2: 0.860, 0.4: 0.840},
    "dense": {0.1: 0.895, 0.2: 0.901, 0.4: 0.880},
    "dense_2t": {0.2: 0.902},
    "rr_2t": {0.2: 0.871},
    "sdt_2t": {0.2: 0.861},
}
# At lr 0.4 the ticket is above dense and the rest, but well below the best dense.
SECONDARY = JACKPOT | {"lt": {0.1: 0.885, 0.2: 0.880, 0.4: 0.890}}
NONE = JACKPOT | {"lt": JACKPOT["rr"]}


def rows(levels, *, seeds=10, sd=0.001, sparsity=0.832, method="imp"):
    """Rows with the planted means. Arms vary independently of each other."""

    def spread(name, lr):
        drawn = offsets(seeds, f"{name} {lr} {sparsity} {method}")
        return {seed: sd * offset for seed, offset in enumerate(drawn)}

    return around(levels, spread, sparsity=sparsity, method=method)


def around(levels, spread, *, sparsity, method):
    """Rows around planted means, as far as `spread(name, lr)` says by seed; dense and sdt serve all methods."""
    made = []
    for name, by_lr in levels.items():
        arm = name.removesuffix("_2t")
        shared = Row(
            arm,
            0.1,
            0.5,
            method=None if arm in {"dense", "sdt"} else method,
            sparsity=None if arm == "dense" else sparsity,
            epochs=T if arm == name else 2 * T,
        )
        for lr, mean in by_lr.items():
            off = spread(name, lr)
            made += [replace(shared, lr=lr, accuracy=mean + by, seed=seed) for seed, by in off.items()]
    return made


def offsets(seeds, name):
    """Of mean 0 and sd 1, and the same for the same name."""
    if seeds == 1:
        return [0.0]
    drawn = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(seeds)
    return ((drawn - drawn.mean()) / drawn.std(ddof=1)).tolist()


def without(levels, *names):
    """The levels without some arms."""
    return {name: by_lr for name, by_lr in levels.items() if name not in names}
