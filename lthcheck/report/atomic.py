"""Atomic files: a reader, or a run that was killed, never sees half a report."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

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
            error.errno,
            f"the report {path.name} must be written to a folder that takes files ({error.strerror}); "
            "make room or choose another folder with --lth-report-dir, --report-dir or --out",
            str(path.parent),
        ) from error
    return path
