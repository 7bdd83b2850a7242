"""The headline: a verdict and the numbers that made it so, in one line of plain words."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from lthcheck.report.recipe import shortcomings
from lthcheck.report.series import at_lr, series
from lthcheck.report.sure import confidence
from lthcheck.report.words import PRIZES, listing, one_line, percent, place, points, span, study_name, thresholds
from lthcheck.verdict.conditions import NON_TRIVIAL, reaches
from lthcheck.verdict.judgement import RANK, best_edge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lthcheck.report.series import Cell

Condition = dict[str, Any]

_OTHERS = {2: "SDT", 3: "RR", 4: "dense", 5: "the best dense"}


def headline(record: Mapping[str, Any]) -> str:
    """One line: the study, the cell that decides it, the verdict and why.

    For example `mlp-64-32 on mnist1d, omp at sparsity 0.832: NO TICKET (LT 73.3 % at lr 0.2 misses dense 75.5 % by
    2.2 pt)`.
    """
    name = study_name(record)
    said = PRIZES[record["verdict"]].upper()
    if record["verdict"] == "undecided":
        said += f", {record['at_least']} to {record['at_most']}"
    if edge(record["cells"]):
        said += ", at the edge"
    sure = confidence(record)
    said += f", {sure}" if sure else ""
    cell = nearest(record, record["cells"])
    if cell is None:
        return f"{name}: {said} (no cell was judged)"
    return one_line(f"{name}, {place(cell)}: {said} ({reason(record, cell)})")


def nearest(record: Mapping[str, Any], cells: Iterable[Cell]) -> Cell | None:
    """The cell that stands for `cells`: the highest prize, else the nearest miss; of equals the sparsest."""
    return max(cells, key=lambda cell: _nearness(record, cell), default=None)


def interval(cells: Sequence[Cell]) -> tuple[str, str, str, tuple[str, ...]]:
    """Verdict, at_least and at_most over cells, the best of each, and the prizes at the edge."""
    at_least = max((cell["at_least"] for cell in cells), key=RANK.__getitem__, default="none")
    at_most = max((cell["at_most"] for cell in cells), key=RANK.__getitem__, default="jackpot")
    return (at_least if at_least == at_most else "undecided", at_least, at_most, edge(cells))


def edge(cells: Iterable[Cell]) -> tuple[str, ...]:
    """The prizes that the best of the cells wins or misses at the edge."""
    return best_edge((cell["at_least"], cell["at_most"], cell.get("edge", ())) for cell in cells)


def reason(record: Mapping[str, Any], cell: Cell) -> str:
    """Why the cell's verdict is what it is, with the accuracies and gaps."""
    conditions: list[Condition] = cell["conditions"]
    asked = [condition for condition in conditions if condition["id"] != 1]
    unknown = [condition for condition in conditions if condition["holds"] is None]
    failed = [condition for condition in conditions if condition["holds"] is False]
    first = [f"condition 1 does not hold: {_why(record, cell, one)}" for one in failed if one["id"] == 1]
    known = _claims(record, cell, [condition for condition in asked if condition["holds"] is not None])
    if cell["verdict"] == "none":
        # Condition 5 is not asked of a secondary prize, so it cannot be why there is none.
        misses = _claims(record, cell, [one for one in failed if one["id"] in (2, 3, 4)])
        if first and known and not misses:
            return f"{known}, but {first[0]}"
        said = [*first, *([misses] if misses else [])]
        return "; ".join(said) or "there is no lr at which conditions 2, 3 and 4 hold together"
    if cell["verdict"] != "undecided":
        return known
    wide = [condition for condition in asked if condition in unknown and condition.get("interval") is not None]
    missing = [condition for condition in unknown if condition not in wide]
    open_questions = [f"condition {one['id']} is unknown ({_why(record, cell, one)})" for one in missing]
    open_questions += _open(record, wide)
    return "; ".join([*open_questions, *([known] if known else [])]) or "the evidence does not decide it"


def _open(record: Mapping[str, Any], conditions: Sequence[Condition]) -> list[str]:
    """The gaps whose intervals hold what is asked for, "open at lr 0.2: LT - RR +0.9 pt [-0.3, +2.1]".

    One whose whole interval meets it is in doubt: the rival is not probed at 2T, or lacks an lr.
    """
    limits, said = thresholds(record), []
    for lr, of_lr in groupby(conditions, key=lambda one: one["witness_lr"]):
        gaps = []
        for one in of_lr:
            low, high = span(one["interval"], limits[one["id"]])
            gap = "" if one["gap"] is None else f" {points(one['gap'], limits[one['id']])}"
            doubted = " in doubt" if one["interval"][0] > limits[one["id"]] else ""
            gaps.append(f"LT - {_OTHERS[one['id']]}{gap} [{low}, {high}]{doubted}")
        said.append(f"open{'' if lr is None else f' at lr {lr:g}'}: {listing(gaps)}")
    return said


def _claims(record: Mapping[str, Any], cell: Cell, conditions: Sequence[Condition]) -> str:
    """The conditions as sentences with one subject for each lr, "LT 73.3 % at lr 0.2 misses dense 75.5 % by 2.2 pt"."""
    sentences = []
    for lr, of_lr in groupby(conditions, key=lambda one: one["witness_lr"]):
        group = list(of_lr)
        mean = _ticket_mean(record, cell, lr)
        subject = "LT" + ("" if mean is None else f" {percent(mean)}") + ("" if lr is None else f" at lr {lr:g}")
        said = [_predicate(record, one, mean) for one in group if not _repeats(one, group)]
        sentences.append(f"{subject} {listing(said)}")
    return "; ".join(sentences)


def _repeats(condition: Condition, group: Sequence[Condition]) -> bool:
    """Whether condition 4 says what 5 says, because dense is at its best at the ticket's lr."""
    return condition["id"] == 4 and any(
        one["id"] == 5 and one["gap"] == condition["gap"] is not None and one["holds"] == condition["holds"]
        for one in group
    )


def _predicate(record: Mapping[str, Any], condition: Condition, ticket: float | None) -> str:
    """What the ticket does to the other side of conditions 2 to 5."""
    number, holds, gap = condition["id"], condition["holds"], condition["gap"]
    other = _OTHERS[number]
    if gap is None:
        verb, verbs = ("beat", "beats") if number in (2, 3) else ("match", "matches")
        return f"{verbs if holds else f'does not {verb}'} {other} ({condition['detail']})"
    if ticket is not None:
        other = f"{other} {percent(ticket - gap)}"
    signed = points(gap, thresholds(record)[number])
    size = signed.lstrip("+-")
    if number in (4, 5):
        return f"matches {other} ({signed})" if holds else f"misses {other} by {size}"
    if holds:
        return f"beats {other} by {size}"
    return f"leads {other} by only {size}" if gap > 0 else f"is {size} below {other}" if gap < 0 else f"equals {other}"


def _ticket_mean(record: Mapping[str, Any], cell: Cell, lr: float | None) -> float | None:
    point = at_lr(series(record, cell).get("lt", ()), lr)
    return None if point is None else point.mean


def _why(record: Mapping[str, Any], cell: Cell, condition: Condition) -> str:
    """What is wrong or missing: in plain words for condition 1, whose detail also says what is well."""
    plain = shortcomings(record, cell, refuted=condition["holds"] is False) if condition["id"] == 1 else []
    return "; ".join(plain) or str(condition["detail"] or condition["name"]).rstrip(".")


def _nearness(record: Mapping[str, Any], cell: Cell) -> tuple[float, ...]:
    limits = thresholds(record)
    asked = [condition for condition in cell["conditions"] if condition["id"] != 5 or cell["at_most"] == "jackpot"]
    slack = [one["gap"] - limits[one["id"]] for one in asked if one["id"] != 1 and one["gap"] is not None]
    return (
        RANK[cell["at_most"]],
        RANK[cell["at_least"]],
        # A hardly pruned network that matches dense is not near to a ticket.
        cell["sparsity"] is None or reaches(cell["sparsity"], NON_TRIVIAL),
        -sum(condition["holds"] is False for condition in asked),
        min(slack, default=-1),
        -1 if cell["sparsity"] is None else cell["sparsity"],
    )
