"""The collection: what may be removed from a store, and its removal.

Locks are not removed. They are empty, and taking one away splits those who wait for it: who has opened the old file
locks that, who comes later locks a new one of the same name, and both train the run. (Recent filelocks look whether
the file that they locked still has a name; older ones, which may work on the same store, do not.)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from lthcheck.store import Store, StoreError, ledger
from lthcheck.store.census import File, RunFolder, census, run_folder, strays
from lthcheck.store.layout import folder_of

KINDS: dict[str, str] = {
    "leftovers": "half-written files of killed processes, and files set aside as corrupt",
    "checkpoints": "checkpoints of runs that are finished",
    "runs": "runs that no study on record needs",
    "weights": "weights of finished studies, which would have to be trained again",
}
STILL_WRITTEN = 3600  # seconds: a half-written file that is younger may belong to a process that lives


@dataclass(frozen=True)
class Terms:
    """What a user lets go.

    Attributes:
        forget: ids of studies that are to be taken off record.
        weights: the weights of finished studies as well.
        before: nothing that was written after this time, in seconds since 1970.
        now: the time.
    """

    now: float
    before: float = float("inf")
    forget: tuple[str, ...] = ()
    weights: bool = False


@dataclass(frozen=True)
class Piece:
    """A file that may be removed.

    Attributes:
        kind: of `KINDS`.
        run: the key of its run; "" for what lies outside of all runs.
    """

    kind: str
    run: str
    file: File


@dataclass(frozen=True)
class Needs:
    """What the studies on record need.

    Attributes:
        weights: by run key, the steps whose weights more work begins from.
        unfinished: keys of the runs of studies that are not finished.
        unreadable: ids of studies on record whose needs are not known, since their files cannot be read.
    """

    weights: Mapping[str, set[int]]
    unfinished: Collection[str]
    unreadable: tuple[str, ...]


@dataclass
class Removed:
    """What became of the pieces.

    Attributes:
        left: why some of them stayed, in one line each.
    """

    pieces: list[Piece] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def needs(root: Path, forget: Collection[str]) -> Needs:
    """What all studies on record need but those that are to be forgotten."""
    entries, unreadable = ledger.entries(root)
    weights: dict[str, set[int]] = {}
    unfinished: set[str] = set()
    for entry in entries:
        if entry.id in forget:
            continue
        for run in entry.runs:
            weights.setdefault(run.key, set()).update(run.weights)
        if entry.verdict is None or not all((folder_of(root, key) / "result.json").exists() for key in entry.keys):
            unfinished |= entry.keys
    return Needs(weights, unfinished, tuple(id_ for id_ in unreadable if id_ not in forget))


def removable(root: Path, terms: Terms) -> list[Piece]:
    """All that may be removed, as things stand."""
    needed = needs(root, terms.forget)
    pieces = [Piece("leftovers", "", file) for file in strays(root) if _old(file, terms)]
    for folder in census(root).values():
        pieces += _of_run(folder, needed, terms)
    return pieces


def remove(store: Store, pieces: Iterable[Piece], terms: Terms, shown: Mapping[str, ledger.Entry | None]) -> Removed:
    """Removes what was shown and may still be removed.

    Args:
        shown: the studies to be forgotten by id, as they were on record when the user was told.
    """
    done = Removed()
    with ledger.lock(store.root):  # no study begins meanwhile, and those that have begun are on record
        for id_, entry in shown.items():
            if ledger.read(store.root, id_) != entry:
                done.left.append(f"study {id_} was asked again; it stays on record")
                continue
            ledger.forget(store.root, id_)
            done.forgotten.append(id_)
        needed = needs(store.root, ())
        for run, group in groupby(sorted(pieces, key=lambda piece: (piece.run, piece.file.path)), lambda p: p.run):
            _remove(store, run, list(group), needed, terms, done)
    return done


def _remove(store: Store, run: str, pieces: list[Piece], needed: Needs, terms: Terms, done: Removed) -> None:
    if not run:
        _unlink([piece for piece in pieces if piece.file in strays(store.root)], done)
        return
    try:
        held = store.hold(run)
    except StoreError as error:
        done.left.append(str(error))
        return
    if held is None:
        done.left.append(f"run {run[:12]} is being trained; it stays")
        return
    try:
        if _of_run(run_folder(store.root, run), needed, terms) != pieces:
            done.left.append(f"run {run[:12]} has changed meanwhile; it stays")
            return
        _unlink(pieces, done)
        with suppress(OSError):  # something lies there that is not the store's
            folder_of(store.root, run).rmdir()
    finally:
        held.release()


def _unlink(pieces: list[Piece], done: Removed) -> None:
    for piece in pieces:
        try:
            piece.file.path.unlink(missing_ok=True)
        except OSError as error:
            done.left.append(f"{piece.file.path} could not be removed ({error.strerror}); it stays")
        else:
            done.pieces.append(piece)


def _of_run(folder: RunFolder, needed: Needs, terms: Terms) -> list[Piece]:
    kind = {name: "leftovers" for name in folder.names if name.startswith(".") or name.endswith(".corrupt")}
    wanted = needed.weights.get(folder.key)
    if needed.unreadable:
        pass  # it may be needed
    elif wanted is None and all(file.written < terms.before for file in folder.files):
        kind = dict.fromkeys(folder.names, "runs") | kind
    elif wanted is not None and folder.done:
        weights = {f"step-{step}.safetensors" for step in wanted}
        if weights <= folder.names:  # else it may be on its way to them
            kind["checkpoint.safetensors"] = "checkpoints"
        if terms.weights and folder.key not in needed.unfinished:
            kind |= {name: "weights" for name in folder.names if re.fullmatch(r"step-\d+\.safetensors", name)}
    pieces = [Piece(kind[file.name], folder.key, file) for file in folder.files if file.name in kind]
    return [piece for piece in pieces if _old(piece.file, terms)]


def _old(file: File, terms: Terms) -> bool:
    half_written = not file.name.endswith((".json", ".safetensors", ".corrupt"))  # it ends in random letters
    return file.written < min(terms.before, terms.now - STILL_WRITTEN if half_written else float("inf"))
