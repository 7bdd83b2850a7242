"""A sheet: one figure as the bytes of a PNG, and what all figures share."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from lthcheck.report.figures.theme import Theme
from lthcheck.report.words import margin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

    from lthcheck.report.series import Point

Page = Callable[[Theme], bytes]
"""Draws one page of a figure in a theme, as a PNG."""

T = TypeVar("T")
PANELS = 6
COLUMNS = 3
BAND = "matches the best dense"
COLOURS = 64  # enough for smooth letters; a figure is a quarter of its size in full colour
LABELS = {
    "dense": "dense",
    "lt": "LT, own initialisation",
    "rr": "RR, fresh initialisation",
    "sdt": "SDT, small dense",
}
# Markers and lines tell the arms apart where colours do not.
MARKERS = {"dense": "o", "lt": "s", "rr": "^", "sdt": "D"}
LINES = {"dense": "-", "lt": "-", "rr": "--", "sdt": ":"}


def png(theme: Theme, size: tuple[float, float], title: str, paint: Callable[[Figure], None]) -> bytes:
    """Draw a figure.

    Args:
        size: width and height in inches.
        title: what stands above all panels.
        paint: puts the panels into the empty figure.

    Returns:
        A PNG that, for one version of matplotlib and Pillow, depends on the arguments alone.
    """
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image as Images

    # A reader's own matplotlibrc (other fonts, other colours) must not change the figure.
    with style.context(["default", theme.settings]):
        figure = Figure(figsize=size, dpi=160, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        figure.suptitle(textwrap.fill(title, int(11 * size[0])), fontsize=12, parse_math=False)
        paint(figure)
        canvas.draw()  # type: ignore[no-untyped-call]
        pixels = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
        full = Images.frombytes("RGBA", canvas.get_width_height(), pixels).convert("RGB")
    image = io.BytesIO()
    # An octree keeps the colours of small markers, which a median cut would merge.
    few = full.quantize(COLOURS, method=Images.Quantize.FASTOCTREE, dither=Images.Dither.NONE)
    _put_paper(few, theme.paper)
    few.save(image, format="png", optimize=True)
    return image.getvalue()


def _put_paper(image: Image, paper: str) -> None:
    """Make the background exactly the page's, from which the octree may be a shade off."""
    palette, background = image.getpalette(), image.tobytes()[0]  # a byte a pixel, the first is a corner
    assert palette is not None
    palette[3 * background : 3 * background + 3] = bytes.fromhex(paper.removeprefix("#"))
    image.putpalette(palette)


def paged(items: Sequence[T], size: int) -> list[Sequence[T]]:
    """The items, so many a page."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def grid_of_panels(count: int) -> tuple[int, int]:
    """Rows and columns for so many panels."""
    columns = 2 if count == 4 else min(count, COLUMNS)
    return math.ceil(count / columns), columns


def panels(figure: Figure, count: int, *, share_x: bool = False) -> list[Axes]:
    """So many panels that share their accuracy axis."""
    rows, columns = grid_of_panels(count)
    every = list(figure.subplots(rows, columns, squeeze=False, sharey=True, sharex=share_x).flat)
    for axes in every[count:]:
        axes.set_axis_off()
    return every[:count]


def band(axes: Axes, record: Mapping[str, Any], dense: Sequence[Point], theme: Theme) -> None:
    """What counts as matching the best dense network: at most delta below it."""
    if dense:
        best = 100 * max(point.mean for point in dense)
        label = f"{BAND} (delta {margin(record['delta'])})"
        axes.axhspan(best - 100 * record["delta"], best, color=theme.band, linewidth=0, label=label)


def tidy(axes: Axes, theme: Theme, lines: str = "y") -> None:
    """The looks of a panel: guides along one axis, and no frame above and on the right."""
    axes.grid(axis=lines, color=theme.grid, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def legend(figure: Figure, panels: Iterable[Axes], order: Sequence[str], columns: int) -> None:
    """One legend for all panels, below them; labels in the order of what they begin with."""
    handles: dict[str, Artist] = {}
    for axes in panels:
        found, labels = axes.get_legend_handles_labels()
        handles.update(zip(labels, found, strict=True))
    labels = sorted(handles, key=lambda label: [label.startswith(known) for known in order].index(True))
    if labels:
        figure.legend(
            [handles[label] for label in labels], labels, loc="outside lower center", ncols=columns, frameon=False
        )


def label_places(axes: Axes, places: Sequence[float], labels: Sequence[str], gap: float, span: float) -> None:
    """Ticks at the places that were measured, turned where their labels would touch.

    Args:
        gap: the smallest distance of two places.
        span: the distance of the outer two.
    """
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axes.xaxis.set_major_locator(FixedLocator(list(places)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FixedFormatter(list(labels)))
    # A label of k characters is about 6 k points wide; the grid has about 200 points of a panel's width.
    if span and gap / span * 200 < 6 * max(map(len, labels)) + 6:
        axes.tick_params(axis="x", labelrotation=90)


def accuracy_limits(panels: Sequence[Mapping[str, Sequence[Point]]]) -> tuple[float, float]:
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
