"""Unpacking: a pack that is verified whole, and then taken into a store file by file.

Nothing is written before every byte of every part was held against its label, and every file in them against its own
seal. Names come from a pattern, never from the pack: what is not a file of a store is refused. Each file is written in
one step, so that whoever stops it leaves whole files, and the same command goes on. Nothing is unpickled.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tarfile
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import chain, groupby
from pathlib import Path
from typing import IO, Any

from lthcheck.run import TRAINER_VERSION
from lthcheck.store import ledger
from lthcheck.store.census import peek
from lthcheck.store.label import AGAIN, Label, check_payload, read_label
from lthcheck.store.layout import KEPT, folder_of
from lthcheck.store.ledger import Entry
from lthcheck.store.moment import step_of
from lthcheck.store.parts import Joined, part_name
from lthcheck.store.sealed import Unsound, pieces, unsealed
from lthcheck.store.store import Store

MOST_JSON = 1 << 26  # bytes of a study or result, which is held in memory
_STUDY = re.compile(r"studies/([0-9a-f]{16})\.json")
_RUN = re.compile(rf"runs/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})/({KEPT})")
_OF_ITS_TRAINING = ("seconds", "stack")  # of a result, what may differ where nothing else does


@dataclass(frozen=True)
class Pack:
    """A pack that was verified.

    Attributes:
        paths: of its parts, in order.
    """

    paths: tuple[Path, ...]
    studies: tuple[Entry, ...]


@dataclass
class Unpacked:
    """What became of a pack's files.

    Attributes:
        new: were not there.
        replaced: were there, and not what was written.
        there: were there already.
        told: why others stayed out, in one line each.
    """

    studies: tuple[Entry, ...]
    new: int = 0
    replaced: int = 0
    there: int = 0
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Member:
    """A file in a pack, to be read before the next one."""

    key: str
    name: str
    size: int
    stream: IO[bytes]
    path: Path  # in no store, for messages and its name

    def pieces(self) -> Iterator[bytes]:
        return pieces(self.stream, self.key, self.path)


def verified(paths: Sequence[Path]) -> list[Pack]:
    """The packs that some files are, in any order, one of them twice or not.

    Raises:
        ValueError: for a file that is no part of a pack, cut short or damaged, and for a pack that lacks a part.
        OtherVersion: for a pack of another version of lthcheck.
        OSError: if a file cannot be read.
    """
    labels: dict[str, dict[int, tuple[Path, Label]]] = {}
    for path in paths:
        label = read_label(path)
        labels.setdefault(label.pack, {}).setdefault(label.part, (path, label))
    for parts in labels.values():
        _check_whole(parts, alone=len(labels) == 1)
    made = []
    for digest, parts in labels.items():
        whole = hashlib.sha256()
        ordered = [parts[number] for number in sorted(parts)]
        for path, label in ordered:
            check_payload(path, label, whole)
        if whole.hexdigest() != digest:
            raise ValueError(f"{ordered[0][0]} is damaged: its parts together are not what was packed; {AGAIN}")
        made.append(Pack(files := tuple(path for path, _ in ordered), _studies(files)))
    return made


def unpack(store: Store, pack: Pack) -> Unpacked:
    """Takes a pack into a store; what is there already and sound stays as it is.

    A run that is being trained here stays as it is as well, and one that was trained here to other numbers.

    Raises:
        ValueError: for a store that cannot be written.
        OSError: if there is no room; what was taken in until then is whole.
    """
    store.check_writable()
    done = Unpacked(pack.studies)
    for entry in pack.studies:  # first, so that nothing that it needs is removed under it
        ledger.adopt(store.root, entry)
        if entry.trainer != TRAINER_VERSION:
            rule = f"of lthcheck {entry.lthcheck} count as not trained here, where results would be others"
            done.told.append(f"the runs of study {entry.id[:8]} {rule}")
    with closing(_Reader(pack.paths)) as reader:
        for key, members in groupby(reader.runs(), key=lambda member: member.key):
            _take_in(store, key, members, done)
    return done


def _take_in(store: Store, key: str, members: Iterator[_Member], done: Unpacked) -> None:
    held = store.hold(key)
    if held is None:
        done.told.append(f"run {key[:12]} is being trained here; it stays, unpack again when it is done")
        return
    try:
        mine = peek(store.root, key)
        theirs: bytes | None = None
        for member in members:
            if member.name == "result.json":
                theirs = b"".join(member.pieces())
                if mine is not None and not _alike(mine, theirs):
                    done.told.append(f"run {key[:12]} was trained here to other numbers; it stays")
                    return
                continue
            if mine is not None and (theirs is None or member.name.startswith("checkpoint")):
                done.there += 1  # a run that is done here needs nothing of one that is not
                continue
            _put(store, member, done, over=mine is None and theirs is not None)
        if theirs is None or mine is not None:
            done.there += theirs is not None
            return
        path = folder_of(store.root, key) / "result.json"
        there = path.exists()
        store.take_in(key, path.name, [theirs], len(theirs))  # last: it says that the run is done
        done.replaced += there
        done.new += not there
        store.drop(key, "checkpoint")
    finally:
        held.release()


def _alike(mine: dict[str, Any], theirs: bytes) -> bool:
    other = json.loads(theirs.partition(b"\n")[2])
    return all(mine.get(name) == other.get(name) for name in (mine.keys() | other.keys()).difference(_OF_ITS_TRAINING))


def _put(store: Store, member: _Member, done: Unpacked, *, over: bool) -> None:
    """Takes a file in, if it is not there, not sound, not as far, or of a training that the pack's stands for."""
    path = folder_of(store.root, member.key) / member.name
    parts = member.pieces()
    there, mine = path.exists(), _head(path, member.key)
    if mine is not None:
        head = next(parts)
        parts = chain((head,), parts)
        stays = head == mine or not over
        if stays and head != mine and member.name == "checkpoint.safetensors":
            content = b"".join(parts)  # two at once, as the trainer holds one
            parts, stays = iter((content,)), step_of(content) <= step_of(path.read_bytes())
        if stays:
            done.there += 1
            return
    store.take_in(member.key, member.name, parts, member.size)
    done.replaced += there
    done.new += not there


def _head(path: Path, key: str) -> bytes | None:
    """The header of a file, which tells its content; None where there is none that is sound."""
    with suppress(OSError, Unsound), path.open("rb") as stream:
        head, *_ = pieces(stream, key, path)
        return head
    return None


class _Reader:
    """The files of a pack, one after the other.

    Raises:
        ValueError: for what lthcheck does not pack.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._path = paths[0]
        self._joined = Joined(paths)

    def close(self) -> None:
        self._joined.close()

    def runs(self) -> Iterator[_Member]:
        """Those of runs, all of one run together."""
        return (member for member in self.members() if member.path.parts[0] != "studies")

    def members(self) -> Iterator[_Member]:
        with (
            gzip.GzipFile(fileobj=self._joined, mode="rb") as zipped,
            tarfile.open(fileobj=zipped, mode="r|") as tar,
        ):
            for found in tar:
                yield self._member(tar, found)

    def _member(self, tar: tarfile.TarFile, found: tarfile.TarInfo) -> _Member:
        study, run = _STUDY.fullmatch(found.name), _RUN.fullmatch(found.name)
        stream = tar.extractfile(found) if found.isreg() else None
        if stream is None or (study is None and run is None):
            raise self._foreign(f"{found.name!r} is no file of a store")
        if found.name.endswith(".json") and found.size > MOST_JSON:
            raise self._foreign(f"{found.name!r} is larger than such a file can be")
        key = study[1] if study else run[2] if run else ""
        return _Member(key, Path(found.name).name, found.size, stream, Path(found.name))

    def studies(self) -> tuple[Entry, ...]:
        """The studies, after every file was held against its seal."""
        try:
            return self._studies()
        except (tarfile.TarError, zlib.error, EOFError, gzip.BadGzipFile) as error:
            raise self._foreign(f"it is no gzipped tar ({error})") from None

    def _studies(self) -> tuple[Entry, ...]:
        entries: list[Entry] = []
        last: tuple[str, str] = ("", "")
        for member in self.members():
            if member.path.parts[0] == "studies":
                payload = unsealed(member.stream.read(), member.key, member.path)
                entry = None if payload is None else ledger.parsed(payload)
                if entry is None or entry.id != member.key or last != ("", ""):
                    raise self._foreign(f"{str(member.path)!r} is no study that this version of lthcheck reads")
                entries.append(entry)
                continue
            # in the order of packing: each file once, and a result before what else there is of its run
            place = (member.key, "" if member.name == "result.json" else member.name)
            if place <= last or not any(member.key in entry.keys for entry in entries):
                raise self._foreign(f"{str(member.path)!r} is of no study in it, or not in its place")
            last = place
            try:
                deque(member.pieces(), maxlen=0)
            except Unsound as error:
                raise self._foreign(str(error)) from None
        if not entries:
            raise self._foreign("there is no study in it")
        return tuple(entries)

    def _foreign(self, why: str) -> ValueError:
        return ValueError(f"{self._path} must be what `lthcheck pack` made, but {why}; pack again with this version")


def _studies(paths: Sequence[Path]) -> tuple[Entry, ...]:
    with closing(_Reader(paths)) as reader:
        return reader.studies()


def _check_whole(parts: Mapping[int, tuple[Path, Label]], *, alone: bool) -> None:
    """Refuses a pack of which a part is missing."""
    (path, label), *_ = parts.values()
    missing = [number for number in range(1, label.of + 1) if number not in parts]
    if not missing:
        return
    has = f"{path} is part {label.part} of {label.of}" + ("" if alone else " of another pack than the rest")
    name = re.sub(r"\.\d+of\d+$", "", path.name)
    lacking = ", ".join(part_name(path.with_name(name), number, label.of).name for number in missing[:5])
    lacking += "" if len(missing) <= 5 else f" and {len(missing) - 5} more"
    raise ValueError(f"{has}, and {lacking} must be given beside it; name all parts of a pack in one command")
