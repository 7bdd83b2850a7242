"""Writing: a study's record, and all that is made from it, in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lthcheck.report import atomic
from lthcheck.report.badge import badge
from lthcheck.report.figures import draw
from lthcheck.report.markdown import markdown
from lthcheck.report.record import dumps
from lthcheck.report.series import opened
from lthcheck.report.stem import stem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["render", "stem", "write"]


def write(record: Mapping[str, Any], folder: Path, stem: str) -> list[Path]:
    """Write `stem`.json and what `render` makes from it, each in one step; the folder is made where there is none.

    Returns:
        The files: JSON, Markdown, badge, figures.

    Raises:
        ValueError: the record holds what JSON cannot.
        OSError: the folder takes no files.
    """
    text = dumps(record)
    made = render(record, folder, stem, anew=False)
    # The record last: where it is, everything made from it is.
    return [atomic.write_bytes(folder / f"{stem}.json", text.encode()), *made]


def render(record: Mapping[str, Any], folder: Path, stem: str, *, anew: bool = True) -> list[Path]:
    """Write what a record is made into: `stem`.md, `stem`-badge.json and the figures.

    Args:
        anew: draw also the figures that are there already, drawn from the same.

    Returns:
        The files: Markdown, badge, figures.

    Raises:
        OSError: the folder takes no files.
    """
    record = opened(record)
    pictures = draw(record, folder, stem, anew=anew)
    files = [
        atomic.write_bytes(folder / f"{stem}.md", markdown(record, pictures).encode()),
        atomic.write_bytes(folder / f"{stem}-badge.json", badge(record).encode()),
    ]
    return files + [file for picture in pictures for file in (picture.light, picture.dark)]
