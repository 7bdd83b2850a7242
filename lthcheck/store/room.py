"""Room on a disk, for messages about files that could not be written."""

from __future__ import annotations

import math
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def room(folder: Path, needed: int) -> str:
    """What a file of `needed` bytes meets in a folder, which need not be there.

    >>> from pathlib import Path
    >>> room(Path("/"), 3072).startswith("3.0 KiB needed, ")
    True
    """
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return f"{_shown(needed)} needed, {_shown(shutil.disk_usage(folder).free)} free"


def _shown(size: int) -> str:
    power = min(int(math.log(max(size, 1), 1024)), 3)
    return f"{size / 1024**power:.{min(power, 1)}f} {('B', 'KiB', 'MiB', 'GiB')[power]}"
