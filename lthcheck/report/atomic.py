"""Atomic files: a reader, or a run that was killed, never sees half a report."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from lthcheck.store.room import room

if TYPE_CHECKING:
    from pathlib import Path


def write_bytes(path: Path, content: bytes) -> Path:
    """Write `content` to `path` in one step, and create the folder where there is none.

    Raises:
        OSError: the folder cannot be made or written, or the disk is full; the old file, if any, stays as it was.
    """
    # Not tempfile: its files are readable by their owner alone, and a report is to be shared.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            f"{path} must be written to a folder that takes files ({error.strerror}; "
            f"{room(path.parent, len(content))}); make room or name another folder"
        ) from error
    return path
