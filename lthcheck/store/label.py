"""The label of a pack: what stands before the bytes of each of its files, and tells one part from another.

512 bytes: a line of JSON, filled up with blanks. What follows is a part of the pack's stream, and of nothing else.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from typing import IO, TYPE_CHECKING

from lthcheck.store.sealed import PIECE_BYTES

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "lthcheck.pack/1"
LABEL_BYTES = 512
AGAIN = "copy it again from where it was packed"


@dataclass(frozen=True)
class Label:
    """What a file of a pack says of itself.

    Attributes:
        pack: sha256 of the whole stream, by which parts know each other.
        part: its number, from 1.
        of: how many parts there are.
        size: bytes of the stream that are in this part.
        sha256: of these.
    """

    pack: str
    part: int
    of: int
    size: int
    sha256: str

    def written(self) -> bytes:
        """The label as it stands in a file."""
        line = json.dumps({"format": FORMAT, **asdict(self), "label": self._seal()}).encode()
        assert len(line) < LABEL_BYTES
        return line.ljust(LABEL_BYTES - 1) + b"\n"

    def _seal(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


def read_label(path: Path) -> Label:
    """The label of a file, which is held against its length alone.

    Raises:
        ValueError: for a file that is no part of a pack, cut short, or damaged in its label.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(LABEL_BYTES)
        size = path.stat().st_size
    except OSError as error:
        raise ValueError(f"{path} must be a file that can be read ({error.strerror}); name one") from None
    named = re.match(rb'\{"format": "(lthcheck\.pack/\d+)"', head)
    if named is None:
        raise ValueError(f"{path} must be a file that `lthcheck pack` made; name one, or {AGAIN}")
    if named[1] != FORMAT.encode():
        rule = f"is of format {named[1].decode()!r}, and this version of lthcheck reads {FORMAT!r}"
        raise ValueError(f"{path} {rule}; upgrade lthcheck here or there")
    if len(head) < LABEL_BYTES:
        raise ValueError(f"{path} is cut short: {size} bytes are less than a label; {AGAIN}")
    label = _parsed(head)
    if label is None:
        raise ValueError(f"{path} is damaged: its label is not what was written; {AGAIN}")
    due = LABEL_BYTES + label.size
    if size < due:
        raise ValueError(f"{path} is cut short: {size:,} of {due:,} bytes; {AGAIN}")
    if size > due:
        raise ValueError(f"{path} is damaged: {size:,} bytes instead of {due:,}; {AGAIN}")
    return label


def payload(stream: IO[bytes]) -> IO[bytes]:
    """The stream, after its label."""
    stream.seek(LABEL_BYTES)
    return stream


def check_payload(path: Path, label: Label, whole: hashlib._Hash) -> None:
    """Holds a file against its label, and adds it to the digest of the whole.

    Raises:
        ValueError: if its bytes are not those that were packed.
    """
    own = hashlib.sha256()
    with path.open("rb") as file:
        stream = payload(file)
        while piece := stream.read(PIECE_BYTES):
            own.update(piece)
            whole.update(piece)
    if own.hexdigest() != label.sha256:
        raise ValueError(f"{path} is damaged: its bytes are not those that were packed; {AGAIN}")


def _parsed(head: bytes) -> Label | None:
    try:
        value = json.loads(head)
        label = Label(**{field.name: value[field.name] for field in fields(Label)})
    except (ValueError, KeyError, TypeError):
        return None
    return label if label.written() == head else None
