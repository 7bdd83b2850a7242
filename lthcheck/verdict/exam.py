"""The exam: the conditions of every ticket of one network and data set, before anyone says which prize they win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lthcheck.verdict.conditions import condition, first_condition, first_remedies
from lthcheck.verdict.means import ByLength, Means, distinct, means_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lthcheck.evidence import Arm, Row
    from lthcheck.verdict.judgement import Condition
    from lthcheck.verdict.terms import Terms


@dataclass(frozen=True)
class Exam:
    """The conditions at one (method, sparsity): the first, and 2 to 5 at each lr of the ticket.

    Attributes:
        first_remedies: what evidence would decide the first condition.
        remedies: by lr, what would decide conditions 2 to 5.
    """

    means: Means
    first: Condition
    first_remedies: tuple[str, ...]
    at: Mapping[float, tuple[Condition, ...]]
    remedies: Mapping[float, tuple[str, ...]]

    @property
    def where(self) -> str:
        """The method and sparsity, as a line about them begins."""
        told = [] if self.means.method is None else [self.means.method]
        if self.means.sparsity is not None:
            told.append(f"sparsity {self.means.sparsity:g}")
        return f"{', '.join(told)}: " if told else ""


def exams(lengths: ByLength, terms: Terms) -> tuple[Exam, ...]:
    """One exam for each (method, sparsity) that has lt rows, ordered by method, then sparsity."""
    return tuple(_by_means(means_at(lengths, *place), terms) for place in places(lengths.full, "lt"))


def _by_means(means: Means, terms: Terms) -> Exam:
    delta, gamma, vouched = terms.delta, terms.gamma, terms.assume_adequate
    at = {lr: tuple(condition(n, means, lr, delta=delta, gamma=gamma) for n in (2, 3, 4, 5)) for lr in means.lt}
    return Exam(
        means=means,
        first=first_condition(means, delta=delta, assume_adequate=vouched),
        first_remedies=first_remedies(means, delta=delta, assume_adequate=vouched),
        at=at,
        remedies={lr: tuple(c.detail for c in conditions if c.holds is None) for lr, conditions in at.items()},
    )


def places(rows: Iterable[Row], arm: Arm) -> list[tuple[str | None, float | None]]:
    """The (method, sparsity) of an arm's rows, ordered by method, then sparsity, None first."""
    rows = [row for row in rows if row.arm == arm]
    places: list[tuple[str | None, float | None]] = []
    for method in sorted({row.method for row in rows}, key=lambda m: (m is not None, m or "")):
        of_method = [row.sparsity for row in rows if row.method == method]
        if None in of_method:
            places.append((method, None))
        places += [(method, sparsity) for sparsity in distinct(s for s in of_method if s is not None)]
    return places
