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
ROOM_ABOVE = 1.15  # where the numbers stand above, since bars take the sides
HEADS = {1: "1 sparsity,\nrecipe", 2: "2 LT - SDT", 3: "3 LT - RR", 4: "4 LT - dense", 5: "5 LT - best dense"}
HOLDS = {True: "holds", False: "does not hold", None: "unknown"}
MARKERS = {True: "o", False: "X", None: "$?$"}
ASKED = "what the condition asks for"
INTERVAL = "interval"


def pages(record: Mapping[str, Any]) -> list[Page]:
    """One row a cell, one panel a condition, with its gap in pt; at most `ROWS` cells a page.

    A disc holds and a cross does not; the shaded side of a panel is the one that holds. Gaps that would press the rest
    together stand at the edge, with their number. Bars are the intervals that the rule confident gives; one that goes
    on beyond the axis ends in an arrow.
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
        legend(figure, every, [*HOLDS.values(), ASKED, INTERVAL], 5 if _barred(record) else 4)

    height = 0.5 if _barred(record) else 0.36
    return png(theme, (11.1, height * len(cells) + 1.7), study_name(record), paint)


def _panel(
    axes: Axes, record: Mapping[str, Any], cells: Sequence[Cell], number: int, limit: float, theme: Theme
) -> None:
    asked, room = thresholds(record).get(number), ROOM_ABOVE if _barred(record) else ROOM
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
        if _barred(record):  # one of no colour for the legend
            nowhere = [float("nan")]
            axes.errorbar(nowhere, nowhere, xerr=nowhere, fmt="none", ecolor=theme.ink, capsize=3, label=INTERVAL)
    colours = {True: theme.holds, False: theme.fails, None: theme.ink}
    for row, cell in enumerate(cells):
        one = next((found for found in cell["conditions"] if found["id"] == number), None)
        if one is None:
            continue
        gap = 0.0 if asked is None or one["gap"] is None else 100 * one["gap"]
        inside = max(-limit / room, min(limit / room, gap))
        if asked is not None and one.get("interval") is not None:
            _bar(axes, row, [100 * end for end in one["interval"]], limit, colours[one["holds"]])
        looks: dict[str, Any] = {"marker": MARKERS[one["holds"]], "markeredgewidth": 0}
        if _barred(record) and one["holds"] is None:  # a question mark would drown in its bar
            looks = {"marker": "o", "markerfacecolor": theme.paper, "markeredgewidth": 1.5}
        axes.plot(
            [inside],
            [row],
            linestyle="none",
            markersize=7,
            color=colours[one["holds"]],
            clip_on=False,
            zorder=3,
            label=HOLDS[one["holds"]],
            **looks,
        )
        if asked is not None and one["gap"] is not None:
            left = one["gap"] < asked
            place: dict[str, Any] = {
                "xytext": (-7 if left else 7, 0),
                "ha": "right" if left else "left",
                "va": "center",
            }
            if _barred(record):
                place |= {"xytext": (0, 5), "va": "bottom"}
            number_shown = points(one["gap"], asked).removesuffix(" pt")
            axes.annotate(number_shown, (inside, row), textcoords="offset points", fontsize=8, **place)
    tidy(axes, theme, "y" if asked is None else "both")


def _barred(record: Mapping[str, Any]) -> bool:
    return bool(record["rule"] == "confident")


def _bar(axes: Axes, row: int, ends: Sequence[float], limit: float, colour: str) -> None:
    """An interval, its ends capped, or turned to arrows where the axis ends before them."""
    edge = 0.97 * limit
    shown = [max(-edge, min(edge, end)) for end in ends]
    axes.plot(shown, [row, row], color=colour, linewidth=1.5, solid_capstyle="butt")
    for end, place, arrow in zip(ends, shown, "<>", strict=True):
        marker = "|" if end == place else arrow
        axes.plot([place], [row], linestyle="none", marker=marker, markersize=7, color=colour, clip_on=False)


def _limit(record: Mapping[str, Any], cells: Sequence[Cell]) -> float:
    """How far the axis of gaps reaches on both sides, in pt."""
    asked = [one for cell in cells for one in cell["conditions"] if one["id"] > 1]
    gaps = [abs(100 * one["gap"]) for one in asked if one["gap"]]
    widest = max([*gaps, *(abs(100 * end) for one in asked for end in one.get("interval") or ())], default=0.0)
    usual = max(5.0 if _barred(record) else 10.0, 4 * statistics.median(gaps)) if gaps else 0.0
    least = 300 * max(record["delta"], record["gamma"])
    return (ROOM_ABOVE if _barred(record) else ROOM) * max(min(widest, usual), least) or 1.0


def _label(cell: Cell) -> str:
    where = "sparsity ?" if cell["sparsity"] is None else rate(cell["sparsity"])
    lrs = dict.fromkeys(one["witness_lr"] for one in cell["conditions"] if one["witness_lr"] is not None)
    at = f", lr {', '.join(f'{lr:g}' for lr in lrs)}" if lrs else ""
    return f"{cell['method'] or ''} {where}{at}: {PRIZES[cell['verdict']].lower()}".strip()
