"""The rule `confident`: what the seeds show, at an error rate for the whole study.

Each condition is true, false or unknown. With mu the mean accuracy over all seeds and test sets there could be, of
which the evidence is a sample, at one ticket (method, sparsity, lr):

    2, 3  superiority by a margin   mu(lt, lr) - mu(sdt or rr, l) >  gamma   for every l that the rival was trained at
    4     non-inferiority           mu(lt, lr) - mu(dense, lr)    >= -delta
    5     non-inferiority           mu(lt, lr) - mu(dense, l)     >= -delta  for every l that dense was trained at
    1(a)  non-inferiority           mu(dense, best lr) at T - at 2T >= -delta

A gap is tested by Student's t: paired by seed where both arms have the same seeds, its variance that of
`spread.steadied` (the seeds' part) plus that of `sample.contrast` (the test set's part), its degrees of freedom
Satterthwaite's.

The error rate is the study's. ERROR = 5 % bounds the chance that the truth lies outside [at_least, at_most], half of it
for each side:

* *at_least above the truth* needs a ticket of which some condition is false and yet all are called true. Of one ticket
  that is a test whose every part must reject (an intersection-union test), so the rival's best lr costs nothing: the
  ticket must beat it at all lrs. But there are K = methods x sparsities x lrs tickets, of which the best is chosen:
  each part is tested at 2.5 % / K (Bonferroni, so that any dependence between tickets is allowed). Condition 1(a) is
  one part of all tickets, and pays for the choice of the best of its L dense lrs alone: 2.5 % / L.
* *at_most below the truth* needs the true ticket to be refuted by one of its parts: each of the five conditions at a
  fifth of 2.5 %, over its J gaps at 2.5 % / 5 J each.

So the lower end of an interval holds for all tickets of the study at once, the upper end for one ticket. Evidence that
is looked at several times (`Terms.looks`) spends of ERROR at each look what its new seeds are of all seeds. That the
best dense lr lies inside its grid (1(b)), and sdt and rr inside theirs, is read off the means. Where lr and sparsity
are chosen on a validation split (`Terms.validation`), K stays what it is: the split takes the test set's luck out of
the choice, but what a seed was lucky with, it is on both. The verdict is that of the chosen tickets, against their
rivals at all lrs: "none" denies those tickets, not all.

A rule of fewer assumptions (no prior), a bolder one (one variance for all gaps) and a bootstrap over seeds are held
beside this one in reports/examples/calibration.md, from which it was chosen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lthcheck.evidence import ARMS
from lthcheck.grid import TIE, best_lr
from lthcheck.verdict.choice import Ticket, chosen
from lthcheck.verdict.conditions import (
    NON_TRIVIAL,
    adequacy,
    condition,
    first_condition,
    first_remedies,
    gain_detail,
    gap_detail,
    reaches,
)
from lthcheck.verdict.exam import Exam, places
from lthcheck.verdict.judgement import RIVALS
from lthcheck.verdict.looks import spent
from lthcheck.verdict.means import ByLength, Levels, Means, close, level, means_at, serves
from lthcheck.verdict.parts import Parts
from lthcheck.verdict.power import ERROR
from lthcheck.verdict.probes import doubts
from lthcheck.verdict.sample import Contrast, Sample, contrast, refuse_copies, samples

if TYPE_CHECKING:
    from lthcheck.verdict.judgement import Condition
    from lthcheck.verdict.parts import Array
    from lthcheck.verdict.terms import Terms


@dataclass(frozen=True)
class Confidence:
    """What the seeds show of every ticket of a study.

    Attributes:
        places: the means at each (method, sparsity).
        parts: the gaps of the tickets' conditions.
        settled: what no gap decides: (ticket, condition, True or False, or None where evidence is missing).
        doubts: by ticket and condition, why it is not called true where a ticket would stand by its gaps.
        paid: the number of tickets that the error rate is paid for.
        seeds: of the arm and lr that has the fewest.
    """

    terms: Terms
    places: tuple[Means, ...]
    tickets: tuple[Ticket, ...]
    parts: Parts
    settled: tuple[tuple[int, int, bool | None], ...]
    doubts: Mapping[tuple[int, int], tuple[str, ...]]
    paid: int
    seeds: int

    @property
    def level(self) -> float:
        """The error rate of this look."""
        return ERROR * spent(self.terms.looks, self.seeds)

    def errors(self, more: int = 0, *, doubted: bool = True) -> tuple[Array, Array]:
        """The error rates of the study at which conditions would be called true, and false.

        Args:
            more: seeds to be added, of the same means and spread.
            doubted: whether what is in doubt is never called true.

        Returns:
            Both of shape `(ticket, condition - 1)`.
        """
        true, false = np.zeros((len(self.tickets), 5)), np.full((len(self.tickets), 5), np.inf)
        at = (self.parts.ticket, self.parts.number - 1)
        parts_true, parts_false = self.parts.errors(more)
        np.maximum.at(true, at, parts_true)
        np.minimum.at(false, at, parts_false)
        for ticket, number, holds in self.settled:
            if holds is not True:
                true[ticket, number - 1] = np.inf
            if holds is False:
                false[ticket, number - 1] = 0.0
        for ticket, number in self.doubts if doubted else ():
            true[ticket, number - 1] = np.inf
        return true, false

    def exams(self) -> tuple[Exam, ...]:
        """The conditions of every ticket, by method and sparsity."""
        true, false = self.errors(doubted=False)
        low, high = (np.full(true.shape, np.inf) for _ in range(2))
        for ends, of_parts in zip((low, high), self.parts.interval(self.level), strict=True):
            np.minimum.at(ends, (self.parts.ticket, self.parts.number - 1), of_parts)
        found: dict[int, dict[float, tuple[Condition, ...]]] = {}
        remedies: dict[int, dict[float, tuple[str, ...]]] = {}
        for index, ticket in enumerate(self.tickets):
            told = [
                self._condition(
                    number, ticket, (true[index, k], false[index, k]), (float(low[index, k]), float(high[index, k]))
                )
                for k, number in enumerate((1, 2, 3, 4, 5))
            ]
            lacking = [one.detail for one in told if one.id != 1 and one.holds is None and one.interval is None]
            would_stand = self.terms.reading == "literal" or all(one.holds for one in told[:4])
            for k, one in enumerate(told):
                if would_stand and one.holds and (reasons := self.doubts.get((index, one.id))):
                    told[k] = replace(one, holds=None, detail="; ".join((one.detail, *reasons)))
                    lacking += reasons
            found.setdefault(ticket.place, {})[ticket.lr] = tuple(told)
            remedies.setdefault(ticket.place, {})[ticket.lr] = tuple(lacking)
        return tuple(self._exam(self.places[place], at, remedies[place]) for place, at in found.items())

    def _condition(
        self, number: int, ticket: Ticket, errors: tuple[float, float], interval: tuple[float, float]
    ) -> Condition:
        terms, (true, false) = self.terms, errors
        holds = True if true <= self.level else False if false <= self.level else None
        # without a finite end there is nothing to tell, and without any part both ends are as they were
        known = interval if all(map(math.isfinite, interval)) else None
        if number == 1:
            first = first_condition(self.places[ticket.place], delta=terms.delta, assume_adequate=terms.assume_adequate)
            return replace(first, holds=holds, detail=first.detail + gain_detail(known))
        told = condition(number, ticket.means, ticket.lr, delta=terms.delta, gamma=terms.gamma)
        if told.gap is None:
            return told
        detail = gap_detail(number, ticket.means, ticket.lr, known, delta=terms.delta, gamma=terms.gamma)
        return replace(told, holds=holds, interval=known, detail=detail, edge=False)

    def _exam(
        self, means: Means, at: Mapping[float, tuple[Condition, ...]], remedies: Mapping[float, tuple[str, ...]]
    ) -> Exam:
        terms = self.terms
        return Exam(
            means=means,
            first=next(iter(at.values()))[0],
            first_remedies=first_remedies(means, delta=terms.delta, assume_adequate=terms.assume_adequate),
            at={lr: conditions[1:] for lr, conditions in at.items()},
            remedies=remedies,
        )


def confidence(lengths: ByLength, terms: Terms) -> Confidence:
    """What the seeds show.

    Raises:
        ValueError: a training is in the evidence twice.
    """
    refuse_copies([*lengths.full, *lengths.double])
    found = [_Place.of(index, lengths, place, terms) for index, place in enumerate(places(lengths.full, "lt"))]
    paid = sum(max(len(place.means.lt), terms.most_lrs) for place in found)
    grids = max(len({(row.method, row.lr) for row in lengths.full if row.arm == "dense"}), terms.most_lrs)
    tickets = [Ticket(place.index, place.means, lr) for place in found for lr in place.means.lt]
    if terms.validation:
        tickets = chosen(tickets, lengths, terms)
    parts: list[tuple[int, int, int, float, int, Contrast]] = []
    rivals: dict[bytes, int] = {}  # one sample serves several tickets
    settled: list[tuple[int, int, bool | None]] = []
    doubted: dict[tuple[int, int], tuple[str, ...]] = {}
    for index, ticket in enumerate(tickets):
        for number in RIVALS:
            if reasons := found[ticket.place].doubts(number, ticket.lr, terms):
                doubted[index, number] = reasons
        for each in found[ticket.place].first(terms) + found[ticket.place].others(ticket, terms):
            if isinstance(each, _Gap):
                claim = grids if each.number == 1 else paid
                rival = rivals.setdefault(each.rival.accuracy.tobytes(), len(rivals))
                gap = contrast(each.one, each.rival, terms.test_size)
                parts.append((index, each.number, rival, each.margin, claim, gap))
            else:
                settled.append((index, *each))
    sizes = [len(sample.accuracy) for place in found for arm in ARMS for sample in place.arms[arm].values()]
    return Confidence(
        terms,
        tuple(place.means for place in found),
        tuple(tickets),
        Parts.of(parts),
        tuple(settled),
        doubted,
        max(paid, 1),
        min(sizes, default=0),
    )


@dataclass(frozen=True)
class _Gap:
    """A gap that decides a condition, or half of it, from the rival up to the other."""

    number: int
    margin: float
    one: Sample
    rival: Sample


_Settled = tuple[int, bool | None]  # the number of a condition, and what no gap decides of it


@dataclass(frozen=True)
class _Place:
    """The evidence at one (method, sparsity)."""

    index: int
    means: Means
    arms: Mapping[str, Mapping[float, Sample]]  # "dense_2t" beside the arms

    @classmethod
    def of(cls, index: int, lengths: ByLength, place: tuple[str | None, float | None], terms: Terms) -> _Place:
        full = [row for row in lengths.full if serves(row, *place)]
        arms: dict[str, Mapping[float, Sample]] = {
            arm: samples([row for row in full if row.arm == arm], terms.test_size) for arm in ARMS
        }
        probe = [row for row in lengths.double if row.arm == "dense" and serves(row, *place)]
        arms["dense_2t"] = samples(probe, terms.test_size)
        return cls(index, means_at(lengths, *place), arms)

    def first(self, terms: Terms) -> list[_Gap | _Settled]:
        """Condition 1: sparsity, the probe at twice the epochs, the place of the best lr."""
        sparse = None if self.means.sparsity is None else reaches(self.means.sparsity, NON_TRIVIAL)
        if terms.assume_adequate:
            return [(1, sparse)]
        recipe = adequacy(self.means, delta=terms.delta)
        known: list[_Gap | _Settled] = [(1, sparse), (1, recipe.inside)]
        if recipe.trained_out is None:
            return [*known, (1, None)]
        best = best_lr(self.means.dense)
        once, twice = self._at("dense", best), self._at("dense_2t", best)
        return [*known, _Gap(1, -terms.delta - TIE, once, twice)]

    def others(self, ticket: Ticket, terms: Terms) -> list[_Gap | _Settled]:
        """Conditions 2 to 5 of a ticket."""
        own = self._at("lt", ticket.lr)
        found: list[_Gap | _Settled] = []
        for number, arm in RIVALS.items():
            told = condition(number, ticket.means, ticket.lr, delta=terms.delta, gamma=terms.gamma)
            if told.gap is None:
                found.append((number, told.holds))
                continue
            levels: Levels = getattr(ticket.means, arm)
            lrs = [ticket.lr] if number == 4 else list(levels)
            margin = terms.gamma + TIE if number in {2, 3} else -terms.delta - TIE
            found += [_Gap(number, margin, own, self._at(arm, lr)) for lr in lrs]
        return found

    def doubts(self, number: int, lr: float, terms: Terms) -> tuple[str, ...]:
        """Why a condition is not called true: its rival lacks an lr that the ticket has, or may yet get better."""
        lacks: list[str] = []
        if number != 4 and (levels := getattr(self.means, RIVALS[number])):
            lacks = [
                f"{RIVALS[number]} rows at lr {each:g}, as the ticket has"
                for each in self.means.lt
                if level(levels, each) is None
            ]
        if terms.assume_adequate or number not in {2, 3}:
            return tuple(lacks)
        return (*lacks, *doubts(2 if number == 2 else 3, self.means, lr, gamma=terms.gamma))

    def _at(self, arm: str, lr: float) -> Sample:
        return next(sample for known, sample in self.arms[arm].items() if close(known, lr))
