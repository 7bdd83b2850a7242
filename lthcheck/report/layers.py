"""Layers: how dense each prunable layer of the tickets is, as the record keeps it."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from lthcheck.verdict.means import close

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lthcheck.evidence import Row
    from lthcheck.verdict.judgement import Cell


def layers(
    cells: Sequence[Cell], rows: Sequence[Row], by_run: Mapping[str, Mapping[str, Sequence[int]]]
) -> dict[str, Any] | None:
    """The tickets of each cell, at the lr that its conditions speak of.

    Args:
        cells: as the judge gives them.
        rows: the evidence.
        by_run: of each ticket, by run: weights that stay and weights in all of each layer, in network order.

    Returns:
        names and weights of the layers, and under tickets for each cell method, sparsity, lr, seeds and, over the
        seeds, the mean (kept), the smallest (least) and the largest number (most) of weights that stay in each layer;
        None where no layers are known.
    """
    tickets = []
    names: Mapping[str, Sequence[int]] = {}
    for cell in cells:
        lr = next((one.witness_lr for one in cell.conditions if one.witness_lr is not None), None)
        found = [
            by_run[row.run]
            for row in rows
            if row.arm == "lt"
            and row.method == cell.method
            and close(row.sparsity, cell.sparsity)
            and close(row.lr, lr)
            and row.run is not None
            and row.run in by_run
        ]
        if not found:
            continue
        names = found[0]
        counts = [[one[name][0] for one in found] for name in names]
        tickets.append(
            {
                "method": cell.method,
                "sparsity": cell.sparsity,
                "lr": lr,
                "seeds": len(found),
                "kept": [round(statistics.fmean(kept), 1) for kept in counts],
                "least": [min(kept) for kept in counts],
                "most": [max(kept) for kept in counts],
            }
        )
    if not tickets:
        return None
    return {"names": list(names), "weights": [total for _, total in names.values()], "tickets": tickets}
