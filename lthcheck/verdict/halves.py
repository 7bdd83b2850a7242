"""Halves: lr and sparsity are chosen on one half of the test split, and the verdict is read off the other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lthcheck.folds import check, sizes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lthcheck.evidence import Row


def halved(rows: Iterable[Row], test_size: int | None) -> tuple[Row, ...]:
    """The rows with `validation` to choose by, and an `accuracy` that nothing was chosen by.

    A row with counts by fold gets the accuracy on the even folds as `validation`, that on the odd folds as `accuracy`,
    and keeps the counts of the odd folds: what follows sees a test split of `half(test_size)` samples. A row that has a
    validation accuracy of its own stays as it is. So does a diverged one, whose accuracy is chance on any samples.

    Args:
        rows: evidence, in any order.
        test_size: samples of the whole test split; needed where rows have counts by fold.

    Raises:
        ValueError: a row has neither, or counts that its accuracy or the test split cannot give.
    """
    return tuple(_halved(row, test_size) for row in rows)


def half(test_size: int) -> int:
    """Samples of the half that is tested on; `sizes(half(n), len(row.folds))` are those of a halved row's folds."""
    return sum(sizes(test_size)[1::2])


def _halved(row: Row, test_size: int | None) -> Row:
    if row.validation is not None:
        return row
    if row.folds is None and row.diverged:
        return replace(row, validation=row.accuracy)
    if row.folds is None:
        raise ValueError(
            f"{row.arm} at lr {row.lr:g}: validation=None must be an accuracy to choose by; fill a table's column "
            "validation; where a store does not tell which test samples were right, ask the study with another store"
        )
    if test_size is None:
        raise ValueError("test_size=None must be the samples that folds are counts of; give it beside the rows")
    check(row.folds, row.accuracy, test_size)
    tested = half(test_size)
    return replace(
        row,
        validation=sum(row.folds[::2]) / (test_size - tested),
        accuracy=sum(row.folds[1::2]) / tested,
        folds=row.folds[1::2],
    )
