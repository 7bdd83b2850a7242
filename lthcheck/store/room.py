"""Room on a disk, for messages about files that could not be written."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from lthcheck.size import size

if TYPE_CHECKING:
    from pathlib import Path


def room(folder: Path, needed: int) -> str:
    """What a file of `needed` bytes meets in a folder, which need not be there.

    >>> from pathlib import Path
    >>> room(Path("/"), 3000).startswith("3.0 kB needed, ")
    True
    """
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return f"{size(needed)} needed, {size(shutil.disk_usage(folder).free)} free"
