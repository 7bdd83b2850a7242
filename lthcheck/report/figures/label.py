"""The label of a picture: what it was drawn from, so that it is not drawn again for the same."""

from __future__ import annotations

import hashlib
import zlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from lthcheck import __version__
from lthcheck.expression import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

IHDR_END = 33  # bytes: a PNG's signature and its first chunk, which is of fixed size


def label(record: Mapping[str, Any]) -> bytes:
    """The same for all records that differ in cost and environment alone, and for one version of what draws."""
    drawn = {name: value for name, value in record.items() if name not in ("cost", "environment")}
    versions = [__version__, *(version(name) for name in ("matplotlib", "pillow"))]
    return hashlib.sha256(canonical_json([drawn, versions]).encode()).hexdigest().encode()


def labelled(png: bytes, label: bytes) -> bytes:
    """The picture with its label in a chunk of text."""
    body = b"tEXtrecord\0" + label
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:IHDR_END] + chunk + png[IHDR_END:]


def bears(path: Path, label: bytes) -> bool:
    """Whether the file is a picture with this label."""
    try:
        with path.open("rb") as file:
            return b"record\0" + label in file.read(IHDR_END + 200)
    except OSError:
        return False
