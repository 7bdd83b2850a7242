"""The judge: from the rows of one network and data set to a verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lthcheck.verdict.caveats import caveats
from lthcheck.verdict.conditions import condition, first_condition
from lthcheck.verdict.edge import edge_prizes
from lthcheck.verdict.exam import Exam, exams
from lthcheck.verdict.halves import half, halved
from lthcheck.verdict.judgement import RANK, Cell, Certainty, Condition, Judgement, Prize
from lthcheck.verdict.means import ByLength, by_length, close, means_at
from lthcheck.verdict.prize import interval, ranks
from lthcheck.verdict.remedies import more_seeds, remedies
from lthcheck.verdict.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lthcheck.evidence import Row
    from lthcheck.verdict.confident import Confidence


def judge(rows: Iterable[Row], **terms: Any) -> Judgement:
    """The verdict on the rows of one network and data set, of one or several methods.

    Args:
        rows: evidence of every arm, in any order.
        terms: how to judge, by name, as `Terms` has them: rule, reading, delta, gamma, assume_adequate, ...

    Raises:
        ValueError: a term is out of range, or the rows leave the length of training open.
    """
    return examine(rows, Terms(**terms)).judgement


@dataclass(frozen=True)
class Examination:
    """Every condition of every ticket, and the verdict that follows."""

    terms: Terms
    lengths: ByLength
    exams: tuple[Exam, ...]
    confidence: Confidence | None = None

    @property
    def judgement(self) -> Judgement:
        """The verdict."""
        certainty = self._certainty()
        return Judgement(
            rule=self.terms.rule,
            reading=self.terms.reading,
            delta=self.terms.delta,
            gamma=self.terms.gamma,
            assumed=("adequate recipe",) if self.terms.assume_adequate else (),
            validation=self.terms.validation,
            looks=self.terms.looks,
            cells=tuple(_cell(exam, self.terms) for exam in self.exams),
            warnings=tuple(dict.fromkeys(caveats(self.lengths, self.exams, self.terms))),
            advice=tuple(dict.fromkeys((*remedies(self.exams, self.terms.reading), *more_seeds(certainty)))),
            certainty=certainty,
        )

    def _certainty(self) -> Certainty | None:
        if self.confidence is None:
            return None
        from lthcheck.verdict.certainty import certainty

        return certainty(self.confidence, {exam.means.method for exam in self.exams})

    @property
    def left_to_doubt(self) -> bool:
        """Whether an undecided verdict waits for other evidence than more seeds (rule "confident")."""
        if self.confidence is None:
            return False
        from lthcheck.verdict.certainty import decided_by_gaps

        return decided_by_gaps(self.confidence, {exam.means.method for exam in self.exams})

    def of_method(self, method: str | None) -> Examination:
        """That of one method alone, at the error rate of all."""
        mine = replace(
            self.lengths,
            full=tuple(row for row in self.lengths.full if row.method in (method, None)),
            double=tuple(row for row in self.lengths.double if row.method in (method, None)),
            other=tuple(row for row in self.lengths.other if row.method in (method, None)),
        )
        return replace(self, lengths=mine, exams=tuple(exam for exam in self.exams if exam.means.method == method))

    def claim(self, number: int, method: str | None, sparsity: float | None, lr: float | None) -> Condition:
        """One condition of one ticket: unknown where the ticket has no lt rows.

        Args:
            number: the condition, 1 to 5.
            lr: learning rate of the ticket; condition 1 ignores it.

        Raises:
            ValueError: `number` and `lr` name no claim.
        """
        if number != 1 and lr is None:
            raise ValueError(f"lr=None must be a learning rate for condition {number}; only condition 1 has none")
        for exam in self.exams:
            if exam.means.method == method and close(exam.means.sparsity, sparsity):
                if number == 1 or lr is None:
                    return exam.first
                ticket = next((at for known, at in exam.at.items() if close(known, lr)), None)
                if ticket is not None and number in range(2, 6):
                    return ticket[number - 2]
        means = means_at(self.lengths, method, sparsity)
        delta, gamma = self.terms.delta, self.terms.gamma
        if number == 1 or lr is None:
            told = first_condition(means, delta=delta, assume_adequate=self.terms.assume_adequate)
        else:
            told = condition(number, means, lr, delta=delta, gamma=gamma)
        if self.terms.rule == "paper" or told.gap is None:
            return told
        # means alone say nothing by this rule, and a ticket that was not chosen is not tested
        return replace(told, holds=None, edge=False, detail=f"{told.detail}; not tested")


def examine(rows: Iterable[Row], terms: Terms, *, epochs: float | None = None) -> Examination:
    """The conditions of all tickets in the rows of one network and data set.

    Args:
        epochs: T, where it is known without the lt rows.

    Raises:
        ValueError: the rows leave the length of training open.
    """
    if terms.validation:
        rows, terms = _on_validation(tuple(rows), terms)
    lengths = by_length(rows, epochs)
    if terms.rule == "paper":
        return Examination(terms, lengths, exams(lengths, terms))
    from lthcheck.verdict.confident import confidence  # which takes numpy and scipy

    shown = confidence(lengths, terms)
    return Examination(terms, lengths, shown.exams(), shown)


def _on_validation(rows: tuple[Row, ...], terms: Terms) -> tuple[tuple[Row, ...], Terms]:
    """The rows with an accuracy to choose by and one to test by, and the terms with the samples tested on."""
    tested = terms.test_size
    if tested is not None and any(row.validation is None for row in rows):
        tested = half(tested)
    return halved(rows, terms.test_size), replace(terms, test_size=tested)


def meets(judgement: Judgement, prize: Prize) -> bool:
    """Whether the verdict is at least `prize`, whatever the missing evidence would say (`--require`)."""
    if prize not in RANK:
        raise ValueError(f"prize={prize!r} must be one of {', '.join(RANK)}")
    return RANK[judgement.at_least] >= RANK[prize]


def _cell(exam: Exam, terms: Terms) -> Cell:
    at_least, at_most = interval(exam.first, exam.at.values(), terms.reading)
    shown = _witness(exam, terms) if terms.reading == "joint" else _best_each(exam, terms)
    edge = edge_prizes(exam.first, exam.at.values(), terms.reading)
    return Cell(exam.means.method, exam.means.sparsity, at_least, at_most, (exam.first, *shown), edge)


def _witness(exam: Exam, terms: Terms) -> tuple[Condition, ...]:
    """Conditions 2 to 5 at the witness of the highest prize, or at the nearest miss."""

    def merit(lr: float) -> tuple[float, ...]:
        conditions = exam.at[lr]
        at_least, at_most = ranks(exam.first, [conditions], "joint")
        # Condition 5 is no part of the secondary prize, so it must not choose the witness of one.
        counted = conditions[:3] if at_most == RANK["secondary"] else conditions
        return (
            at_least,
            at_most,
            sum(c.holds is True for c in conditions),
            sum(c.holds is not False for c in conditions),
            min((_slack(c, terms) for c in counted if c.holds is not None), default=0.0),
            -lr,
        )

    return exam.at[max(exam.at, key=merit)]


def _best_each(exam: Exam, terms: Terms) -> tuple[Condition, ...]:
    """Conditions 2 to 5, each at its own best lr."""

    def merit(c: Condition) -> tuple[float, ...]:
        return c.holds is True, c.holds is not False, _slack(c, terms), -(c.witness_lr or 0)

    return tuple(max(same, key=merit) for same in zip(*exam.at.values(), strict=True))


def _slack(c: Condition, terms: Terms) -> float:
    """By how much a condition holds, a fraction; negative where it fails."""
    if c.gap is None:
        return float("-inf")
    return c.gap - terms.gamma if c.id in {2, 3} else c.gap + terms.delta
