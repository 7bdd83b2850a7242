"""Sealed files: a line of JSON with the key, the file's name and the sha256 of both and of what follows."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from lthcheck.store.room import room

FORMAT = "lthcheck.store/1"
HEADER_BYTES = 4096  # none is longer
PIECE_BYTES = 1 << 20  # of a file that is read piece by piece
OTHER = f"another version of lthcheck wrote it, this one reads {FORMAT!r}; upgrade lthcheck or name another store"


class StoreError(OSError):
    """A file could not be written; the message says which, why, and what to do."""


class OtherVersion(ValueError):
    """Another version of lthcheck wrote what lies in the store."""


class Unsound(ValueError):
    """A file is not what was written there."""


def write_sealed(path: Path, key: str, payload: bytes) -> None:
    """Writes a file with its header at once: a reader sees all of it, or what was there before.

    Raises:
        StoreError: if it cannot be written.
    """
    try:
        put(path, json.dumps(_header(key, path.name, payload)).encode() + b"\n", payload)
    except OSError as error:
        raise unwritten(path, error, len(payload)) from error


def unwritten(path: Path, error: OSError, size: int) -> StoreError:
    """What is told of a file of `size` bytes that could not be written."""
    return StoreError(
        f"{path} could not be written ({error.strerror}; {room(path.parent, size)}); make room or name another "
        "store; what was finished is kept"
    )


def unsealed(content: bytes, key: str, path: Path) -> bytes | None:
    """What stands below the header; None if it is not what was written there.

    Raises:
        OtherVersion: for a header of another format.
    """
    head, _, payload = content.partition(b"\n")
    return payload if _read(head, path) == _header(key, path.name, payload) else None


def pieces(stream: IO[bytes], key: str, path: Path) -> Iterator[bytes]:
    """A sealed file, its header first, with no more than a megabyte of it in memory.

    Raises:
        Unsound: after the last piece, if they are not what was written there.
        OtherVersion: for a header of another format.
    """
    head = stream.readline(HEADER_BYTES)
    header = _read(head, path)
    yield head
    digest = _digest(key, path.name)
    while piece := stream.read(PIECE_BYTES):
        digest.update(piece)
        yield piece
    if header != _stated(key, path.name, digest.hexdigest()):
        raise Unsound(f"{path} is not what was written there")


def put(path: Path, *parts: bytes) -> None:
    """Writes a file in one step."""
    put_all(path, parts)


def put_all(path: Path, parts: Iterable[bytes]) -> None:
    """The same from pieces that are made on the way; where making them fails, nothing is written."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.writelines(parts)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _read(head: bytes, path: Path) -> object:
    """What a header says; None if it is none."""
    try:
        header = json.loads(head)
    except (ValueError, RecursionError):
        return None
    found = header.get("format") if isinstance(header, dict) else None
    if isinstance(found, str) and found != FORMAT and re.fullmatch(r"lthcheck\.store/\d+", found):
        raise OtherVersion(f"{path} is of format {found!r}; {OTHER}")
    return header


def _header(key: str, file: str, payload: bytes) -> dict[str, str]:
    digest = _digest(key, file)
    digest.update(payload)
    return _stated(key, file, digest.hexdigest())


def _digest(key: str, file: str) -> hashlib._Hash:
    return hashlib.sha256(f"{key}\n{file}\n".encode())


def _stated(key: str, file: str, sha256: str) -> dict[str, str]:
    return {"format": FORMAT, "key": key, "file": file, "sha256": sha256}
