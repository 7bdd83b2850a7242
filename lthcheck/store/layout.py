"""Where a run lies in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEPT = r"result\.json|(?:step-\d+|correct-\d+|mask|checkpoint)\.safetensors"  # the names of a run's files


def folder_of(root: Path, key: str) -> Path:
    """The folder of a run, which need not be there."""
    return root.joinpath("runs", key[:2], key)
