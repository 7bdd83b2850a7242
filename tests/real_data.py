"""The real data that tests run on, where there are any: `$LTHCHECK_DATA`, or ../shared/data beside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from lthcheck.data import folder

HERE = Path(os.environ.get("LTHCHECK_DATA") or Path(__file__).parents[2] / "shared" / "data")
CIFAR10 = "cifar-10-batches-py"
NO_CIFAR10 = "no CIFAR-10: LTHCHECK_DATA or ../shared/data must have it, or the packs of it"


def cifar10() -> Path | None:
    """The folder that torchvision would be given for CIFAR-10; packs are unpacked into the cache, once for all."""
    if (HERE / CIFAR10).is_dir():
        return HERE
    packs = sorted((HERE / "packs").glob("cifar10_part*.pack"))
    if not packs:
        return None
    place = folder.kept() / "unpacked"
    with FileLock(f"{place}.lock"):
        if not place.is_dir():
            with tempfile.TemporaryDirectory(dir=place.parent) as made:
                subprocess.run([sys.executable, HERE / "unpack.py", made, *packs], check=True, capture_output=True)
                shutil.copytree(made, f"{place}.part", dirs_exist_ok=True)
            os.replace(f"{place}.part", place)
    return place
