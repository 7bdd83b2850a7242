"""Accuracy against sparsity, every arm at its best learning rate, one panel a method."""

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
from lthcheck.report.series import best, series
from lthcheck.report.words import PRIZES, rate, study_name
from lthcheck.verdict.conditions import NON_TRIVIAL, reaches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lthcheck.report.figures.sheet import Page
    from lthcheck.report.figures.theme import Theme
    from lthcheck.report.series import Cell, Point

SIGNS = {"jackpot": "J", "secondary": "S", "none": "–", "undecided": "?"}
TRIVIAL = f"sparsity below {NON_TRIVIAL:.2f}"


def pages(record: Mapping[str, Any]) -> list[Page]:
    """Means over seeds with sample sds as bars, above each sparsity its verdict; at most `PANELS` methods a page.

    Sparsities stand at equal ratios of what remains, so that the rungs of a ladder are evenly spaced. Cells of unknown
    sparsity are left out.
    """
    known = [cell for cell in record["cells"] if cell["sparsity"] is not None and series(record, cell)]
    methods = dict.fromkeys(cell["method"] for cell in known)
    ladders = [
        sorted((cell for cell in known if cell["method"] == method), key=lambda cell: float(cell["sparsity"]))
        for method in methods
    ]
    return [partial(_draw, record, page) for page in paged(ladders, PANELS)]


def _draw(record: Mapping[str, Any], ladders: Sequence[Sequence[Cell]], theme: Theme) -> bytes:
    rows, columns = grid_of_panels(len(ladders))
    arms = [_at_best(record, cell) for cells in ladders for cell in cells]

    def paint(figure: Figure) -> None:
        every = panels(figure, len(ladders))
        for index, (axes, cells) in enumerate(zip(every, ladders, strict=True)):
            _panel(axes, record, cells, theme)
            if index % columns == 0:
                axes.set_ylabel("test accuracy at the best lr, %")
            if index + columns >= len(ladders):
                axes.set_xlabel("sparsity")
        every[0].set_ylim(accuracy_limits([{arm: [point] for arm, point in found.items()} for found in arms]))
        order = [*LABELS.values(), BAND, TRIVIAL, *(PRIZES[verdict].lower() for verdict in SIGNS)]
        legend(figure, every, order, 3 if columns > 1 else 2)

    return png(theme, (max(5.6, 5.2 * columns), 3.4 * rows + 1.1), study_name(record), paint)


def _at_best(record: Mapping[str, Any], cell: Cell) -> dict[str, Point]:
    points = {arm: best(found) for arm, found in series(record, cell).items()}
    return {arm: point for arm, point in points.items() if point is not None}


def _panel(axes: Axes, record: Mapping[str, Any], cells: Sequence[Cell], theme: Theme) -> None:
    places = [_place(cell["sparsity"]) for cell in cells]
    span = places[-1] - places[0]
    gap = min((high - low for low, high in pairwise(places)), default=0.5)
    found = [_at_best(record, cell) for cell in cells]
    dense = [arms["dense"] for arms in found if "dense" in arms]
    band(axes, record, dense, theme)
    if dense:
        level = 100 * max(point.mean for point in dense)
        axes.axhline(level, color=theme.arms["dense"], linewidth=1.4, label=LABELS["dense"])
    sparse = [arm for arm in MARKERS if arm != "dense" and any(arm in arms for arms in found)]
    for index, arm in enumerate(sparse):
        # Arms stand side by side at one sparsity.
        aside = min(0.12 * gap, 0.012 * (span or 4)) * (index - (len(sparse) - 1) / 2)
        points = [(place + aside, arms[arm]) for place, arms in zip(places, found, strict=True) if arm in arms]
        axes.errorbar(
            [place for place, _ in points],
            [100 * point.mean for _, point in points],
            yerr=[0 if point.diverged else 100 * (point.sd or 0) for _, point in points],
            label=LABELS[arm],
            color=theme.arms[arm],
            marker=MARKERS[arm],
            linestyle=LINES[arm],
            markersize=5.5,
            linewidth=1.4,
            capsize=2,
            zorder=3,
        )
    pad = 0.06 * span or 0.3
    left, right = places[0] - pad, places[-1] + pad
    if left < _place(NON_TRIVIAL) and not reaches(cells[0]["sparsity"], NON_TRIVIAL):
        end = min(right, _place(NON_TRIVIAL))
        axes.axvspan(left, end, facecolor="none", edgecolor=theme.band, hatch="//", linewidth=0, label=TRIVIAL)
    axes.set_xlim(left, right)
    label_places(axes, places, [rate(cell["sparsity"]) for cell in cells], gap, span)
    _verdicts(axes, places, cells, theme)
    axes.set_title(cells[0]["method"] or "", fontsize=10, parse_math=False, pad=18)
    tidy(axes, theme)


def _verdicts(axes: Axes, places: Sequence[float], cells: Sequence[Cell], theme: Theme) -> None:
    """A sign above each sparsity."""
    for verdict in dict.fromkeys(cell["verdict"] for cell in cells):
        at = [place for place, cell in zip(places, cells, strict=True) if cell["verdict"] == verdict]
        axes.plot(
            at,
            [1.05] * len(at),
            transform=axes.get_xaxis_transform(),
            clip_on=False,
            linestyle="none",
            marker=rf"$\mathrm{{{SIGNS[verdict]}}}$",
            markersize=4 if verdict == "none" else 7,
            color=theme.ink,
            label=PRIZES[verdict].lower(),
        )


def _place(sparsity: float) -> float:
    return -math.log1p(-sparsity)
