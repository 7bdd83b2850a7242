"""The guideline of Ma et al. 2021, sec. 3.2, beside what is known already: what to try first, and why.

    1  small data, residual connections: IMP before OMP; without residual connections IMP has no advantage
    2  small data, residual connections: relatively small lrs; without residual connections they do not help
    3  the more redundant the network for its data, the higher the sparsity at which a ticket can be found
    4  where large lrs are preferred, the initialisation makes no difference; on Tiny-ImageNet and ImageNet OMP beats
       IMP

The paper gives no numbers for "small" and "redundant"; those here are said to be lthcheck's own where they are used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lthcheck.advice.rates import rates
from lthcheck.advice.reason import OWN, STORE, Part, Reason
from lthcheck.advice.seen import adequacy_at, dense_at, sd_at, tried
from lthcheck.advice.subject import Subject
from lthcheck.advice.tickets import tickets
from lthcheck.evidence import Row
from lthcheck.quantity import count
from lthcheck.recipe import MOST_EPOCHS, Recipe
from lthcheck.verdict.power import reach

SMALLEST = 50_000  # training images of CIFAR
SEEN_GAP, MOST_SEEDS = 0.01, 10  # a gap that the seeds should see, twice the margin gamma, and how many may be asked


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
    lrs = rates(subject, recipe, rows, epochs.value)
    cells = tried(rows, epochs.value, delta=delta)
    method, sparsity, new = tickets(subject, cells, lrs.value)
    paid = len(method.value) * len(sparsity.value) * len(lrs.value)
    replicates = _seeds(recipe, rows, epochs.value, seeds, tickets=paid)
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
