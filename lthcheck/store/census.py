"""The census: what lies in a store, counted without reading it.

Only what a store itself writes is seen: folders and plain files with the names of its layout. Symbolic links are never
followed, so that nothing outside the store is counted, or removed by those who go by the census.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lthcheck.store.layout import KEPT, folder_of
from lthcheck.store.sealed import unsealed

_CORRUPT = r"(\.[0-9a-f]{8})?\.corrupt"  # set aside; with a number of its own where the name was taken
_RANDOM = r"\.[a-z0-9_]{8}"  # half-written, under a hidden name
_FILE = re.compile(rf"{KEPT}|({KEPT}){_CORRUPT}|\.({KEPT}){_RANDOM}")
_STUDY = re.compile(rf"\.[0-9a-f]{{16}}\.json{_RANDOM}")
_FORMAT = re.compile(rf"\.format{_RANDOM}")
_SHA256 = r"[0-9a-f]{64}\.safetensors"
_GIVEN = re.compile(_SHA256)
_NOT_GIVEN = re.compile(rf"{_SHA256}{_CORRUPT}|\.{_SHA256}{_RANDOM}")
_PROBE = re.compile(r"tmp[a-z0-9_]{8}")  # of a process that was killed while it opened the store


@dataclass(frozen=True)
class File:
    """A file as it lay there when it was seen; one that was written anew since is not equal to it."""

    path: Path
    bytes: int
    written: float
    inode: int

    @property
    def name(self) -> str:
        """Without its folder."""
        return self.path.name


@dataclass(frozen=True)
class RunFolder:
    """What lies there of one run."""

    key: str
    files: tuple[File, ...]

    @property
    def names(self) -> set[str]:
        """Of its files."""
        return {file.name for file in self.files}

    @property
    def done(self) -> bool:
        """Whether there is a result, sound or not."""
        return "result.json" in self.names

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(file.bytes for file in self.files)


def census(root: Path) -> dict[str, RunFolder]:
    """All runs of which anything lies in the store, by key."""
    found = {}
    for group in _folders(root, "runs"):
        if re.fullmatch("[0-9a-f]{2}", group.name):
            for path in _folders(root / "runs", group.name):
                if re.fullmatch(f"{group.name}[0-9a-f]{{62}}", path.name):
                    found[path.name] = run_folder(root, path.name)
    return found


def run_folder(root: Path, key: str) -> RunFolder:
    """One run's."""
    path = folder_of(root, key)
    plain = not any(folder.is_symlink() for folder in (path, path.parent, path.parent.parent))
    return RunFolder(key, tuple(_files(path, _FILE)) if plain else ())


def strays(root: Path) -> list[File]:
    """What killed processes left outside the runs' folders, and what was set aside there."""
    probes = (file for file in _files(root, _PROBE) if file.bytes == 0)
    return [*_inside(root, "studies", _STUDY), *_inside(root, "given", _NOT_GIVEN), *_files(root, _FORMAT), *probes]


def given(root: Path) -> list[File]:
    """Weights and masks of the user's own."""
    return _inside(root, "given", _GIVEN)


def peek(root: Path, key: str) -> dict[str, Any] | None:
    """A run's result; None where there is none that is sound. Unlike the store, it sets nothing aside."""
    try:
        path = folder_of(root, key) / "result.json"
        payload = unsealed(path.read_bytes(), key, path)
    except FileNotFoundError:
        return None
    return None if payload is None else dict(json.loads(payload))


def bytes_of(folders: Mapping[str, RunFolder], keys: set[str]) -> int:
    """What the runs with these keys take on disk."""
    return sum(folders[key].bytes for key in keys if key in folders)


def _inside(root: Path, name: str, pattern: re.Pattern[str]) -> list[File]:
    return [] if (root / name).is_symlink() else list(_files(root / name, pattern))


def _folders(root: Path, name: str) -> list[os.DirEntry[str]]:
    if (root / name).is_symlink():
        return []
    return [entry for entry in _scan(root / name) if entry.is_dir(follow_symlinks=False)]


def _files(folder: Path, pattern: re.Pattern[str]) -> Iterator[File]:
    for entry in _scan(folder):
        if pattern.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            try:
                seen = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # another process has removed it
                continue
            yield File(folder / entry.name, seen.st_size, seen.st_mtime, seen.st_ino)


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
