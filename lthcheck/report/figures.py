"""Figures: accuracy against the learning rate for every arm, as in figure 3 of Ma et al. 2021."""

from __future__ import annotations

import io
import math
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
    counts as matching the best dense network (at most delta below it). A diverged run would squeeze the scale, so it
    stands as a cross on the lower edge.

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
        figure.suptitle(study_name(record), fontsize=12)
        # The band is drawn first, to lie below the curves, and told last.
        labels = sorted(handles, key=lambda label: label.startswith(BAND))
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
    step = math.exp(0.09 * _gap(lrs))
    for index, (arm, found) in enumerate(arms.items()):
        _curve(axes, arm, found, shift=step ** (index - (len(arms) - 1) / 2), aside=step**0.5)
    _scale(axes, lrs)
    verdict = prize(cell["verdict"], cell["at_least"], cell["at_most"])
    axes.set_title(f"{place(cell)}\n{verdict}", fontsize=10)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _curve(axes: Axes, arm: str, found: Sequence[Point], *, shift: float, aside: float) -> None:
    label, colour, marker, line = STYLES[arm]
    axes.plot(
        [point.lr * shift * aside for point in found for _ in point.accuracies],
        [100 * accuracy for point in found for accuracy in point.accuracies],
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
        yerr=[100 * (point.sd or 0) for point in found],
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
            label=f"{ARM_NAMES[arm]}: a run diverged",
            linestyle="none",
            marker="x",
            markersize=7,
            markeredgewidth=1.8,
            color=colour,
            zorder=4,
        )


def _limits(panels: Sequence[Mapping[str, Sequence[Point]]]) -> tuple[float, float]:
    """The range of the accuracy axis in percent: of the lrs at which no run diverged, where there are such."""
    found = [point for arms in panels for points in arms.values() for point in points]
    sound = [point for point in found if not point.diverged] or found
    ends = [end for point in sound for end in (*point.accuracies, point.mean - (point.sd or 0))]
    ends += [point.mean + (point.sd or 0) for point in sound]
    low, high = 100 * min(ends), 100 * max(ends)
    room = 0.06 * (high - low) or 1
    return low - room - (room if len(sound) < len(found) else 0), high + room


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
