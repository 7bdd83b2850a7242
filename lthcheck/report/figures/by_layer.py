"""The density of each prunable layer of the tickets, in network order, one panel a method."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from lthcheck.report.figures.sheet import COLUMNS, legend, paged, png, tidy
from lthcheck.report.words import rate, study_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from lthcheck.report.figures.sheet import Page
    from lthcheck.report.figures.theme import Theme

    Ticket = Mapping[str, Any]

MARKERS = "osD^vP*X<>hp"
WHOLE = "all layers together"
EMPTY = "no weight stays"


def pages(record: Mapping[str, Any]) -> list[Page]:
    """The share of weights that stay in each layer, mean and range over seeds, one line a sparsity.

    Shown are the tickets at the lr of their cell's conditions. The axis is logarithmic, as the ladder of sparsities is.
    """
    layers = record.get("layers")
    if not layers:
        return []
    by_method = [list(tickets) for _, tickets in groupby(layers["tickets"], key=lambda ticket: ticket["method"])]
    return [partial(_draw, record, page) for page in paged(by_method, COLUMNS)]


def _draw(record: Mapping[str, Any], by_method: Sequence[Sequence[Ticket]], theme: Theme) -> bytes:
    names, weights = record["layers"]["names"], record["layers"]["weights"]
    labels = [f"{name}  ({count:,})" for name, count in zip(short(names), weights, strict=True)]
    rates = sorted({ticket["sparsity"] for tickets in by_method for ticket in tickets})
    low = min(
        (
            least / count
            for tickets in by_method
            for ticket in tickets
            for least, count in zip(ticket["least"], weights, strict=True)
            if least
        ),
        default=0.01,
    )

    def paint(figure: Figure) -> None:
        every = list(figure.subplots(1, len(by_method), squeeze=False, sharey=True, sharex=True).flat)
        for axes, tickets in zip(every, by_method, strict=True):
            _panel(axes, tickets, weights, rates, theme)
            axes.set_title(tickets[0]["method"] or "", fontsize=10, parse_math=False)
            axes.set_xlabel("weights that stay, %")
        _scale(every[0], 100 * low)
        every[0].set_yticks(range(len(labels)), labels, parse_math=False)
        every[0].set_ylim(len(labels) - 0.5, -0.5)
        legend(figure, every, ["sparsity", WHOLE, EMPTY], 3 if len(by_method) == 1 else 5)

    legend_rows = len(rates) / (3 if len(by_method) == 1 else 5)
    height = 0.24 * len(labels) + 1.9 + 0.2 * legend_rows
    return png(theme, (2.4 + 3.6 * len(by_method), height), study_name(record), paint)


def short(names: Sequence[str]) -> list[str]:
    """The names without the ".weight" that all of them end in."""
    same = all(name.endswith(".weight") for name in names)
    return [name.removesuffix(".weight") for name in names] if same else list(names)


def _panel(axes: Axes, tickets: Sequence[Ticket], weights: Sequence[int], rates: Sequence[float], theme: Theme) -> None:
    from matplotlib import colormaps

    first, last = theme.shades
    total = sum(weights)
    for ticket in tickets:
        index = rates.index(ticket["sparsity"])
        # a single sparsity lies in the middle of the shades
        colour = colormaps["viridis"](first + (last - first) * (index / (len(rates) - 1) if len(rates) > 1 else 0.5))
        kept, least, most = (
            [100 * count / of for count, of in zip(ticket[key], weights, strict=True)]
            for key in ("kept", "least", "most")
        )
        rows = [row for row, density in enumerate(kept) if density > 0]
        axes.errorbar(
            [kept[row] for row in rows],
            rows,
            xerr=[[kept[row] - least[row] for row in rows], [most[row] - kept[row] for row in rows]],
            label=f"sparsity {rate(ticket['sparsity'])}",
            color=colour,
            marker=MARKERS[index % len(MARKERS)],
            markersize=5,
            linewidth=1.2,
        )
        axes.axvline(100 * sum(ticket["kept"]) / total, color=colour, linewidth=0.9, linestyle=":", zorder=1)
        empty = [row for row, density in enumerate(kept) if density <= 0]
        if empty:
            axes.plot(
                [0.02] * len(empty),
                empty,
                transform=axes.get_yaxis_transform(),
                linestyle="none",
                marker="x",
                markersize=7,
                color=colour,
                label=EMPTY,
            )
    axes.plot([], [], color=theme.ink, linewidth=0.9, linestyle=":", label=WHOLE)
    tidy(axes, theme, "both")


def _scale(axes: Axes, low: float) -> None:
    """From below the emptiest layer to 100 %, with ticks that read as plain numbers."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low / 1.6, 130)
    steps = [mantissa * 10.0**power for power in range(-6, 3) for mantissa in (1, 2, 5)]
    inside = [step for step in steps if low / 1.6 <= step <= 100]
    shown = inside if len(inside) <= 8 else [step for step in inside if f"{step:e}"[0] == "1"]
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FixedFormatter([f"{step:g}" for step in shown]))
