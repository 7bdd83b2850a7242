"""Truths to draw studies from: the mean accuracy of every arm, and how much seeds and test sets vary it.

A truth is none, secondary or jackpot by construction, and most lie exactly on a margin, where a rule errs most.
Arrays: `lt`, `rr`, `sdt` of shape `(sparsity, lr)`, `dense` of shape `(lr,)`, all fractions. With a replicate axis last
where seeds were drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

DELTA = GAMMA = 0.005
SPARSITIES = tuple(1 - 0.8**k for k in range(5, 16))
LRS = (0.01, 0.03, 0.1, 0.3, 1.0)
BEST = 2  # the lr at which dense is at its best
HILL = np.array([-0.02, -0.005, 0.0, -0.005, -0.02])
FLAT = np.zeros(5)
CLIFF = np.where(np.arange(5) == BEST, 0.0, -0.05)  # all but one lr are no rival
TOP = 0.9


@dataclass(frozen=True)
class Truth:
    """What is so: mean accuracies, and the prize that follows.

    Attributes:
        double: what dense gains from twice the epochs.
    """

    name: str
    prize: str
    lt: np.ndarray
    rr: np.ndarray
    sdt: np.ndarray
    dense: np.ndarray
    double: float = 0.0


def _truth(name, prize, *, lt=HILL, rr=-0.03, sdt=-0.03, dense=HILL, double=-0.005, rivals=None):
    """Offsets from TOP; rr and sdt as offsets from the hill or, where they are arrays, as they stand."""
    shape = (len(SPARSITIES), len(LRS))
    shaped = [np.broadcast_to(TOP + (HILL + arm if np.isscalar(arm) else arm), shape) for arm in (rr, sdt)]
    return Truth(name, prize, np.broadcast_to(TOP + lt, shape), *shaped, TOP + dense, double)


NONE = (
    _truth("LT = RR = dense", "none", rr=0.0),
    _truth("LT = SDT = dense", "none", sdt=0.0),
    _truth("LT = RR + gamma", "none", lt=FLAT, rr=CLIFF - GAMMA, dense=FLAT - 0.01),
    _truth("LT = SDT + gamma", "none", lt=FLAT, sdt=CLIFF - GAMMA, dense=FLAT - 0.01),
    _truth("LT = dense - delta, at every lr", "none", lt=FLAT - DELTA, dense=FLAT, rr=FLAT - 0.05, sdt=FLAT - 0.05),
    _truth("dense gains delta from 2T", "none", lt=HILL + 0.01, double=DELTA),
)
NOT_JACKPOT = (
    _truth("LT = best dense - delta", "secondary", lt=FLAT - DELTA, dense=CLIFF, rr=FLAT - 0.05, sdt=FLAT - 0.05),
)


def ticket(gap: float) -> Truth:
    """A ticket that is as good as dense at every lr and sparsity, and better than rr and sdt by a gap."""
    return _truth(f"LT = dense = RR + {100 * gap:g} pt", "jackpot" if gap > GAMMA else "none", rr=-gap, sdt=-gap)


def spreads(kind: str, sd: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The sd over seeds of every arm; `sd` is that of an arm where nothing is unequal."""
    shape = (len(SPARSITIES), len(LRS))
    sds = {arm: np.full(shape, sd) for arm in ("lt", "rr", "sdt")} | {"dense": np.full(len(LRS), sd)}
    match kind:
        case "equal":
            pass
        case "by lr":  # eight times from the smallest lr to the largest
            sds = {arm: of_arm * np.array([0.5, 0.5, 1.0, 2.0, 4.0]) for arm, of_arm in sds.items()}
        case "one lr":  # sixteen times at one lr of the ticket
            sds = {arm: of_arm * 0.25 for arm, of_arm in sds.items()}
            sds["lt"] = sds["lt"] * np.where(np.arange(len(LRS)) == len(LRS) - 1, 16.0, 1.0)
        case "by arm":
            sds["lt"] = sds["lt"] * 3
        case "at random":
            sds = {arm: of_arm * np.exp(0.7 * rng.standard_normal(of_arm.shape)) for arm, of_arm in sds.items()}
    return sds


KINDS = ("equal", "by lr", "one lr", "by arm", "at random")


@dataclass(frozen=True)
class Study:
    """Accuracies that were drawn: the arms with a replicate axis last, the dense probe by replicate.

    Attributes:
        folds: by arm, the test set's part on each fold, with a fold axis last; None where test sets are infinite.
    """

    lt: np.ndarray
    rr: np.ndarray
    sdt: np.ndarray
    dense: np.ndarray
    double: np.ndarray
    folds: dict[str, np.ndarray] | None = None

    def of(self, seeds: int) -> Study:
        """The first seeds alone."""
        arms = ("lt", "rr", "sdt", "dense", "double")
        return replace(self, **{arm: getattr(self, arm)[..., :seeds] for arm in arms})


def draw(
    truth: Truth,
    seeds: int,
    sd: float,
    rng: np.random.Generator,
    *,
    kind: str = "equal",
    tails: str = "normal",
    test: tuple[float, float] | None = None,
) -> Study:
    """A study.

    Args:
        tails: "normal", or "heavy": Student's t with 3 degrees of freedom, of the same sd.
        test: the sd of the test set's part that all arms share, and of that which each (arm, sparsity, lr) has alone.
    """

    def noise(shape):
        if tails == "normal":
            return rng.standard_normal(shape)
        return rng.standard_t(3, shape) / np.sqrt(3)

    sds = spreads(kind, sd, rng)
    arms = {}
    for arm in ("lt", "rr", "sdt", "dense"):
        mean = getattr(truth, arm)
        arms[arm] = mean[..., None] + sds[arm][..., None] * noise((*mean.shape, seeds))
    best = int(arms["dense"].mean(-1).argmax())
    double = truth.dense[best] + truth.double + sds["dense"][best] * noise(seeds)
    if test is None:
        return Study(**arms, double=double)
    shared, own = (part * np.sqrt(FOLDS) for part in test)
    common = shared * rng.standard_normal(FOLDS)
    folds = {arm: common + own * rng.standard_normal((*values.shape[:-1], FOLDS)) for arm, values in arms.items()}
    folds["double"] = common + own * rng.standard_normal(FOLDS)
    moved = {arm: values + folds[arm].mean(-1)[..., None] for arm, values in arms.items()}
    return Study(**moved, double=double + folds["double"].mean(), folds=folds)


FOLDS = 40
