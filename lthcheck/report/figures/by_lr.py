"""Accuracy against the learning rate for every arm, one panel a cell, as in figure 3 of Ma et al. 2021."""

from __future__ import annotations

import math
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lthcheck.report.figures.sheet import (
    BAND,
    LABELS,
    LINES,
    MARKERS,
    PANELS,
    accuracy_limits,
    band,
    grid_of_panels,
    label_places,
    legend,
    paged,
    panels,
    png,
    tidy,
)
from lthcheck.report.series import series
from lthcheck.report.words import ARM_NAMES, place, prize, study_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lthcheck.report.figures.sheet import Page
    from lthcheck.report.figures.theme import Theme
    from lthcheck.report.series import Cell, Point

DIVERGED = "a run diverged: "


def pages(record: Mapping[str, Any]) -> list[Page]:
    """Means over seeds with sample sds as bars, and every seed as a faint point; at most `PANELS` cells a page.

    A band shows what counts as matching the best dense network (at most delta below it). A diverged run stands as a
    cross on the lower edge; the scale is that of the other runs.
    """
    cells = [cell for cell in record["cells"] if series(record, cell)]
    return [partial(_draw, record, page) for page in paged(cells, PANELS)]


def _draw(record: Mapping[str, Any], cells: Sequence[Cell], theme: Theme) -> bytes:
    rows, columns = grid_of_panels(len(cells))

    def paint(figure: Figure) -> None:
        every = panels(figure, len(cells))
        for index, (axes, cell) in enumerate(zip(every, cells, strict=True)):
            _panel(axes, record, cell, theme)
            if index % columns == 0:
                axes.set_ylabel("test accuracy, %")
            if index + columns >= len(cells):
                axes.set_xlabel("learning rate")
        every[0].set_ylim(accuracy_limits([series(record, cell) for cell in cells]))
        legend(figure, every, [*LABELS.values(), DIVERGED, BAND], 3 if columns > 1 else 2)

    return png(theme, (max(5.6, 3.7 * columns), 3.3 * rows + 0.9), study_name(record), paint)


def _panel(axes: Axes, record: Mapping[str, Any], cell: Cell, theme: Theme) -> None:
    arms = series(record, cell)
    lrs = sorted({point.lr for found in arms.values() for point in found})
    band(axes, record, arms.get("dense", ()), theme)
    # Arms stand side by side at one lr, and their seeds beside their bars.
    span = math.log(lrs[-1] / lrs[0])
    gap = min((math.log(high / low) for low, high in pairwise(lrs)), default=0.5)
    step = math.exp(min(0.1 * gap, 0.022 * (span or 1)))
    for index, (arm, found) in enumerate(arms.items()):
        _curve(axes, arm, found, theme.arms[arm], shift=step ** (index - (len(arms) - 1) / 2), aside=step**0.5)
    axes.set_xscale("log")
    label_places(axes, lrs, [f"{lr:g}" for lr in lrs], gap, span)
    pad = math.exp(0.08 * span) if span else 2
    axes.set_xlim(lrs[0] / pad, lrs[-1] * pad)
    verdict = prize(cell["verdict"], cell["at_least"], cell["at_most"], cell.get("edge", ()))
    axes.set_title(f"{place(cell)}\n{verdict}", fontsize=10, parse_math=False)
    tidy(axes, theme)


def _curve(axes: Axes, arm: str, found: Sequence[Point], colour: str, *, shift: float, aside: float) -> None:
    repeated = [point for point in found if len(point.accuracies) > 1]
    axes.plot(
        [point.lr * shift * aside for point in repeated for _ in point.accuracies],
        [100 * accuracy for point in repeated for accuracy in point.accuracies],
        linestyle="none",
        marker=MARKERS[arm],
        markersize=3,
        markeredgewidth=0,
        color=colour,
        alpha=0.35,
    )
    axes.errorbar(
        [point.lr * shift for point in found],
        [100 * point.mean for point in found],
        # The sd of sound runs and chance says nothing, and its bar would cross the whole panel.
        yerr=[0 if point.diverged else 100 * (point.sd or 0) for point in found],
        label=LABELS[arm],
        color=colour,
        marker=MARKERS[arm],
        linestyle=LINES[arm],
        markersize=5.5,
        linewidth=1.4,
        capsize=2,
        zorder=3,
    )
    diverged = [point.lr * shift for point in found if point.diverged]
    if diverged:
        axes.plot(
            diverged,
            [0.03] * len(diverged),
            transform=axes.get_xaxis_transform(),
            label=f"{DIVERGED}{ARM_NAMES[arm]}",
            linestyle="none",
            marker="x",
            markersize=7,
            markeredgewidth=1.8,
            color=colour,
            zorder=4,
        )
