"""The guideline of Ma et al. 2021, sec. 3.2, beside what is known already: what to try first, and why.

    1  small data, residual connections: IMP before OMP; without residual connections IMP has no advantage
    2  small data, residual connections: relatively small lrs; without residual connections they do not help
    3  the more redundant the network for its data, the higher the sparsity at which a ticket can be found
    4  where large lrs are preferred, the initialisation makes no difference; on Tiny-ImageNet and ImageNet OMP beats
       IMP

The paper gives no numbers for "small" and "redundant"; those here are said to be lthcheck's own where they are used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from lthcheck.advice.seen import Tried, adequacy_at, dense_at, dense_lengths, sd_at, tried
from lthcheck.advice.subject import Subject
from lthcheck.evidence import Row
from lthcheck.grid import best_lr, lrs_beyond
from lthcheck.quantity import count
from lthcheck.recipe import MOST_EPOCHS, Recipe, ladder
from lthcheck.verdict.conditions import NON_TRIVIAL
from lthcheck.verdict.power import reach

PAPER, STORE, OWN = "Ma et al. 2021, sec. 3.2", "the store", "lthcheck's own choice"
RUNGS = tuple(sparsity for sparsity in ladder(20) if sparsity >= NON_TRIVIAL)
HIGHEST = (
    (37.0, 13, "the paper has ResNet-32 of twice the width, 37 a sample of CIFAR-10, at 0.945"),
    (5.0, 11, "the paper has ResNet-20, 5 a sample of CIFAR-10, at 0.914"),
    (1.0, 9, "fewer than the 5 of ResNet-20 on CIFAR-10, which the paper has at 0.914"),
    (0.0, 7, "fewer than the samples, so there is little to remove"),
)  # parameters a training sample, and the round of IMP, at 20 % a round, that is the highest to try
SMALL_LR = (20, 10)  # small lrs are dense's best over these: .005 and .01 for ResNet-20 on CIFAR-10, best at .1
ALIKE = 4  # dense's best lr is taken from trainings up to so many times longer or shorter
SMALLEST = 50_000  # training images of CIFAR
SEEN_GAP, MOST_SEEDS = 0.01, 10  # a gap that the seeds should see, twice the margin gamma, and how many may be asked


@dataclass(frozen=True)
class Reason:
    """Why something is suggested, and on whose word."""

    text: str
    source: str


@dataclass(frozen=True)
class Suggestion:
    """What to try first.

    Attributes:
        new: whether anything that is promising is left; False where it is what the store has judged, with more seeds.
        reasons: for "method", "lr", "sparsity", "epochs" and "seeds", why.
        outlook: what to expect.
        limits: what the advice does not rest on.
    """

    methods: tuple[str, ...]
    lrs: tuple[float, ...]
    sparsities: tuple[float, ...]
    epochs: int
    seeds: int
    new: bool
    reasons: dict[str, tuple[Reason, ...]]
    outlook: Reason
    limits: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self)


class Part(NamedTuple):
    """One part of a suggestion."""

    value: Any
    reasons: tuple[Reason, ...]


def suggest(
    subject: Subject, recipe: Recipe, rows: Sequence[Row] = (), *, delta: float, seeds: int | None = None
) -> Suggestion:
    """What to try first on a network and data set.

    Args:
        recipe: of the study, with the epochs that are asked for.
        rows: what is known of trainings by this recipe, of any length.
        delta: the "similar" margin, a fraction.
        seeds: replicates that the user asks for.
    """
    epochs = _epochs(recipe, rows, delta)
    lrs = _lrs(subject, recipe, rows, epochs.value)
    cells = tried(rows, epochs.value, delta=delta)
    method, sparsity, new = _cells(subject, cells, lrs.value)
    tickets = len(method.value) * len(sparsity.value) * len(lrs.value)
    replicates = _seeds(recipe, rows, epochs.value, seeds, tickets=tickets)
    if not new:
        again = next(each for each in cells if (each.method, each.sparsity) == (method.value[0], sparsity.value[0]))
        more = max(2 * again.seeds, seeds or 0)
        replicates = Part(more, (Reason(f"twice the {count(again.seeds, 'seed')} of the store", OWN),))
    parts = {"method": method, "lr": lrs, "sparsity": sparsity, "epochs": epochs, "seeds": replicates}
    return Suggestion(
        methods=method.value,
        lrs=lrs.value,
        sparsities=sparsity.value,
        epochs=epochs.value,
        seeds=replicates.value,
        new=new,
        reasons={name: part.reasons for name, part in parts.items()},
        outlook=_outlook(subject),
        limits=tuple(_limits(subject)),
    )


# --- length ---


def _epochs(recipe: Recipe, rows: Sequence[Row], delta: float) -> Part:
    """The length that is asked for, doubled for as long as the store shows the dense network under-trained."""
    epochs, reasons = recipe.epochs, []
    while (found := adequacy_at(rows, epochs, delta=delta)).trained_out is False and 2 * epochs <= MOST_EPOCHS:
        refuted = f"not {epochs}: condition 1 refutes every ticket at that length, whatever the method ({found.detail})"
        reasons.append(Reason(refuted, STORE))
        epochs *= 2
    if found.trained_out:
        reasons.append(Reason(f"long enough: {found.detail}", STORE))
    elif not reasons:
        reasons.append(Reason("not refuted so far; the study trains dense twice as long to see", recipe.source))
    return Part(epochs, tuple(reasons))


# --- learning rates ---


def _lrs(subject: Subject, recipe: Recipe, rows: Sequence[Row], epochs: int) -> Part:
    """At least three around dense's best, so that it can lie inside, and small ones where the guideline wants them."""
    known, length = _dense(rows, epochs)
    if known:
        near, centre, reason = _around(known, length)
    else:
        grid = sorted(recipe.lrs)
        while len(grid) < 3:
            grid = sorted({*grid, *lrs_beyond(grid, grid[-1]), *lrs_beyond(grid, grid[0])})
        near = tuple(grid[-max(3, len(grid) // 2 + 1) :])
        centre = near[-2]
        told = f"the upper part of the grid of recipe {recipe.name}; dense's best must lie inside (condition 1)"
        reason = Reason(told, recipe.source)
    small: tuple[float, ...] = ()
    if _wants_small(subject):
        of_best = (_spelt(centre / divisor, known) for divisor in SMALL_LR)
        small = tuple(lr for lr in of_best if lr < min(near))
    return Part(tuple(sorted({*small, *near})), (reason, _why_small(subject, small)))


def _dense(rows: Sequence[Row], epochs: int) -> tuple[dict[float, float], float]:
    """Dense by lr, at the length with three lrs or the most, and of these the nearest."""

    def merit(length: float) -> tuple[float, float]:
        return min(3, len(dense_at(rows, length))), -abs(math.log(length / epochs))

    near = [length for length in dense_lengths(rows) if 1 / ALIKE <= length / epochs <= ALIKE]
    length = max(near, key=merit, default=float(epochs))
    return dict(dense_at(rows, length)), length


def _around(known: dict[float, float], length: float) -> tuple[tuple[float, ...], float, Reason]:
    """The lrs around the best one, the best one, and why."""
    grid, best = sorted(known), best_lr(known)
    told = f"dense is best at lr {best:g} ({100 * known[best]:.1f} % in {length:g} epochs)"
    ends = f"{grid[0]:g} to {grid[-1]:g}"
    beyond = lrs_beyond(grid, best)
    if not beyond:
        at = grid.index(best)
        return tuple(grid[at - 1 : at + 2]), best, Reason(f"{told}, inside the grid {ends}", STORE)
    nearest = sorted(grid, key=lambda lr: abs(math.log(lr / best)))[:2]
    further = " and ".join(f"{lr:g}" for lr in beyond)
    why = f"{told}, at the end of the grid {ends}, so {further} is added for it to lie inside (condition 1)"
    return tuple(sorted({*nearest, *beyond})), best, Reason(why, STORE)


def _spelt(lr: float, known: Iterable[float]) -> float:
    """An lr that was tried and is nearly this one, or this one by two digits."""
    near = [other for other in known if abs(math.log(other / lr)) < math.log(1.25)]
    return min(near, key=lambda other: abs(math.log(other / lr)), default=float(f"{lr:.2g}"))


def _wants_small(subject: Subject) -> bool:
    return not subject.mlp and subject.residual is not False and subject.scale != "large"


def _why_small(subject: Subject, small: Sequence[float]) -> Reason:
    listed = " and ".join(f"{lr:g}" for lr in small)
    if subject.mlp:
        return Reason("no smaller ones: the paper trained no multilayer perceptron, so nothing speaks for them", OWN)
    if subject.scale == "large":
        told = "on large data large lrs are preferred, and there the initialisation makes no difference (condition 3)"
        return Reason(told, f"{PAPER}, rule 4")
    if subject.residual is False:
        return Reason("no smaller ones: without residual connections they do not help", f"{PAPER}, rule 2")
    if not small:
        return Reason("relatively small lrs would be tried with residual connections; the grid has them", PAPER)
    if subject.residual and subject.scale == "small":
        why = "with residual connections, on small data, tickets are found at relatively small lrs"
        return Reason(f"{listed} beside them: {why}", f"{PAPER}, rule 2")
    return Reason(f"{listed} beside them: {_doubt(subject)}, where tickets are found at relatively small lrs", OWN)


# --- method and sparsity ---


def _cells(subject: Subject, cells: Sequence[Tried], lrs: Sequence[float]) -> tuple[Part, Part, bool]:
    """Method, sparsities, and whether they are new: above a ticket that stood, what is undecided, or not refuted."""
    stood = [each for each in cells if each.stood]
    if stood:
        return _beyond(stood, cells, lrs)
    pending = [each for each in cells if each.pending]
    if pending:
        return _decide(pending)
    base, why = _base(subject)
    order, of_order = _order(subject)
    refused = [_refused(method, cells) for methods in order for method in methods]
    past = tuple(Reason(each, STORE) for each in refused if each)
    for methods in order:
        left = [rung for rung in RUNGS if any(_open(rung, method, cells, lrs) for method in methods)]
        kept = tuple(method for method in methods if any(_open(rung, method, cells, lrs) for rung in left))
        if left:
            sparsities, change = _nearest(base, left)
            if methods != order[0]:
                past = (
                    *past,
                    Reason(
                        f"{', '.join(order[0])} has nothing left at these lrs, so {', '.join(methods)} is next", STORE
                    ),
                )
            return Part(kept, (of_order, *past)), Part(sparsities, (why, *change)), True
    nearest = max(cells, key=lambda each: each.nearness)
    told = "nothing promising is left that was not judged at these lrs; this came nearest, and more seeds make it surer"
    wider = Reason("a wider network, resnet20-w2 for resnet20, would be more redundant", f"{PAPER}, rule 3")
    return Part((nearest.method,), (*past, Reason(told, STORE))), Part((nearest.sparsity,), (why, wider)), False


def _beyond(stood: Sequence[Tried], cells: Sequence[Tried], lrs: Sequence[float]) -> tuple[Part, Part, bool]:
    """Higher than the highest ticket, by the method that found it."""
    top = max(stood, key=lambda each: (each.sparsity, each.nearness))
    found = f"a ticket stood at {top.sparsity:.3g}: {top.cell.verdict}"
    none = [each.sparsity for each in cells if each.method == top.method and each.sparsity > top.sparsity]
    open_ = [rung for rung in RUNGS if rung > top.sparsity and _open(rung, top.method, cells, lrs)]
    method = Part((top.method,), (Reason(f"by {top.method} {found}, the highest in the store", STORE),))
    if open_:
        return method, Part(tuple(open_[:3]), (Reason(f"{found}; how far does it go?", STORE),)), True
    told = f"{found}, and none is left to try above ({_listed(none)} judged): what is left is to be surer of it"
    return method, Part((top.sparsity,), (Reason(told, STORE),)), False


def _decide(pending: Sequence[Tried]) -> tuple[Part, Part, bool]:
    """Tickets that would stand, were it known that the recipe is adequate."""
    first = max(pending, key=lambda each: each.nearness)
    told = f"{first.method} at {first.sparsity:.3g} is undecided, {first.cell.at_least} to {first.cell.at_most}"
    method = Part((first.method,), (Reason(told, STORE),))
    sparsities = sorted((each.sparsity for each in pending if each.method == first.method), reverse=True)[:3]
    why = Reason(f"undecided so far: {first.cell.conditions[0].detail}", STORE)
    return method, Part(tuple(sorted(sparsities)), (why,)), True


def _order(subject: Subject) -> tuple[tuple[tuple[str, ...], ...], Reason]:
    """Which methods to try, one after the other."""
    imp_first, omp_first, both = (("imp",), ("omp",)), (("omp",), ("imp",)), (("imp", "omp"),)
    if subject.mlp:
        why = (
            "the paper trained no multilayer perceptron, and says nothing of one; OMP costs one training a ticket "
            "where IMP takes one a round, and of mlp-300-100 on mnist1d at sparsity 0.866 it came nearer to dense"
        )
        return omp_first, Reason(why, "lthcheck's preset default, reports/examples/default.md")
    if subject.scale == "large":
        why = "on data as large as Tiny-ImageNet and ImageNet OMP beats IMP"
        return omp_first, Reason(why, f"{PAPER}, rule 4")
    if subject.residual is None or subject.scale == "between":
        return both, Reason(f"{_doubt(subject)}, on which the order of IMP and OMP depends", PAPER)
    if subject.residual:
        return imp_first, Reason("with residual connections, on small data, IMP before OMP", f"{PAPER}, rule 1")
    why = "without residual connections IMP has no advantage, and OMP costs one training where IMP takes one a round"
    return omp_first, Reason(why, f"{PAPER}, rule 1")


def _doubt(subject: Subject) -> str:
    if subject.residual is None:
        return "whether the network has residual connections is not known"
    return "the data is neither as small as CIFAR nor as large as Tiny-ImageNet"


def _base(subject: Subject) -> tuple[tuple[float, ...], Reason]:
    """The sparsities that redundancy suggests: two or three rungs up to the highest."""
    top, because = next((top, because) for least, top, because in HIGHEST if subject.redundancy >= least)
    rungs = tuple(sparsity for sparsity in (ladder(k)[-1] for k in (top - 4, top - 2, top)) if sparsity in RUNGS)
    told = f"the more redundant, the sparser a ticket can be; {subject.redundancy:.3g} parameters a sample: {because}"
    return rungs, Reason(told, f"{PAPER}, rule 3; the numbers are {OWN}")


def _nearest(base: tuple[float, ...], left: Sequence[float]) -> tuple[tuple[float, ...], tuple[Reason, ...]]:
    """The base, or where part of it is refuted the three of what is left that are nearest to its middle."""
    if set(base) <= set(left):
        return base, ()
    middle = RUNGS.index(base[len(base) // 2])
    near = sorted(left, key=lambda rung: (abs(RUNGS.index(rung) - middle), rung))[:3]
    return tuple(sorted(near)), (Reason(f"of {_listed(base)} not all is new, so the nearest that is", STORE),)


def _open(rung: float, method: str, cells: Iterable[Tried], lrs: Sequence[float]) -> bool:
    """Whether a ticket may still stand there: at new lrs, or where no cell that was judged at these lrs speaks against.

    A ticket that misses dense is too sparse, so one sparser is not promising; one that matches dense, and yet does not
    beat its rivals, is not sparse enough, so one less sparse is not.
    """
    for each in cells:
        if each.method != method or not set(lrs) <= each.lrs:
            continue
        if each.cell.verdict == "undecided":  # the probe of condition 1 is missing, or a network without a width
            if each.sparsity == rung and each.cell.conditions[0].holds is not None:
                return False
        elif each.sparsity == rung or (rung > each.sparsity if each.misses_dense else rung < each.sparsity):
            return False
    return True


def _refused(method: str, cells: Iterable[Tried]) -> str:
    """What was judged none by a method, in words."""
    of_method = [each for each in cells if each.method == method and each.cell.verdict == "none"]
    told = [f"{each.sparsity:.3g} ({'misses dense' if each.misses_dense else 'matches dense'})" for each in of_method]
    return f"{method}: none at {', '.join(told)}" if told else ""


# --- seeds ---


def _seeds(recipe: Recipe, rows: Sequence[Row], epochs: int, asked: int | None, *, tickets: int) -> Part:
    if asked is not None:
        return Part(asked, (Reason("as asked", "you"),))
    sd = sd_at(rows, epochs) if len(dense_at(rows, epochs)) > 1 else None
    if sd is None:
        return Part(recipe.seeds, (Reason(f"those of recipe {recipe.name}", recipe.source),))
    seeds = max(2, recipe.seeds)
    while seeds < MOST_SEEDS and (reach(seeds, sd, tickets=tickets) or 1) > SEEN_GAP:
        seeds += 1
    seen, paid = 100 * (reach(seeds, sd, tickets=tickets) or 0), f"{count(tickets, 'ticket')} paid for"
    told = f"sd {100 * sd:.2g} pt over seeds: so many tell {seen:.2g} pt from a margin, {paid}"
    return Part(seeds, (Reason(told, STORE),))


# --- what to make of it ---


def _outlook(subject: Subject) -> Reason:
    table = "Ma et al. 2021, Table 3"
    if subject.mlp:
        told = "mlp-300-100 on mnist1d has no ticket where its recipe is adequate"
        return Reason(told, "lthcheck's preset default, reports/examples/default.md")
    if subject.scale == "large":
        return Reason("no ticket for ResNet-18 and -50 on Tiny-ImageNet and ImageNet", table)
    if subject.residual:
        told = "ResNet-20 and -32 have the secondary prize on CIFAR-10 and -100, and no Jackpot"
        return Reason(told, table)
    if subject.residual is False:
        told = (
            "without residual connections, VGG-16 has no ticket on CIFAR-10 and -100 (the paper contradicts itself on "
            "it), MobileNet-v1 the secondary prize on CIFAR-10, with a Jackpot at the edge, and none on CIFAR-100"
        )
        return Reason(told, table)
    return Reason("from none (VGG-16) to the secondary prize (ResNet-20 and -32) on CIFAR-10 and -100", table)


def _limits(subject: Subject) -> Iterable[str]:
    yield (
        "the guideline was read off ResNets, MobileNet-v1 and VGG-16 on CIFAR-10, CIFAR-100, Tiny-ImageNet and "
        "ImageNet: where to begin, and no prediction"
    )
    if subject.mlp:
        yield "no multilayer perceptron was among them, so no statement of the paper applies directly"
    elif subject.residual is None:
        yield "residual connections are not looked for in a network of your own"
    if not subject.scalable:
        yield "the network heeds no width, so there is no small dense network, and condition 2 stays unknown"
    if subject.train_size < SMALLEST:
        yield f"the paper's smallest data have {SMALLEST:,} training samples, these {subject.train_size:,}"
    if len(subject.shape) != 3:
        yield "the paper's data are images; these are vectors, and small or large by samples and classes alone"
    yield "the paper has no number for redundancy; parameters for each training sample stand in for it"


def _listed(sparsities: Iterable[float]) -> str:
    return ", ".join(f"{sparsity:.3g}" for sparsity in sparsities) or "nothing"
