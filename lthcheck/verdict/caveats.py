"""Caveats: what a reader must know of the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from lthcheck.evidence import ARMS
from lthcheck.quantity import count
from lthcheck.verdict.exam import places
from lthcheck.verdict.foregone import no_lr_inside
from lthcheck.verdict.means import by_lr, close, distinct, serves
from lthcheck.verdict.prize import interval
from lthcheck.verdict.probes import findings
from lthcheck.verdict.terms import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from lthcheck.evidence import Row
    from lthcheck.verdict.exam import Exam
    from lthcheck.verdict.judgement import Prize
    from lthcheck.verdict.means import ByLength, Means
    from lthcheck.verdict.terms import Terms


def caveats(lengths: ByLength, exams: Sequence[Exam], terms: Terms) -> Iterator[str]:
    """A line for each, some of them more than once."""
    if not exams:
        yield "no lt rows: there is no ticket to judge"
        return
    means = [exam.means for exam in exams]
    yield from _ignored(lengths)
    yield from _serving_no_ticket(lengths, exams)
    yield from _diverged(lengths)
    for exam in exams:
        where = exam.where
        arms = _arms(lengths.full, exam.means)
        probes = {f"{arm} at 2T": rows for arm, rows in _arms(lengths.double, exam.means).items()}
        yield from _unequal(arms, _grid, f"{where}lr grids differ")
        yield from _unequal(arms | probes, _replicates, f"{where}seeds differ")
        yield from _mixed_sources(arms, where)
        if not terms.assume_adequate:
            yield from no_lr_inside(exam.means.dense)
    if terms.validation:
        yield "lr and sparsity were chosen by validation accuracies: the verdict speaks of what was chosen alone"
    if terms.rule == "confident" and terms.test_size is None:
        yield "the test set's size is not known, so its own noise is not in the intervals; give it"
    if terms.rule == "paper" and any(len(levels) > 1 for m in means for levels in (m.lt, m.rr, m.sdt, m.dense)):
        yield "the best lr is read off test accuracies, as published"
    for exam in exams:
        joint, literal = (interval(exam.first, exam.at.values(), reading) for reading in get_args(Reading))
        if terms.rule == "paper" and joint != literal:
            yield f"{exam.where}read jointly {_said(*joint)}, read literally {_said(*literal)}"
        yield from (f"{exam.where}{found}" for found in findings(exam, gamma=terms.gamma))


def _ignored(lengths: ByLength) -> Iterator[str]:
    if lengths.epochs is None:
        return
    for arm in ARMS:
        rows = [row for row in lengths.other if row.arm == arm]
        for epochs in distinct(row.epochs for row in rows if row.epochs is not None):
            where = f"{arm} rows of {count(epochs, 'epoch')} ({sum(close(row.epochs, epochs) for row in rows)})"
            probe = f", and only 2T = {2 * lengths.epochs:g} would answer condition 1" if arm == "dense" else ""
            yield f"{where} are ignored: lt rows have T = {lengths.epochs:g}{probe}"


def _serving_no_ticket(lengths: ByLength, exams: Sequence[Exam]) -> Iterator[str]:
    idle = [
        row for row in lengths.full if not any(serves(row, exam.means.method, exam.means.sparsity) for exam in exams)
    ]
    for arm in ARMS:
        for method, sparsity in places(idle, arm):
            for_method = "" if method is None else f" for {method}"
            at_sparsity = "" if sparsity is None else f" at sparsity {sparsity:g}"
            yield f"{arm} rows{for_method}{at_sparsity} serve no ticket: no lt rows have their method and sparsity"


def _diverged(lengths: ByLength) -> Iterator[str]:
    rows = [row for row in (*lengths.full, *lengths.double) if row.diverged]
    places = [f"{arm} at lr {lr:g}" for arm in ARMS for lr in distinct(row.lr for row in rows if row.arm == arm)]
    if places:
        yield f"diverged rows ({len(rows)}) count with the accuracy they have: {', '.join(places)}"


def _arms(rows: Iterable[Row], means: Means) -> dict[str, list[Row]]:
    """The rows that serve a ticket, by arm; arms without rows are left out."""
    serving = [row for row in rows if serves(row, means.method, means.sparsity)]
    arms: dict[str, list[Row]] = {arm: [row for row in serving if row.arm == arm] for arm in ARMS}
    return {arm: of_arm for arm, of_arm in arms.items() if of_arm}


def _unequal(arms: Mapping[str, list[Row]], tell: Callable[[list[Row]], str], words: str) -> Iterator[str]:
    told = {arm: tell(rows) for arm, rows in arms.items()}
    if len(set(told.values())) > 1:
        yield f"{words}: {'; '.join(f'{arm} {of_arm}' for arm, of_arm in told.items())}"


def _grid(rows: list[Row]) -> str:
    return _numbers(distinct(row.lr for row in rows))


def _replicates(rows: list[Row]) -> str:
    """The seeds of an arm; each set of them, where not all lrs have the same."""
    sets = set()
    for group in by_lr(rows).values():
        seeds = [row.seed for row in group]
        told = [str(seed) for seed in sorted({seed for seed in seeds if seed is not None})]
        unnamed = seeds.count(None)
        sets.add(" ".join([*told, f"({unnamed} without a seed)"] if unnamed else told))
    return " or ".join(sorted(sets))


def _mixed_sources(arms: Mapping[str, list[Row]], where: str) -> Iterator[str]:
    for arm, rows in arms.items():
        for lr, group in by_lr(rows).items():
            sources = distinct(row.source_lr for row in group if row.source_lr is not None)
            if len(sources) > 1:
                yield f"{where}{arm} at lr {lr:g} averages masks found at lrs {_numbers(sources)}; judge each apart"


def _said(at_least: Prize, at_most: Prize) -> str:
    return at_least if at_least == at_most else f"undecided ({at_least} to {at_most})"


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:g}" for value in values)
