"""Parts: the gaps that the conditions of all tickets hold against their margins, and what each may prove."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lthcheck.verdict.sample import Contrast
from lthcheck.verdict.spread import steadied

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
ALIKE = ((2,), (3,), (1, 4, 5))  # conditions whose gaps steady each other: against sdt, against rr, against dense


@dataclass(frozen=True)
class Parts:
    """All parts of a study, as columns of shape `(part,)`.

    Attributes:
        ticket: its place in the list of all tickets.
        number: the condition, 1 to 5.
        margin: the condition asks for a gap above it, a fraction.
        claim: how many tests share the error rate with the part when it is called true.
        gap, variance, n, freedom, test, test_freedom: as `lthcheck.verdict.sample.Contrast` has them.
    """

    ticket: Whole
    number: Whole
    margin: Array
    claim: Array
    gap: Array
    variance: Array
    n: Array
    freedom: Array
    test: Array
    test_freedom: Array

    @classmethod
    def of(cls, parts: Iterable[tuple[int, int, float, int, Contrast]]) -> Parts:
        """From a tuple for each: ticket, number, margin, claim, contrast."""
        rows = [(*each[:4], *vars(each[4]).values()) for each in parts]
        ticket, number, *rest = np.array(rows, dtype=float).reshape(-1, 10).T
        return cls(ticket.astype(np.int64), number.astype(np.int64), *rest)

    def errors(self, more: int = 0) -> tuple[Array, Array]:
        """The error rates of the study at which each part would be called true, and false: of shape `(part,)`.

        Args:
            more: seeds to be added, of the same means and spread.
        """
        from scipy.special import stdtr

        error, freedom = self._spread(more)
        with np.errstate(invalid="ignore", divide="ignore"):
            t = (self.gap - self.margin) / error
        unknown = np.isnan(t)
        true, false = 2 * self.claim * stdtr(freedom, -t), 2 * self._refute * stdtr(freedom, t)
        return np.where(unknown, np.inf, true), np.where(unknown, np.inf, false)

    def interval(self, error_rate: float) -> tuple[Array, Array]:
        """Where each gap lies: two ends of shape `(part,)`, infinite where its spread is not known."""
        from scipy.special import stdtrit

        error, freedom = self._spread()
        unknown = np.isnan(error)
        low = self.gap - error * stdtrit(freedom, 1 - error_rate / 2 / self.claim)
        high = self.gap + error * stdtrit(freedom, 1 - error_rate / 2 / self._refute)
        return np.where(unknown, -np.inf, low), np.where(unknown, np.inf, high)

    @cached_property
    def _refute(self) -> Array:
        """How many tests share the error rate with each part called false: a fifth goes to each condition."""
        condition = 5 * self.ticket + self.number - 1
        sharing: Array = 5.0 * np.bincount(condition)[condition]
        return sharing

    @cached_property
    def _steadied(self) -> tuple[Array, Array]:
        variance, freedom = self.variance.copy(), self.freedom.copy()
        for alike in ALIKE:
            of_kind = np.isin(self.number, alike)
            variance[of_kind], freedom[of_kind] = steadied(variance[of_kind], freedom[of_kind])
        return variance, freedom

    def _spread(self, more: int = 0) -> tuple[Array, Array]:
        """The standard error of each gap, NaN where it is not known, and degrees of freedom (Satterthwaite)."""
        variance, freedom = self._steadied
        seeds = variance / (self.n + more)
        total = seeds + self.test
        with np.errstate(invalid="ignore", divide="ignore"):
            joint = total**2 / (seeds**2 / (freedom + more) + self.test**2 / self.test_freedom)
        return np.sqrt(total), np.nan_to_num(joint, nan=1.0)
