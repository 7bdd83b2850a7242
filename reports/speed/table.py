"""The table of what was measured, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from reports.speed.floor import Floor
from reports.speed.rounds import Row

HEADS = ("network", "side", "replicas", "ms a step", "range", "s an epoch", "x plain", "x good", "x floor")


def table(rows: Sequence[Row], floors: Mapping[str, Floor]) -> str:
    """One line a measurement, its steps and epochs those of a replica, and one a network for its floor.

    A floor's range is arithmetic, bytes fused, and bytes with a kernel for each operation. By hand, since the machine
    with the GPU need not have tabulate.
    """
    lines = []
    for model, least in floors.items():
        epochs = [row.epoch for row in rows if row.model == model]
        for row in (row for row in rows if row.model == model):
            plain, good = (statistics.median(pair[which] for pair in row.faster) for which in (0, 1))
            span = f"{1000 * min(row.seconds):.3g} to {1000 * max(row.seconds):.3g}"
            times = [f"{each:.2f}" if each else "" for each in (plain, good)] + [f"{row.median / least.least:.1f}"]
            named = [model, f"{row.side}, {row.precision}", str(row.replicas)]
            lines.append([*named, f"{1000 * row.median:.3g}", span, f"{row.median * row.epoch:.3g}", *times])
        if epochs:
            parts = " / ".join(f"{1000 * part:.3g}" for part in (least.arithmetic, least.fused, least.unfused))
            step, epoch = f"{1000 * least.least:.3g}", f"{least.least * epochs[0]:.3g}"
            lines.append([model, "floor", "", step, parts, epoch, "", "", ""])
    return written(HEADS, lines)


def written(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A GitHub table whose columns are as wide as what stands in them."""
    widths = [max(len(line[column]) for line in (heads, *lines)) for column in range(len(heads))]
    ruled = [heads, ["-" * width for width in widths], *lines]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in ruled)
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
