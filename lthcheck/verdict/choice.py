"""The choice: which ticket of each method a validation split points to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lthcheck.verdict.conditions import NON_TRIVIAL, condition, reaches
from lthcheck.verdict.means import ByLength, Means, means_at
from lthcheck.verdict.terms import Terms


@dataclass(frozen=True)
class Ticket:
    """One (method, sparsity, lr), and the means of its place."""

    place: int
    means: Means
    lr: float


def chosen(tickets: Iterable[Ticket], lengths: ByLength, terms: Terms) -> list[Ticket]:
    """Of each method the ticket that validation accuracies put furthest inside the margins of conditions 2 to 4.

    Among non-trivial sparsities, where there are any. Its rivals stay those of all lrs: which of them is the best is no
    choice to make on a split, since a seed that was bad luck for a rival is so on both, and hides it.
    """
    validation = replace(
        lengths, full=tuple(replace(row, accuracy=row.validation or 0.0) for row in lengths.full), double=()
    )
    seen: dict[int, Means] = {}
    best: dict[str | None, tuple[tuple[bool, float], Ticket]] = {}
    for ticket in tickets:
        means = seen.setdefault(ticket.place, means_at(validation, ticket.means.method, ticket.means.sparsity))
        sparse = means.sparsity is None or reaches(means.sparsity, NON_TRIVIAL)
        merit = (sparse, _slack(means, ticket.lr, terms))
        if means.method not in best or merit > best[means.method][0]:
            best[means.method] = merit, ticket
    return [ticket for _, ticket in best.values()]


def _slack(means: Means, lr: float, terms: Terms) -> float:
    asked = {2: terms.gamma, 3: terms.gamma, 4: -terms.delta}
    told = [condition(n, means, lr, delta=terms.delta, gamma=terms.gamma) for n in asked]
    if any(each.gap is None and each.holds is False for each in told):  # dense diverged there
        return -math.inf
    return min((each.gap - asked[each.id] for each in told if each.gap is not None), default=0.0)
