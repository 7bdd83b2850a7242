"""Where data are found and kept."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def place() -> Path:
    """The folder for what was made or downloaded: `$LTHCHECK_CACHE/data`, else in the user's cache folder."""
    if chosen := os.environ.get("LTHCHECK_CACHE"):
        return Path(chosen) / "data"
    import platformdirs  # here, since a machine that only trains need not have it

    return platformdirs.user_cache_path("lthcheck") / "data"


def kept() -> Path:
    """The same, made where it is not there yet."""
    folder = place()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        rule = f"must be a folder that can be made ({error.strerror})"
        raise ValueError(f"cache={str(folder)!r} {rule}; name another with the variable LTHCHECK_CACHE") from error
    return folder


def given(data_dir: Path | None) -> Path:
    """The folder that data sets are looked for in: `data_dir`, else `$LTHCHECK_DATA`, else `place()`."""
    return Path(data_dir or os.environ.get("LTHCHECK_DATA") or place())


def write(path: Path, content: bytes) -> None:
    """Writes a file at once: a reader sees all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
