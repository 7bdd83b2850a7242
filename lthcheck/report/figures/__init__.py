"""Figures: a record as pictures, each for a light page and for a dark one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lthcheck.report import atomic
from lthcheck.report.figures import by_layer, by_lr, by_sparsity, gaps
from lthcheck.report.figures.hands import helped
from lthcheck.report.figures.label import bears, label, labelled
from lthcheck.report.figures.theme import DARK, LIGHT
from lthcheck.report.series import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from lthcheck.report.figures.sheet import Page
    from lthcheck.report.figures.theme import Theme


@dataclass(frozen=True)
class Figure:
    """What a record can be drawn as.

    Attributes:
        name: what its files are called after the stem.
        title: what it shows, in a few words.
        caption: how to read it.
        pages: its pages, one drawing each; none where the record holds nothing of the kind.
        confident: how to read what the rule confident adds.
    """

    name: str
    title: str
    caption: str
    pages: Callable[[Mapping[str, Any]], list[Page]]
    confident: str = ""


FIGURES = (
    Figure(
        "gaps",
        "Gap by condition",
        "Conditions 2 to 5 at the lr of each cell. A disc holds, a cross does not; the shaded side is the one that "
        "holds. Gaps that would press the rest together stand at the edge.",
        gaps.pages,
        "A ring is unknown. Bars are the gaps' intervals: lower ends for all tickets of the study at once, upper ends "
        "for one. An arrow points to an end beyond the axis.",
    ),
    Figure(
        "sparsity",
        "Accuracy by sparsity",
        "Every arm at its own best lr, means over seeds with sample sds as bars; above each sparsity stands its "
        "verdict. Sparsities are spaced by the ratio of what remains; below 0.60 condition 1 does not hold.",
        by_sparsity.pages,
    ),
    Figure(
        "lr",
        "Accuracy by learning rate",
        "Means over seeds with sample sds as bars. Curves far below every arm's best leave the frame; the tables hold "
        "all numbers.",
        by_lr.pages,
    ),
    Figure(
        "layers",
        "Density by layer",
        "The share of each prunable layer's weights that the ticket keeps, mean over seeds with the range as a bar, in "
        "the network's order; in brackets the layer's weights.",
        by_layer.pages,
    ),
)


@dataclass(frozen=True)
class Picture:
    """One page of a figure in a report's folder: the files for light and dark pages."""

    figure: Figure
    light: Path
    dark: Path


def draw(record: Mapping[str, Any], folder: Path, stem: str, *, anew: bool = True) -> list[Picture]:
    """Draw all that the record holds.

    Args:
        record: the record; nothing else is read.
        folder: where the files go; made where there is none.
        stem: how their names begin.
        anew: also what is there already, drawn from the same.

    Returns:
        The pictures, `stem`-lr.png and `stem`-lr-dark.png and so on, further pages as `stem`-lr-2.png. For one version
        of matplotlib and Pillow the bytes depend on the record alone.

    Raises:
        OSError: the folder takes no files.
    """
    record = opened(record)
    sheets = _sheets(record, folder, stem)
    mark = label(record)
    due = [name for name, sheet in sheets.items() if anew or not bears(sheet.file, mark)]
    with helped(json.dumps(record), folder, stem, due) as mine:
        _draw(sheets, mine, mark)
    _draw(sheets, [name for name in due if not bears(sheets[name].file, mark)], mark)
    pairs = zip(*[iter(sheets.values())] * 2, strict=True)
    return [Picture(light.figure, light.file, dark.file) for light, dark in pairs]


def draw_some(record: Mapping[str, Any], folder: Path, stem: str, names: Iterable[str]) -> None:
    """Draw the files of these names, of those that `draw` makes."""
    record = opened(record)
    _draw(_sheets(record, folder, stem), names, label(record))


@dataclass(frozen=True)
class _Sheet:
    """A page in a theme."""

    figure: Figure
    page: Page
    theme: Theme
    file: Path


def _sheets(record: Mapping[str, Any], folder: Path, stem: str) -> dict[str, _Sheet]:
    """All that the record is drawn as, by the name of the file; of each page the light one, then the dark one."""
    sheets = {}
    for figure in FIGURES:
        for number, page in enumerate(figure.pages(record), start=1):
            for theme in (LIGHT, DARK):
                name = f"{stem}-{figure.name}{'' if number == 1 else f'-{number}'}{theme.suffix}.png"
                sheets[name] = _Sheet(figure, page, theme, folder / name)
    return sheets


def _draw(sheets: Mapping[str, _Sheet], names: Iterable[str], mark: bytes) -> None:
    for name in names:
        sheet = sheets[name]
        atomic.write_bytes(sheet.file, labelled(sheet.page(sheet.theme), mark))
