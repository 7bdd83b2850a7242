"""The parts of a stream: written as files of at most so many bytes, and read as one again."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from lthcheck.store.label import LABEL_BYTES, Label, payload


class Parts:
    """A stream into files beside `path`, under hidden names until `finish`; without it, `discard` leaves nothing.

    Args:
        most: bytes of a file, its label included; None for one file.
    """

    def __init__(self, path: Path, most: int | None) -> None:
        self.path, self.most = path, most
        self._token = secrets.token_hex(4)
        self._whole = hashlib.sha256()
        self._made: list[tuple[Path, int, str]] = []  # of each part: where it is, bytes and sha256 of its payload
        self._written = 0
        self._open()

    def write(self, data: bytes) -> int:
        """See `io.RawIOBase`."""
        left, size = memoryview(data), len(data)
        self._whole.update(left)
        while left:
            room = len(left) if self.most is None else self.most - LABEL_BYTES - self._bytes
            if not room:
                self._end()
                self._open()
                continue
            piece, left = left[:room], left[room:]
            self._file.write(piece)
            self._own.update(piece)
            self._bytes += len(piece)
        return size

    def flush(self) -> None:
        """See `io.IOBase`."""
        self._file.flush()

    def finish(self) -> list[Path]:
        """Labels the parts and gives them their names; a single one has the name itself.

        Raises:
            FileExistsError: if one of the names is taken.
        """
        self._end()
        pack, of = self._whole.hexdigest(), len(self._made)
        names = [self.path] if of == 1 else [part_name(self.path, part, of) for part in range(1, of + 1)]
        for name in names:
            refuse_taken(name)
        for part, (made, size, sha256) in enumerate(self._made, start=1):
            with made.open("r+b") as file:
                file.write(Label(pack, part, of, size, sha256).written())
                file.flush()
                os.fsync(file.fileno())
        for name, (made, _, _) in zip(names, self._made, strict=True):
            made.replace(name)
        return names

    def discard(self) -> None:
        """Removes what has no name of its own yet."""
        self._file.close()
        for made in self.path.parent.glob(f".{self._token}.*.part"):
            made.unlink(missing_ok=True)

    def _open(self) -> None:
        self._place = self.path.parent / f".{self._token}.{len(self._made)}.part"
        self._file: IO[bytes] = self._place.open("xb")
        self._file.write(bytes(LABEL_BYTES))
        self._bytes, self._own = 0, hashlib.sha256()

    def _end(self) -> None:
        self._file.close()
        self._made.append((self._place, self._bytes, self._own.hexdigest()))


class Joined:
    """What parts hold, as one stream to read; one file is open at a time."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._left = list(paths)
        self._file: IO[bytes] | None = None

    def read(self, size: int, /) -> bytes:
        """See `io.RawIOBase`."""
        while self._file is not None or self._left:
            if self._file is None:
                self._file = payload(self._left.pop(0).open("rb"))
            if piece := self._file.read(size):
                return piece
            self._file.close()
            self._file = None
        return b""

    def seek(self, offset: int, /) -> int:
        """Not possible, and not needed: a pack is read from its beginning to its end."""
        raise OSError(f"cannot go to {offset}")

    def close(self) -> None:
        """See `io.IOBase`."""
        if self._file is not None:
            self._file.close()


def part_name(path: Path, part: int, of: int) -> Path:
    """The name of one of several parts; by letters they sort as by number.

    >>> part_name(Path("study.pack"), 2, 12).name
    'study.pack.02of12'
    """
    return path.with_name(f"{path.name}.{part:0{len(str(of))}}of{of}")


def refuse_taken(path: Path) -> None:
    """Refuses a name that something has, or a part of it.

    Raises:
        FileExistsError: with the remedy.
    """
    if os.path.lexists(path):
        raise FileExistsError(f"{path} is there already, and a pack overwrites nothing; remove it or name another file")
