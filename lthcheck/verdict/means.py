"""Means: from rows to the accuracies that the conditions compare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from lthcheck.evidence import ARMS, Row
from lthcheck.verdict.replicates import Replicates, replicates

V = TypeVar("V")
Levels = Mapping[float, float]
"""Mean accuracy by lr."""


def close(a: float | None, b: float | None) -> bool:
    """Whether two lrs, sparsities or lengths are the same number, read from two places; None is close to None alone."""
    if a is None or b is None:
        return a is b
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def distinct(values: Iterable[float]) -> tuple[float, ...]:
    """The values in ascending order, one of those that are close."""
    kept: list[float] = []
    for value in sorted(values):
        if not kept or not close(kept[-1], value):
            kept.append(value)
    return tuple(kept)


@dataclass(frozen=True)
class ByLength:
    """The rows of one network and data set by the length of their training, beside that of the ticket.

    Attributes:
        epochs: T, the epochs of the lt rows; None where no lt row tells.
        full: the rows that count: of T epochs, or where either length is not known.
        double: rows of 2T epochs of any arm but lt: does the recipe, or the control, gain from training on?
        other: rows of any other length, which are ignored; all of them where there are no lt rows.
    """

    epochs: float | None
    full: tuple[Row, ...]
    double: tuple[Row, ...]
    other: tuple[Row, ...]


def by_length(rows: Iterable[Row], epochs: float | None = None) -> ByLength:
    """Sort rows by the length of their training.

    Args:
        epochs: T, where it is known without the lt rows.

    Raises:
        ValueError: the lt rows have several lengths, or have none where the other rows have several.
    """
    rows = tuple(rows)
    stranger = next((row for row in rows if not isinstance(row, Row)), None)
    if stranger is not None:
        raise TypeError(f"a row of type {type(stranger).__name__} must be a lthcheck.Row; read_table makes them")
    if epochs is None and not any(row.arm == "lt" for row in rows):
        return ByLength(None, (), (), rows)
    told = [row.epochs for row in rows if row.arm == "lt" and row.epochs is not None]
    tickets = distinct(told if epochs is None else [*told, epochs])
    if len(tickets) > 1:
        raise ValueError(
            f"lt rows of {_listed(tickets)} epochs must have one length T in one judgement; judge each length apart"
        )
    if not tickets:
        lengths = distinct(row.epochs for row in rows if row.epochs is not None)
        if len(lengths) > 1:
            raise ValueError(
                f"rows of {_listed(lengths)} epochs beside lt rows without epochs leave T open; give the lt rows theirs"
            )
        return ByLength(None, rows, (), ())
    length = tickets[0]
    full, double, other = [], [], []
    for row in rows:
        if row.epochs is None or close(row.epochs, length):
            full.append(row)
        elif row.arm != "lt" and close(row.epochs, 2 * length):
            double.append(row)
        else:
            other.append(row)
    return ByLength(length, tuple(full), tuple(double), tuple(other))


def serves(row: Row, method: str | None, sparsity: float | None) -> bool:
    """Whether a row is evidence at (method, sparsity).

    Dense and sdt rows without a method serve every method. Dense rows serve every sparsity, and so do sdt and rr rows
    without one.
    """
    shared = row.method is None and row.arm in {"dense", "sdt"}
    if not shared and row.method != method:
        return False
    anywhere = row.arm == "dense" or (row.arm in {"sdt", "rr"} and row.sparsity is None)
    return anywhere or close(row.sparsity, sparsity)


@dataclass(frozen=True)
class Means:
    """A(arm, lr) at one (method, sparsity): mean accuracy over seeds, a fraction, by lr.

    Attributes:
        method: how the ticket was found; None where the table has no methods.
        sparsity: fraction of prunable weights removed; None where it is not known.
        epochs: T, the epochs of the lt rows; None where no lt row tells.
        lt: the ticket from its own initialisation.
        rr: the ticket from a fresh one.
        sdt: the small dense network.
        dense: the dense network, trained for T epochs.
        dense_2t: the dense network, trained for 2T epochs.
        dense_diverged: lrs at which a dense training of T epochs diverged.
        dense_2t_diverged: lrs at which a dense training of 2T epochs diverged.
        rr_2t: the ticket from a fresh initialisation, trained for 2T epochs, where none diverged: chance would read as
            "gains nothing".
        sdt_2t: the small dense network, likewise.
        replicates: what the means are of, by the name they have here (lt, rr, sdt, dense, dense_2t) and lr.
    """

    method: str | None
    sparsity: float | None
    epochs: float | None
    lt: Levels
    rr: Levels
    sdt: Levels
    dense: Levels
    dense_2t: Levels
    dense_diverged: tuple[float, ...]
    dense_2t_diverged: tuple[float, ...]
    rr_2t: Levels = field(default_factory=dict)
    sdt_2t: Levels = field(default_factory=dict)
    replicates: Mapping[str, Mapping[float, Replicates]] = field(default_factory=dict)


def means_at(lengths: ByLength, method: str | None, sparsity: float | None) -> Means:
    """The mean accuracies at one (method, sparsity)."""
    full = [row for row in lengths.full if serves(row, method, sparsity)]
    longer = [row for row in lengths.double if serves(row, method, sparsity)]
    double = [row for row in longer if row.arm == "dense"]
    arms = {arm: by_lr(row for row in full if row.arm == arm) for arm in ARMS} | {"dense_2t": by_lr(double)}
    return Means(
        method=method,
        sparsity=sparsity,
        epochs=lengths.epochs,
        lt=_levels(arms["lt"]),
        rr=_levels(arms["rr"]),
        sdt=_levels(arms["sdt"]),
        dense=_levels(arms["dense"]),
        dense_2t=_levels(arms["dense_2t"]),
        dense_diverged=distinct(row.lr for row in full if row.arm == "dense" and row.diverged),
        dense_2t_diverged=distinct(row.lr for row in double if row.diverged),
        rr_2t=_undiverged(row for row in longer if row.arm == "rr"),
        sdt_2t=_undiverged(row for row in longer if row.arm == "sdt"),
        replicates={arm: {lr: replicates(group) for lr, group in groups.items()} for arm, groups in arms.items()},
    )


def by_lr(rows: Iterable[Row]) -> dict[float, list[Row]]:
    """The rows by lr, ascending; lrs that are close are one. It takes one pass, since tables may be long."""
    groups: dict[float, list[Row]] = {}
    lr: float | None = None
    for row in sorted(rows, key=lambda row: row.lr):
        if lr is None or not close(lr, row.lr):
            lr = row.lr
        groups.setdefault(lr, []).append(row)
    return groups


def _levels(groups: Mapping[float, list[Row]]) -> Levels:
    # fsum is exact, so that the order of the rows cannot decide a tie.
    return {lr: math.fsum(row.accuracy for row in group) / len(group) for lr, group in groups.items()}


def _undiverged(rows: Iterable[Row]) -> Levels:
    groups = by_lr(rows)
    return _levels({lr: group for lr, group in groups.items() if not any(row.diverged for row in group)})


def level(levels: Mapping[float, V], lr: float) -> V | None:
    """What stands at an lr, the mean accuracy or the replicates; None where there is nothing."""
    return next((value for known, value in levels.items() if close(known, lr)), None)


def _listed(values: Iterable[float]) -> str:
    return " and ".join(f"{value:g}" for value in values)
