"""What a data set is, without its arrays, kept for as long as its files do not change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from lthcheck.data import folder
from lthcheck.expression import canonical_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lthcheck.data.arrays import Arrays
    from lthcheck.data.index import Index

# Raise it when the same files would be read as other arrays.
READER_VERSION = 1


@dataclass(frozen=True)
class Info:
    """A data set's name, sha256, shape of one input, number of classes and of samples."""

    name: str
    fingerprint: str
    shape: tuple[int, ...]
    classes: int
    train_size: int
    test_size: int


def info_of(name: str, read: Arrays | Index) -> Info:
    """See `Info`."""
    return Info(name, read.fingerprint, read.shape, read.classes, len(read.y_train), len(read.y_test))


Stamps = list[tuple[str, int, int]]


def stamps(files: Sequence[Path]) -> Stamps:
    """(path, bytes, time of change in ns) of each file."""
    return [(str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns) for file in files]


def recall(name: str, seen: Stamps) -> Info | None:
    """What was kept for files with these stamps, if anything."""
    try:
        record = json.loads(_place(name, seen).read_text())
        if record.pop("seen") != canonical_json(seen):
            return None
        return Info(**record | {"shape": tuple(record["shape"])})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keep(info: Info, seen: Stamps) -> None:
    """Keeps it for `recall`."""
    record = asdict(info) | {"seen": canonical_json(seen)}
    folder.write(_place(info.name, seen), canonical_json(record).encode())


def _place(name: str, seen: Stamps) -> Path:
    which = canonical_json([READER_VERSION, name, [path for path, *_ in seen]])
    return folder.kept() / f"info-{hashlib.sha256(which.encode()).hexdigest()[:32]}.json"
