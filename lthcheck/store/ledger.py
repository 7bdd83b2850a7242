"""The ledger: which studies were asked of a store, and which runs each of them needs.

`<store>/studies/<id>.json`, one file a study, written before anything is trained for it: what cleans the store up knows
by these what must stay, also of a study that was killed. All writing, and all removal of runs, happens under one lock:
a study is on record before it looks at what the store holds, so nothing that it has seen can be removed under it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from lthcheck import __version__
from lthcheck.expression import canonical_json
from lthcheck.run import TRAINER_VERSION, Run, needs
from lthcheck.store.sealed import unsealed, write_sealed

if TYPE_CHECKING:
    from lthcheck.study import Slot, Study

SCHEMA = "lthcheck.study/1"


@dataclass(frozen=True)
class NeededRun:
    """A run that a study needs, a round of IMP on the way included, in its place in the evidence.

    Attributes:
        weights: the steps whose weights more work on the study begins from.
        builds_on: keys of the runs whose weights it starts or prunes from; None where an earlier version wrote it.
    """

    key: str
    arm: str
    method: str | None
    sparsity: float | None
    lr: float
    seed: int
    epochs: int
    weights: tuple[int, ...] = ()
    builds_on: tuple[str, ...] | None = None

    @property
    def slot(self) -> tuple[Any, ...]:
        """Its place."""
        return (self.arm, self.method or "", self.sparsity or 0.0, self.lr, self.epochs, self.seed)


@dataclass(frozen=True)
class Entry:
    """A study on record.

    Attributes:
        id: 16 hex digits, from the keys of the runs that it asks for: equal for equal studies.
        study: `Study.as_json`.
        first: when it was first asked, ISO 8601 in UTC.
        asked: when it was last asked.
        lthcheck: the version that asked last.
        trainer: `lthcheck.run.TRAINER_VERSION`, which is in the keys of the runs.
        judged: of its last verdict: "verdict", "at_least", "at_most" and "cells", those nearest to a prize first, each
            with its "method", "sparsity", "verdict" and the "lr" that the verdict speaks of; None before there is one.
    """

    id: str
    study: Mapping[str, Any]
    runs: tuple[NeededRun, ...]
    first: str
    asked: str
    lthcheck: str
    trainer: int
    judged: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """How people call the study."""
        return str(self.study["name"])

    @property
    def keys(self) -> set[str]:
        """Of all runs that it needs."""
        return {run.key for run in self.runs}

    @property
    def verdict(self) -> str | None:
        """The last one."""
        return None if self.judged is None else str(self.judged["verdict"])


def identity(runs: Iterable[Run]) -> str:
    """The id of the study that asks for these runs."""
    return hashlib.sha256(canonical_json(sorted(run.key for run in runs)).encode()).hexdigest()[:16]


def entry(id_: str, study: Study, runs: Mapping[Slot, Run]) -> Entry:
    """A study that is asked now.

    Args:
        runs: all that it needs, rounds of IMP on the way included.
    """
    weights: dict[str, set[int]] = {run.key: set() for run in runs.values()}
    for slot, run in runs.items():
        if slot.arm in ("dense", "lt"):
            weights[run.key].add(run.training.steps)
        for parent, step in needs(run):
            weights[parent.key].add(step)  # a parent that is in no slot would be lost: better to fail here
    needed = [
        NeededRun(run.key, *slot, tuple(sorted(weights[run.key])), tuple(parent.key for parent, _ in needs(run)))
        for slot, run in runs.items()
    ]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    asked = json.loads(json.dumps(study.as_json()))  # as it will be read, lists for tuples
    return Entry(id_, asked, tuple(needed), now, now, __version__, TRAINER_VERSION)


def lock(root: Path) -> FileLock:
    """The right to write to the ledger, and to remove what no study on record needs."""
    return FileLock(root / "locks" / "studies.lock", thread_local=False)


def keep(root: Path, entry: Entry) -> None:
    """Puts a study on record; what an earlier entry on it needs, and its verdict, stay."""
    with lock(root):
        before = read(root, entry.id)
        if before is not None:
            runs = {run.slot: run for run in (*before.runs, *entry.runs)}
            judged = entry.judged if entry.judged is not None else before.judged
            entry = replace(entry, first=before.first, runs=tuple(runs.values()), judged=judged)
        _write(root, entry)


def adopt(root: Path, entry: Entry) -> None:
    """Puts a study on record that was asked elsewhere; what is on record of it here stays, and the later verdict."""
    with lock(root):
        before = read(root, entry.id)
        if before is None:
            _write(root, entry)
            return
        older, newer = sorted((before, entry), key=lambda each: (each.asked, each is before))
        runs = {run.slot: run for run in (*before.runs, *entry.runs)}
        judged = newer.judged if newer.judged is not None else older.judged
        first = min(older.first, newer.first)
        both = replace(newer, first=first, runs=tuple(runs.values()), judged=judged)
        if both != before:
            _write(root, both)


def forget(root: Path, id_: str) -> None:
    """Takes a study off record; the caller holds `lock`."""
    _path(root, id_).unlink(missing_ok=True)


def read(root: Path, id_: str) -> Entry | None:
    """A study on record; None if it is not, or if its file is not what this version writes there."""
    try:
        payload = unsealed(_path(root, id_).read_bytes(), id_, _path(root, id_))
    except FileNotFoundError:
        return None
    return None if payload is None else parsed(payload)


def parsed(payload: bytes) -> Entry | None:
    """The entry that a file holds; None if it is not what this version writes there."""
    value = json.loads(payload)
    try:
        if value.pop("schema", None) != SCHEMA:
            return None
        return Entry(runs=tuple(map(_needed, value.pop("runs"))), **value)
    except (TypeError, KeyError, AttributeError):  # another version has other fields
        return None


def ids(root: Path) -> Iterator[str]:
    """Of all studies on record, readable or not."""
    yield from sorted(path.stem for path in (root / "studies").glob("*.json") if not path.name.startswith("."))


def entries(root: Path) -> tuple[list[Entry], list[str]]:
    """All studies on record, the one asked last first, and the ids of those whose files cannot be read."""
    found = {id_: read(root, id_) for id_ in ids(root)}
    good = [each for each in found.values() if each is not None]
    good.sort(key=lambda each: (each.asked, each.id), reverse=True)
    return good, [id_ for id_, each in found.items() if each is None]


def matching(entries: Iterable[Entry], text: str) -> list[Entry]:
    """The studies that a user means: by name, by preset, or by the beginning of the id."""
    entries = list(entries)
    named = [each for each in entries if text in (each.name, each.study.get("preset"))]
    return named or [each for each in entries if text and each.id.startswith(text.lower())]


def _needed(run: dict[str, Any]) -> NeededRun:
    before = run.get("builds_on")
    return NeededRun(**run | {"weights": tuple(run["weights"]), "builds_on": None if before is None else tuple(before)})


def _write(root: Path, entry: Entry) -> None:
    (root / "studies").mkdir(exist_ok=True)
    body = {"schema": SCHEMA} | vars(entry) | {"runs": [vars(run) for run in entry.runs]}
    write_sealed(_path(root, entry.id), entry.id, json.dumps(body).encode())


def _path(root: Path, id_: str) -> Path:
    return root / "studies" / f"{id_}.json"
