"""Writing: a study's record, report and figures in one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lthcheck.report import atomic
from lthcheck.report.figures import accuracy_by_lr
from lthcheck.report.markdown import markdown
from lthcheck.report.record import dumps
from lthcheck.report.stem import stem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["stem", "write"]


def write(record: Mapping[str, Any], folder: Path, stem: str) -> list[Path]:
    """Write `stem`.json, `stem`.md and the figures, each in one step; the folder is made where there is none.

    Returns:
        The files: JSON, Markdown, figures.

    Raises:
        ValueError: the record holds what JSON cannot.
        OSError: the folder takes no files.
    """
    text = dumps(record)
    figures = accuracy_by_lr(record, folder, stem=stem)
    report = markdown(record, [figure.name for figure in figures])
    markdown_file = atomic.write_bytes(folder / f"{stem}.md", report.encode())
    # The record last: where it is, everything made from it is.
    record_file = atomic.write_bytes(folder / f"{stem}.json", text.encode())
    return [record_file, markdown_file, *figures]
