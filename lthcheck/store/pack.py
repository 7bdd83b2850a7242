"""A pack: studies and their results as one file, or as parts of it, for the store of another machine.

A gzipped tar of files under the names that they have in a store: `studies/<id>.json` of each study, then run by run
what was kept of it, each still sealed (`lthcheck.store.sealed`). It is cut into parts where that is asked for, each
with a label before it (`lthcheck.store.label`), so that without lthcheck

    for part in study.pack*; do tail -c +513 "$part"; done | tar -xz

unpacks it. The same store gives the same bytes. Results are immutable, and files are replaced in one step, so another
command may work on the store meanwhile: what it had finished when a file was opened is what travels.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lthcheck.size import size
from lthcheck.store.census import RunFolder, peek, run_folder
from lthcheck.store.layout import folder_of
from lthcheck.store.ledger import Entry
from lthcheck.store.parts import Parts, refuse_taken
from lthcheck.store.sealed import Unsound, pieces

LEAST_PART = 10_000  # bytes; smaller ones would be thousands
# Of float32 weights, dense and at ten rungs, level 1 leaves 48 % at 19 MB/s, level 6 45 % at 7 (a core of a busy EPYC).
LEVEL = 1


@dataclass
class Packed:
    """What became of a pack.

    Attributes:
        files: where it is, in order.
        bytes: of these.
        runs: how many results are in it.
        weights: how many files with weights, masks and checkpoints.
        unfinished: how many runs of the studies have no result yet, as far as they are known.
        checkpoints: how many of these go on from a checkpoint in the pack.
        left_out: a line for each file that is not what was written.
        beside: what does not travel, and is needed to go on.
    """

    files: list[Path] = field(default_factory=list)
    bytes: int = 0
    runs: int = 0
    weights: int = 0
    unfinished: int = 0
    checkpoints: int = 0
    left_out: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)


def pack(
    root: Path,
    entries: Sequence[Entry],
    path: Path,
    *,
    weights: bool = False,
    tickets: bool = False,
    part_size: int | None = None,
) -> Packed:
    """Writes the results of some studies to `path`, or to parts beside it.

    Args:
        weights: also what studies that are not finished need to go on: the weights that their next runs begin or prune
            from, and checkpoints.
        tickets: also the trained weights of dense networks and tickets, to export them there.
        part_size: the most bytes of a file; without, there is one.

    Raises:
        ValueError: for parts that are too small.
        FileExistsError: if there is such a file already.
        OSError: if it cannot be written; nothing is left of it then.
    """
    if part_size is not None and part_size < LEAST_PART:
        raise ValueError(f"part-size={part_size} must be at least {LEAST_PART:,} bytes; write 50MB")
    refuse_taken(path)
    made = Packed()
    try:
        parts = Parts(path, part_size)
        try:
            with (
                gzip.GzipFile("", "wb", LEVEL, parts, mtime=0) as zipped,  # neither name nor time: the same bytes
                tarfile.open(fileobj=zipped, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
            ):
                _fill(tar, root, entries, weights, tickets, made)
            made.files = parts.finish()
        finally:
            parts.discard()
    except FileExistsError:
        raise
    except OSError as error:
        why = f"{error.strerror or error}; {size(shutil.disk_usage(path.parent).free)} free"
        raise OSError(f"{path} could not be written ({why}); make room or name another file") from error
    made.bytes = sum(file.stat().st_size for file in made.files)
    return made


def _fill(
    tar: tarfile.TarFile, root: Path, entries: Sequence[Entry], weights: bool, tickets: bool, made: Packed
) -> None:
    wanted: dict[str, set[str]] = {}
    for entry in sorted(entries, key=lambda each: each.id):
        if not _add(tar, root, entry.id, root / "studies" / f"{entry.id}.json", made):
            raise ValueError(f"study {entry.id} was taken off record meanwhile; ask it again")
        folders = [run_folder(root, key) for key in entry.keys]
        for folder, names in _chosen(entry, folders, weights, tickets):
            wanted.setdefault(folder.key, set()).update(names)
    for key in sorted(wanted):
        for name in sorted(wanted[key], key=lambda name: (name != "result.json", name)):  # what it means comes first
            if not _add(tar, root, key, folder_of(root, key) / name, made):
                continue
            made.runs += name == "result.json"
            made.weights += not name.startswith(("result", "correct"))
            made.checkpoints += name.startswith("checkpoint")
    made.unfinished = len(set().union(*(entry.keys for entry in entries))) - made.runs
    made.beside = list(dict.fromkeys(line for entry in entries for line in _beside(root, entry)))


def _chosen(
    entry: Entry, folders: Sequence[RunFolder], weights: bool, tickets: bool
) -> Iterator[tuple[RunFolder, set[str]]]:
    """Of each run, the names of the files that travel."""
    whole = entry.verdict is not None and all(folder.done for folder in folders)
    sources: set[str] = set()
    for run in entry.runs if weights and not whole else ():
        # a study without a verdict may want probes yet, which prune from any of those that others prune from
        sources.update(entry.keys if run.builds_on is None else run.builds_on)
    tickets_of = {run.key for run in entry.runs if tickets and run.weights}
    for folder in folders:
        kept = {name for name in folder.names if name.endswith((".json", ".safetensors")) and name[0] != "."}
        evidence = {name for name in kept if name.startswith(("result", "correct"))}
        if not folder.done:
            yield folder, kept if weights else set()
        elif folder.key in sources or folder.key in tickets_of:
            yield folder, kept - {"checkpoint.safetensors"}
        else:
            yield folder, evidence


def _add(tar: tarfile.TarFile, root: Path, key: str, path: Path, made: Packed) -> bool:
    """Adds a file as it stands when it is opened; one that is gone, or not what was written, stays out."""
    with ExitStack() as held:
        try:
            stream: IO[bytes] = held.enter_context(path.open("rb"))
        except FileNotFoundError:
            return False
        try:
            for _ in pieces(stream, key, path):
                pass
        except Unsound as error:
            made.left_out.append(f"{error}; it stays out")
            return False
        stream.seek(0)
        member = tarfile.TarInfo(path.relative_to(root).as_posix())
        member.size = os.fstat(stream.fileno()).st_size
        member.mode = 0o644  # no time, no owner: the same bytes
        tar.addfile(member, stream)
    return True


def _beside(root: Path, entry: Entry) -> Iterator[str]:
    study = entry.study
    yield f"lthcheck {entry.lthcheck}"
    yield f"the data set {Path(study['dataset']).name}"
    for what in ("theta0", "mask"):
        if study.get(what):
            yield f"the files of {what}, {Path(study[what]).name}"
    results = (peek(root, key) for key in sorted(entry.keys))
    result = next((result for result in results if result is not None), {})
    if result.get("expression", {}).get("network", {}).get("fingerprint"):
        yield f"the code that registers {study['model']}"
