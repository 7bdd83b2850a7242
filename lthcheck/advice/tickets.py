"""Tickets to look for: by which method, at which sparsities (rules 1, 3 and 4), and beside what was judged already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lthcheck.advice.reason import OWN, PAPER, STORE, Part, Reason, doubt
from lthcheck.advice.seen import Tried
from lthcheck.advice.subject import Subject
from lthcheck.recipe import ladder
from lthcheck.verdict.conditions import NON_TRIVIAL

RUNGS = tuple(sparsity for sparsity in ladder(20) if sparsity >= NON_TRIVIAL)
HIGHEST = (
    (37.0, 13, "the paper has ResNet-32 of twice the width, 37 a sample of CIFAR-10, at 0.945"),
    (5.0, 11, "the paper has ResNet-20, 5 a sample of CIFAR-10, at 0.914"),
    (1.0, 9, "fewer than the 5 of ResNet-20 on CIFAR-10, which the paper has at 0.914"),
    (0.0, 7, "fewer than the samples, so there is little to remove"),
)  # parameters a training sample, and the round of IMP, at 20 % a round, that is the highest to try


def tickets(subject: Subject, cells: Sequence[Tried], lrs: Sequence[float]) -> tuple[Part, Part, bool]:
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
        return both, Reason(f"{doubt(subject)}, on which the order of IMP and OMP depends", PAPER)
    if subject.residual:
        return imp_first, Reason("with residual connections, on small data, IMP before OMP", f"{PAPER}, rule 1")
    why = "without residual connections IMP has no advantage, and OMP costs one training where IMP takes one a round"
    return omp_first, Reason(why, f"{PAPER}, rule 1")


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


def _listed(sparsities: Iterable[float]) -> str:
    return ", ".join(f"{sparsity:.3g}" for sparsity in sparsities) or "nothing"
