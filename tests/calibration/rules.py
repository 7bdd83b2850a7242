"""Rules on drawn studies: the rule `confident` itself on arrays, and what else might have been chosen.

Each takes a study and gives (at_least, at_most) as ranks: 0 none, 1 secondary, 2 jackpot.
"""

from __future__ import annotations

from functools import cached_property, partial

import numpy as np

from calibration.truth import DELTA, GAMMA, LRS, SPARSITIES, Study
from lthcheck.evidence import Row
from lthcheck.verdict.certainty import prize_errors
from lthcheck.verdict.choice import Ticket
from lthcheck.verdict.confident import Confidence
from lthcheck.verdict.means import Means
from lthcheck.verdict.parts import Parts
from lthcheck.verdict.power import ERROR
from lthcheck.verdict.terms import Terms

T = 100
_MEANS = Means("imp", None, T, {}, {}, {}, {}, {}, (), ())
_TICKETS = tuple(Ticket(s, _MEANS, lr) for s in range(len(SPARSITIES)) for lr in LRS)


def parts(study: Study, kind: type[Parts] = Parts) -> Parts:
    """The gaps of every ticket of a study, as `lthcheck.verdict.confident` takes them from rows."""
    n, probed = study.lt.shape[-1], int(study.dense.mean(-1).argmax())
    tickets = np.arange(len(_TICKETS))
    columns: list[list[np.ndarray]] = []

    def add(number, margin, claim, arm, other, lrs):
        """Gaps of shape `(ticket, rival's lr, replicate)`."""
        own, rival = _by_ticket(study, arm, lrs), _by_ticket(study, other, lrs)
        gaps = own - rival
        shape = gaps.shape[:-1]
        test = np.zeros(shape)
        if study.folds is not None:
            folds = _by_ticket(study, arm, lrs, study.folds) - _by_ticket(study, other, lrs, study.folds)
            test = folds.var(-1, ddof=1) / folds.shape[-1]
        freedom = np.full(shape, 39.0 if study.folds is not None else np.inf)
        ticket = np.broadcast_to(tickets[:, None], shape)
        known_by = np.broadcast_to(rival[..., 0], shape)  # no two samples begin with the same accuracy
        fixed = [np.full(shape, float(number)), known_by, np.full(shape, margin), np.full(shape, float(claim))]
        spread = [gaps.mean(-1), gaps.var(-1, ddof=1), np.full(shape, float(n)), np.full(shape, n - 1.0), test, freedom]
        columns.append([column.ravel() for column in (ticket, *fixed, *spread)])

    add(1, -DELTA, len(LRS), ("dense", probed), ("double", None), "one")
    add(2, GAMMA, len(_TICKETS), ("lt", None), ("sdt", None), "all")
    add(3, GAMMA, len(_TICKETS), ("lt", None), ("rr", None), "all")
    add(4, -DELTA, len(_TICKETS), ("lt", None), ("dense", None), "same")
    add(5, -DELTA, len(_TICKETS), ("lt", None), ("dense", None), "all")
    ticket, number, known_by, *rest = (np.concatenate(column) for column in zip(*columns, strict=True))
    rivals = np.unique(known_by, return_inverse=True)[1]
    return kind(ticket.astype(np.int64), number.astype(np.int64), rivals, *rest)


def _by_ticket(study, arm, lrs, source=None):
    """An arm's values for every ticket and rival's lr: `(ticket, lr, last axis)`, broadcast where they are the same."""
    name, lr = arm
    values = getattr(study, name) if source is None else source[name]
    count, grid = len(SPARSITIES), len(LRS)
    if name == "double" or lr is not None:  # the probe is one for all tickets
        values = values if lr is None else values[lr]
        return np.broadcast_to(values, (count * grid, 1, values.shape[-1]))
    if name == "lt":
        return values.reshape(count * grid, 1, -1)
    values = np.broadcast_to(values, (count, grid, values.shape[-1]))
    if lrs == "same":
        return values.reshape(count * grid, 1, -1)
    return np.repeat(values, grid, axis=0)


def shown(study: Study, kind: type[Parts] = Parts, looks: tuple[int, ...] = ()) -> Confidence:
    """What the rule `confident` sees in a study."""
    terms = Terms(rule="confident", looks=looks)
    seeds = study.lt.shape[-1]
    return Confidence(terms, (_MEANS,), _TICKETS, parts(study, kind), (), {}, len(_TICKETS), seeds)


def confident(study: Study, kind: type[Parts] = Parts, looks: tuple[int, ...] = ()) -> tuple[int, int]:
    """The rule itself."""
    seen = shown(study, kind, looks)
    least, most = prize_errors(seen, {"imp"})
    return sum(error <= seen.level for error in least.values()), sum(error > seen.level for error in most.values())


class Alone(Parts):
    """Each variance as it was found."""

    @cached_property
    def _steadied(self):
        return self.variance, self.freedom


class Pooled(Parts):
    """One variance for all gaps of a kind."""

    @cached_property
    def _steadied(self):
        variance, freedom = self.variance.copy(), self.freedom.copy()
        for alike in ((2,), (3,), (1, 4, 5)):
            kind = np.isin(self.number, alike)
            variance[kind], freedom[kind] = variance[kind].mean(), freedom[kind].sum()
        return variance, freedom


alone = partial(confident, kind=Alone)
pooled = partial(confident, kind=Pooled)


def paper(study: Study) -> tuple[int, int]:
    """Means with margins, best against best."""
    return (int(_by_means(*_means(study))[0]),) * 2


def naive(study: Study) -> tuple[int, int]:
    """Means with margins, each lr by itself: lt against rr, sdt and dense at its own lr."""
    lt, rr, sdt, dense, probe = _means(study)
    met = (lt - rr > GAMMA) & (lt - sdt > GAMMA) & (lt >= dense - DELTA) & (probe <= DELTA)
    return (2 * int(met.any()),) * 2


def bootstrap(study: Study, rng: np.random.Generator, draws: int = 400) -> tuple[int, int]:
    """Percentiles of `paper` over replicates drawn with replacement, paired."""
    n = study.lt.shape[-1]
    weights = rng.multinomial(n, np.full(n, 1 / n), draws).T / n  # of each replicate in each draw
    lt, rr, sdt, dense, double = (getattr(study, arm) @ weights for arm in ("lt", "rr", "sdt", "dense", "double"))
    ranks = _by_means(lt, rr, sdt, dense, double - dense.max(0))
    low, high = np.quantile(ranks, [ERROR / 2, 1 - ERROR / 2], method="nearest")
    return int(low), int(high)


def _means(study):
    """Means over replicates, with an axis of one draw last."""
    lt, rr, sdt, dense = (getattr(study, arm).mean(-1, keepdims=True) for arm in ("lt", "rr", "sdt", "dense"))
    return lt, rr, sdt, dense, study.double.mean(keepdims=True) - dense.max(0)


def _by_means(lt, rr, sdt, dense, probe):
    """The prize in each draw, of shape `(draw,)`."""
    beats = (lt - rr.max(1, keepdims=True) > GAMMA) & (lt - sdt.max(1, keepdims=True) > GAMMA)
    secondary = beats & (lt >= dense - DELTA) & (probe <= DELTA)
    jackpot = secondary & (lt >= dense.max(0) - DELTA)
    return secondary.any((0, 1)).astype(int) + jackpot.any((0, 1))


def until_decided(study: Study, looks: tuple[int, ...]) -> tuple[tuple[int, int], int]:
    """The rule with more seeds until it decides, and how many it took."""
    for seeds in looks:
        verdict = confident(study.of(seeds), looks=looks)
        if verdict[0] == verdict[1]:
            break
    return verdict, seeds


def rows(study: Study) -> list[Row]:
    """The study as evidence."""
    made = []
    for seed in range(study.lt.shape[-1]):
        for k, lr in enumerate(LRS):
            made.append(Row("dense", lr, study.dense[k, seed], seed=seed, epochs=T))
            for s, sparsity in enumerate(SPARSITIES):
                for arm in ("lt", "rr", "sdt"):
                    method = None if arm == "sdt" else "imp"
                    accuracy = getattr(study, arm)[s, k, seed]
                    made.append(Row(arm, lr, accuracy, method=method, sparsity=sparsity, seed=seed, epochs=T))
        best = LRS[int(study.dense.mean(-1).argmax())]
        made.append(Row("dense", best, study.double[seed], seed=seed, epochs=2 * T))
    return made
