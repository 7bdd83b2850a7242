"""Pictures that lie in one folder a class, as torchvision's ImageFolder reads them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# As in torchvision, of what torchvision.io decodes
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def classes(root: Path) -> list[str]:
    """The names of the folders in `root`, sorted: the place of one is its label."""
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir())


def pictures(root: Path, names: Sequence[str], inside: str = "") -> Iterator[tuple[str, int, int]]:
    """(name under `root`, bytes, label) of each picture in the folders of the classes, in the order of their names.

    Args:
        inside: the folder in a class's folder that its pictures lie in.

    Raises:
        ValueError: for a class without pictures.
    """
    for label, name in enumerate(names):
        place = Path(name, inside).as_posix()
        with os.scandir(root / place) as entries:
            found = sorted(
                (entry.name, entry.stat().st_size) for entry in entries if entry.name.lower().endswith(SUFFIXES)
            )
        if not found:
            raise ValueError(f"{root / place} must hold pictures ({', '.join(SUFFIXES)}); unpack the data set again")
        yield from ((f"{place}/{file}", size, label) for file, size in found)
