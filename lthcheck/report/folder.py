"""The folder that files are written to: there and writable, or refused before any work is done for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def made(option: str, folder: Path) -> Path:
    """The folder, made where there is none.

    Raises:
        ValueError: with the option, if it cannot be made or takes no files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".lthcheck"
        probe.touch()
        probe.unlink(missing_ok=True)  # another command may look at the same time
    except OSError as error:
        rule = f"must be a folder that can be written ({error.strerror})"
        raise ValueError(f"{option}={str(folder)!r} {rule}; name another") from error
    return folder
