"""Remedies: what evidence would decide a verdict that is undecided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lthcheck.quantity import count
from lthcheck.verdict.prize import ranks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lthcheck.verdict.exam import Exam
    from lthcheck.verdict.judgement import Certainty
    from lthcheck.verdict.terms import Reading


def remedies(exams: Sequence[Exam], reading: Reading) -> Iterator[str]:
    """A line for each, some of them more than once."""
    if not exams:
        yield "train lt: a ticket from its own initialisation"
    for method in dict.fromkeys(exam.means.method for exam in exams):
        mine = [exam for exam in exams if exam.means.method == method]
        ranges = [ranks(exam.first, exam.at.values(), reading) for exam in mine]
        sure = max(at_least for at_least, _ in ranges)
        for exam, (_, at_most) in zip(mine, ranges, strict=True):
            if at_most > sure:
                yield from _open_questions(exam, reading, sure)


def more_seeds(certainty: Certainty | None) -> Iterator[str]:
    """How many seeds would decide what the seeds leave open; nothing where no number of them would."""
    if certainty is not None and certainty.more_seeds is not None:
        enough = f"{count(certainty.more_seeds, 'more seed')} for each arm would decide it"
        yield f"{enough}, if means and spreads stay what they are and no gap closes at 2T"


def _open_questions(exam: Exam, reading: Reading, sure: int) -> Iterator[str]:
    """What is missing at a cell that could still win more than the prize that is `sure`."""
    if exam.first.holds is None:
        yield from exam.first_remedies
    for lr, ticket in exam.at.items():
        if reading == "literal" or ranks(exam.first, [ticket], "joint")[1] > sure:
            yield from exam.remedies[lr]
