"""Tables: verdicts, conditions and accuracies in rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from lthcheck.report.series import series
from lthcheck.report.words import (
    ARM_NAMES,
    HOLDS,
    margin,
    one_line,
    points,
    prize,
    rate,
    span,
    study_name,
    thresholds,
)
from lthcheck.verdict.conditions import NON_TRIVIAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lthcheck.report.series import Cell, Point

CONDITION_HEADS = ("1 recipe", "2 SDT", "3 RR", "4 dense", "5 best dense")


def verdict_table(records: Sequence[Mapping[str, Any]]) -> str:
    """A plain-text table for the terminal, one row a cell, gaps in pt; a study without cells has a row as well."""
    rows = [
        [study_name(record), *row] for record in records for row in verdict_rows(record, record["cells"], narrow=True)
    ]
    rows += [[study_name(record), "", "", _prize(record)] for record in records if not record["cells"]]
    if not rows:
        return ""
    heads = ("study", "method", "sparsity", "verdict", *CONDITION_HEADS, "lr")
    return tabulate(rows, heads, tablefmt="simple", disable_numparse=True)


def verdict_rows(record: Mapping[str, Any], cells: Iterable[Cell], *, narrow: bool = False) -> list[list[str]]:
    """One row a cell: method, sparsity, verdict, the five conditions (yes, no or ?, gap in pt) and the witness lr.

    Args:
        narrow: a gap's interval, where it has one, stands on a line below it.
    """
    limits = thresholds(record)
    rows = []
    for cell in cells:
        by_id = {condition["id"]: condition for condition in cell["conditions"]}
        said = [_brief(by_id.get(number), limits.get(number), narrow=narrow) for number in range(1, 6)]
        lrs = dict.fromkeys(one["witness_lr"] for one in cell["conditions"] if one["witness_lr"] is not None)
        rows.append([cell["method"] or "", _rate(cell), _prize(cell), *said, ", ".join(f"{lr:g}" for lr in lrs)])
    return rows


def cell_table(record: Mapping[str, Any]) -> str:
    """The verdicts by method (down) and sparsity (across), in Markdown."""
    cells = record["cells"]
    sparsities = list(dict.fromkeys(cell["sparsity"] for cell in cells))
    sparsities.sort(key=lambda sparsity: -1 if sparsity is None else sparsity)
    verdicts = {(cell["method"], cell["sparsity"]): _prize(cell) for cell in cells}
    methods = dict.fromkeys(cell["method"] for cell in cells)
    rows = [[method or "", *(verdicts.get((method, sparsity), "") for sparsity in sparsities)] for method in methods]
    return github(rows, ["method", *("unknown sparsity" if s is None else f"sparsity {rate(s)}" for s in sparsities)])


def condition_table(record: Mapping[str, Any], cell: Cell) -> str:
    """The five conditions of a cell with their margins, in Markdown."""
    gamma, delta = margin(record["gamma"]), margin(record["delta"])
    asked = {
        1: f">= {NON_TRIVIAL:.2f}, recipe adequate",
        2: f"> {gamma}",
        3: f"> {gamma}",
        4: f">= -{delta}",
        5: f">= -{delta}",
    }
    limits = thresholds(record)
    rows, sure = [], record["rule"] == "confident"
    for one in cell["conditions"]:
        value = "" if one["gap"] is None else points(one["gap"], limits.get(one["id"]))
        if one["id"] == 1:
            value = "" if one["gap"] is None else f"sparsity {rate(one['gap'])}"
        lr = "" if one["witness_lr"] is None else f"{one['witness_lr']:g}"
        holds = HOLDS[one["holds"]] + _edge(one)
        interval = [_interval(one, limits.get(one["id"]))] if sure else []
        row = [f"{one['id']} {one['name']}", holds, value, *interval, asked[one["id"]], lr, one["detail"]]
        rows.append(row)
    heads = ("condition", "holds", "value", *(["interval, pt"] if sure else []), "asked", "at lr", "detail")
    return github(rows, heads)


def accuracy_table(record: Mapping[str, Any], cell: Cell) -> str:
    """The accuracies of a cell's arms (down) by lr (across), in Markdown; "" where there is no evidence.

    Entries are mean ± sample sd over seeds in percent; the number of seeds is said in each where they differ.
    """
    arms = series(record, cell)
    lrs = sorted({point.lr for found in arms.values() for point in found})
    even = seeds(record, cell) is not None
    counted = any(point.params for found in arms.values() for point in found)
    rows = []
    for arm, found in arms.items():
        by_lr = {point.lr: point for point in found}
        entries = [_entry(by_lr[lr], even=even) if lr in by_lr else "" for lr in lrs]
        rows.append([ARM_NAMES[arm], *entries, *([parameters(found)] if counted else [])])
    heads = ["accuracy, %", *(f"lr {lr:g}" for lr in lrs), *(["parameters"] if counted else [])]
    return github(rows, heads) if rows else ""


def layer_table(record: Mapping[str, Any], cell: Cell) -> str:
    """How dense each layer of a cell's ticket is, in Markdown; "" where the record does not tell."""
    layers = record.get("layers") or {"tickets": []}
    place = (cell["method"], cell["sparsity"])
    ticket = next((one for one in layers["tickets"] if (one["method"], one["sparsity"]) == place), None)
    if ticket is None:
        return ""
    columns = (layers["names"], layers["weights"], ticket["kept"], ticket["least"], ticket["most"])
    rows = [
        [name, f"{of:,}", f"{kept:,.10g}", f"{100 * kept / of:.3g}", f"{100 * least / of:.3g} to {100 * most / of:.3g}"]
        for name, of, kept, least, most in zip(*columns, strict=True)
    ]
    kept, of = sum(ticket["kept"]), sum(layers["weights"])
    rows.append(["all", f"{of:,}", f"{kept:,.10g}", f"{100 * kept / of:.3g}", ""])
    return github(rows, ("layer", "weights", f"kept, lr {ticket['lr']:g}", "kept, %", "range over seeds, %"))


def seeds(record: Mapping[str, Any], cell: Cell) -> int | None:
    """The number of seeds, where all arms and lrs of the cell have the same; else None."""
    counts = {len(point.accuracies) for found in series(record, cell).values() for point in found}
    return counts.pop() if len(counts) == 1 else None


def parameters(found: Sequence[Point]) -> str:
    """The unpruned parameters of an arm: one count, or the range over its runs."""
    counts = sorted({count for point in found for count in point.params})
    return " to ".join(f"{count:,}" for count in dict.fromkeys((*counts[:1], *counts[-1:])))


def github(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> str:
    """A Markdown table in which no entry can break a row."""
    clean = [[escape(entry) for entry in row] for row in rows]
    return tabulate(clean, [escape(head) for head in heads], tablefmt="github", disable_numparse=True)


def escape(text: str) -> str:
    """The text as one line that Markdown shows as it stands."""
    return re.sub(r"[\\|*`]|<(?=[A-Za-z/!?])", r"\\\g<0>", one_line(text))


def _entry(point: Point, *, even: bool) -> str:
    text = f"{100 * point.mean:.1f}" + ("" if point.sd is None else f" ± {100 * point.sd:.1f}")
    notes = [] if even else [f"n = {len(point.accuracies)}"]
    notes += [f"{point.diverged} diverged"] if point.diverged else []
    return f"{text} ({', '.join(notes)})" if notes else text


def _brief(condition: Mapping[str, Any] | None, threshold: float | None, *, narrow: bool) -> str:
    if condition is None:
        return ""
    said = {True: "yes", False: "no", None: "?"}[condition["holds"]]
    if condition["id"] == 1 or condition["gap"] is None:
        return said
    gap = f"{said} {points(condition['gap'], threshold).removesuffix(' pt')}{_edge(condition)}"
    if condition.get("interval") is None:
        return gap
    low, high = span(condition["interval"], threshold)
    return f"{gap}\n{low.lstrip('+')}..{high.lstrip('+')}" if narrow else f"{gap} [{low}, {high}]"


def _edge(condition: Mapping[str, Any]) -> str:
    return " (edge)" if condition.get("edge") else ""


def _interval(condition: Mapping[str, Any], threshold: float | None) -> str:
    if condition.get("interval") is None:
        return ""
    return " to ".join(span(condition["interval"], threshold))


def _rate(cell: Cell) -> str:
    return "?" if cell["sparsity"] is None else rate(cell["sparsity"])


def _prize(cell: Mapping[str, Any]) -> str:
    return prize(cell["verdict"], cell["at_least"], cell["at_most"], cell.get("edge", ())).lower()
