"""Figures: accuracy against the learning rate for every arm, as in figure 3 of Ma et al. 2021."""

from __future__ import annotations

import io
import math
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from lthcheck.report import atomic
from lthcheck.report.series import series
from lthcheck.report.stem import stem as stem_of
from lthcheck.report.words import ARM_NAMES, margin, place, prize, study_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from lthcheck.report.series import Cell, Point

PANELS = 6
COLUMNS = 3
BAND = "matches the best dense"
DIVERGED = "a run diverged: "
# Okabe and Ito's colours stay apart for colour-blind readers; markers and lines tell the arms apart in grey.
STYLES = {
    "dense": ("dense", "#000000", "o", "-"),
    "lt": ("LT, own initialisation", "#0072B2", "s", "-"),
    "rr": ("RR, fresh initialisation", "#D55E00", "^", "--"),
    "sdt": ("SDT, small dense", "#009E73", "D", ":"),
}


def accuracy_by_lr(record: Mapping[str, Any], folder: Path, *, stem: str | None = None) -> list[Path]:
    """Draw accuracy against lr, one panel a cell, at most `PANELS` panels a figure.

    Shown are means over seeds with sample standard deviations as bars, every seed as a faint point, and as a band what
    counts as matching the best dense network (at most delta below it). A diverged run stands as a cross on the lower
    edge; the scale is that of the other runs.

    Args:
        record: the record.
        folder: where the files go; made where there is none.
        stem: how their names begin; by default the study's name.

    Returns:
        `stem`-lr.png, and `stem`-lr-2.png and so on where there are more cells; none where there is no evidence. For
        one version of matplotlib the bytes depend on the record alone.
    """
    cells = [cell for cell in record["cells"] if series(record, cell)]
    name = stem_of(study_name(record)) if stem is None else stem
    files = []
    for number, start in enumerate(range(0, len(cells), PANELS), start=1):
        image = _draw(record, cells[start : start + PANELS])
        files.append(atomic.write_bytes(folder / f"{name}-lr{'' if number == 1 else f'-{number}'}.png", image))
    return files


def _draw(record: Mapping[str, Any], cells: Sequence[Cell]) -> bytes:
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = 2 if len(cells) == 4 else min(len(cells), COLUMNS)
    rows = math.ceil(len(cells) / columns)
    # A reader's own matplotlibrc (dark text, other fonts) must not change the figure.
    with style.context("default"):
        size = (max(5.6, 3.7 * columns), 3.3 * rows + 0.9)
        figure = Figure(figsize=size, dpi=160, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
        handles: dict[str, Artist] = {}
        for index, axes in enumerate(panels.flat):
            if index >= len(cells):
                axes.set_axis_off()
                continue
            _panel(axes, record, cells[index])
            if index % columns == 0:
                axes.set_ylabel("test accuracy, %")
            if index + columns >= len(cells):
                axes.set_xlabel("learning rate")
            found, labels = axes.get_legend_handles_labels()
            handles.update(zip(labels, found, strict=True))
        panels[0, 0].set_ylim(_limits([series(record, cell) for cell in cells]))
        figure.suptitle(textwrap.fill(study_name(record), int(11 * size[0])), fontsize=12, parse_math=False)
        order = [*(label for label, *_ in STYLES.values()), DIVERGED, BAND]
        labels = sorted(handles, key=lambda label: [label.startswith(known) for known in order].index(True))
        ncols = 3 if columns > 1 else 2
        figure.legend(
            [handles[label] for label in labels], labels, loc="outside lower center", ncols=ncols, frameon=False
        )
        image = io.BytesIO()
        figure.savefig(image, format="png", metadata={"Software": None})
    return image.getvalue()


def _panel(axes: Axes, record: Mapping[str, Any], cell: Cell) -> None:
    arms = series(record, cell)
    lrs = sorted({point.lr for found in arms.values() for point in found})
    if "dense" in arms:
        best = 100 * max(point.mean for point in arms["dense"])
        label = f"{BAND} (delta {margin(record['delta'])})"
        axes.axhspan(best - 100 * record["delta"], best, color="#999999", alpha=0.35, linewidth=0, label=label)
    # Arms stand side by side at one lr, and their seeds beside their bars.
    span = math.log(lrs[-1] / lrs[0]) or 1
    step = math.exp(min(0.1 * _gap(lrs), 0.022 * span))
    for index, (arm, found) in enumerate(arms.items()):
        _curve(axes, arm, found, shift=step ** (index - (len(arms) - 1) / 2), aside=step**0.5)
    _scale(axes, lrs)
    verdict = prize(cell["verdict"], cell["at_least"], cell["at_most"])
    axes.set_title(f"{place(cell)}\n{verdict}", fontsize=10, parse_math=False)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _curve(axes: Axes, arm: str, found: Sequence[Point], *, shift: float, aside: float) -> None:
    label, colour, marker, line = STYLES[arm]
    repeated = [point for point in found if len(point.accuracies) > 1]
    axes.plot(
        [point.lr * shift * aside for point in repeated for _ in point.accuracies],
        [100 * accuracy for point in repeated for accuracy in point.accuracies],
        linestyle="none",
        marker=marker,
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
        label=label,
        color=colour,
        marker=marker,
        linestyle=line,
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


def _limits(panels: Sequence[Mapping[str, Sequence[Point]]]) -> tuple[float, float]:
    """The range of the accuracy axis in percent, of the lrs at which no run diverged, where there are such.

    The verdict lies where the arms are at their best. What is far below that, at an lr that trains nothing, leaves the
    frame rather than press the rest together.
    """
    found = [point for arms in panels for points in arms.values() for point in points]
    sound = [point for point in found if not point.diverged] or found
    high = 100 * max(max(*point.accuracies, point.mean + (point.sd or 0)) for point in sound)
    low = 100 * min(min(*point.accuracies, point.mean - (point.sd or 0)) for point in sound)
    bests = [100 * max(point.mean for point in points) for arms in panels for points in arms.values()]
    low = max(low, min(bests) - max(3, 2 * (max(bests) - min(bests))))
    room = 0.06 * (high - low) or 1
    # Crosses of diverged runs stand on the lower edge, in a strip of their own.
    return low - room * (2 if len(sound) < len(found) else 1), high + room


def _scale(axes: Axes, lrs: Sequence[float]) -> None:
    """A log axis with the lrs of the grid as its ticks, turned where they would touch."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(list(lrs)))
    axes.xaxis.set_minor_locator(NullLocator())
    labels = [f"{lr:g}" for lr in lrs]
    axes.xaxis.set_major_formatter(FixedFormatter(labels))
    span = math.log(lrs[-1] / lrs[0])
    pad = math.exp(0.08 * span) if span else 2
    axes.set_xlim(lrs[0] / pad, lrs[-1] * pad)
    # A label of k characters is about 6 k points wide; the grid has about 200 points of a panel's width.
    if span and _gap(lrs) / span * 200 < 6 * max(map(len, labels)) + 6:
        axes.tick_params(axis="x", labelrotation=90)


def _gap(lrs: Sequence[float]) -> float:
    """The smallest distance of two lrs on a log axis."""
    return min((math.log(high / low) for low, high in pairwise(lrs)), default=0.5)
