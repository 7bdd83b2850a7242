"""The gap of conditions 2 to 5 against what each asks for, one row a cell."""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING, Any

from lthcheck.report.figures.sheet import legend, paged, png, tidy
from lthcheck.report.words import PRIZES, margin, points, rate, study_name, thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lthcheck.report.figures.sheet import Page
    from lthcheck.report.figures.theme import Theme
    from lthcheck.report.series import Cell

ROWS = 28  # two methods on the ladder of 14 sparsities
ROOM = 1.7  # of the axis to that of the gaps, so that their numbers stay inside
HEADS = {1: "1 sparsity,\nrecipe", 2: "2 LT - SDT", 3: "3 LT - RR", 4: "4 LT - dense", 5: "5 LT - best dense"}
HOLDS = {True: "holds", False: "does not hold", None: "unknown"}
MARKERS = {True: "o", False: "X", None: "$?$"}
ASKED = "what the condition asks for"


def pages(record: Mapping[str, Any]) -> list[Page]:
    """One row a cell, one panel a condition, with its gap in pt; at most `ROWS` cells a page.

    A disc holds and a cross does not; the shaded side of a panel is the one that holds. Gaps that would press the rest
    together stand at the edge, with their number.
    """
    cells = [cell for cell in record["cells"] if cell["conditions"]]
    return [partial(_draw, record, page) for page in paged(cells, ROWS)]


def _draw(record: Mapping[str, Any], cells: Sequence[Cell], theme: Theme) -> bytes:
    limit = _limit(record, cells)

    def paint(figure: Figure) -> None:
        every = list(figure.subplots(1, 5, sharey=True, width_ratios=[0.35, 1, 1, 1, 1]))
        for number, axes in enumerate(every, start=1):
            _panel(axes, record, cells, number, limit, theme)
        every[0].set_yticks(range(len(cells)), [_label(cell) for cell in cells], parse_math=False)
        every[0].set_ylim(len(cells) - 0.4, -0.6)
        legend(figure, every, [*HOLDS.values(), ASKED], 4)

    return png(theme, (11.1, 0.36 * len(cells) + 1.7), study_name(record), paint)


def _panel(
    axes: Axes, record: Mapping[str, Any], cells: Sequence[Cell], number: int, limit: float, theme: Theme
) -> None:
    asked = thresholds(record).get(number)
    axes.set_title(HEADS[number], fontsize=10)
    axes.tick_params(axis="y", length=0)
    if asked is None:
        axes.set_xticks([])
        axes.set_xlim(-1, 1)
    else:
        axes.set_xlabel("gap, pt")
        axes.axvspan(100 * asked, limit, color=theme.band, alpha=0.5, linewidth=0)
        axes.axvline(100 * asked, color=theme.ink, linewidth=1, label=ASKED)
        axes.set_xlim(-limit, limit)
        sign = ">" if number in (2, 3) else ">="
        axes.set_title(f"{HEADS[number]}\n{sign} {margin(asked)}", fontsize=10)
    colours = {True: theme.holds, False: theme.fails, None: theme.ink}
    for row, cell in enumerate(cells):
        one = next((found for found in cell["conditions"] if found["id"] == number), None)
        if one is None:
            continue
        gap = 0.0 if asked is None or one["gap"] is None else 100 * one["gap"]
        inside = max(-limit / ROOM, min(limit / ROOM, gap))
        axes.plot(
            [inside],
            [row],
            linestyle="none",
            marker=MARKERS[one["holds"]],
            markersize=7,
            color=colours[one["holds"]],
            markeredgewidth=0,
            clip_on=False,
            zorder=3,
            label=HOLDS[one["holds"]],
        )
        if asked is not None and one["gap"] is not None:
            left = one["gap"] < asked
            axes.annotate(
                points(one["gap"], asked).removesuffix(" pt"),
                (inside, row),
                xytext=(-7 if left else 7, 0),
                textcoords="offset points",
                ha="right" if left else "left",
                va="center",
                fontsize=8,
            )
    tidy(axes, theme, "y" if asked is None else "both")


def _limit(record: Mapping[str, Any], cells: Sequence[Cell]) -> float:
    """How far the axis of gaps reaches on both sides, in pt."""
    gaps = [abs(100 * one["gap"]) for cell in cells for one in cell["conditions"] if one["id"] > 1 and one["gap"]]
    widest = max(gaps, default=0.0)
    usual = max(10.0, 4 * statistics.median(gaps)) if gaps else 0.0
    least = 300 * max(record["delta"], record["gamma"])
    return ROOM * max(min(widest, usual), least) or 1.0


def _label(cell: Cell) -> str:
    where = "sparsity ?" if cell["sparsity"] is None else rate(cell["sparsity"])
    lrs = dict.fromkeys(one["witness_lr"] for one in cell["conditions"] if one["witness_lr"] is not None)
    at = f", lr {', '.join(f'{lr:g}' for lr in lrs)}" if lrs else ""
    return f"{cell['method'] or ''} {where}{at}: {PRIZES[cell['verdict']].lower()}".strip()
