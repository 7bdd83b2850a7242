"""A pack: what travels, how it is cut, and that nothing but what was packed is ever taken in."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import tracemalloc

import pytest
import torch

from lthcheck.store import Store, ledger
from lthcheck.store.label import LABEL_BYTES, Label, read_label
from lthcheck.store.ledger import Entry, NeededRun
from lthcheck.store.pack import pack
from lthcheck.store.unpack import unpack, verified

DENSE, FIRST, SECOND, RR, OMP = (f"{digit}0" * 32 for digit in "abcde")
RUNS = (
    NeededRun(DENSE, "dense", None, None, 0.1, 0, 2, (7,), ()),
    NeededRun(FIRST, "lt", "imp", 0.2, 0.1, 0, 2, (7,), (DENSE,)),
    NeededRun(SECOND, "lt", "imp", 0.36, 0.1, 0, 2, (7,), (FIRST,)),
    NeededRun(OMP, "lt", "omp", 0.36, 0.1, 0, 2, (7,), (DENSE,)),
    NeededRun(RR, "rr", "imp", 0.36, 0.1, 0, 2, (), (FIRST,)),
)
STUDY = {"name": "mlp on toy", "model": "mlp", "dataset": "/home/somebody/toy.npz"}
JUDGED = {"verdict": "none", "cells": []}


def entry(**fields):
    return Entry("1" * 16, STUDY, RUNS, "2026-01-01", "2026-01-01", "0.1.0", 1, **fields)


def fill(store, key, *names, value=0.0):
    for name in names:
        if name == "result":
            store.write_result(key, {"accuracy": 0.5, "seconds": 1.0, "expression": {"network": {"fingerprint": ""}}})
        elif name.startswith("checkpoint"):
            store.write_tensors(key, "checkpoint", {"w": torch.zeros(2), "order/step": torch.tensor(int(name[10:]))})
        else:
            store.write_tensors(key, name, {"w": torch.full((300,), value)})


@pytest.fixture
def store(tmp_path):
    """A study that was interrupted: dense and a round of IMP are done, the second round is on its way."""
    store = Store(tmp_path / "store")
    fill(store, DENSE, "result", "step-7", "correct-7")
    fill(store, FIRST, "result", "step-7", "correct-7", "mask", "checkpoint3")
    fill(store, OMP, "result", "step-7", "correct-7", "mask")
    fill(store, SECOND, "mask", "checkpoint5")
    ledger.keep(store.root, entry())
    return store


@pytest.fixture
def other(tmp_path):
    return Store(tmp_path / "other")


def kept(store):
    """What a store holds of runs and studies, by name."""
    paths = (path for folder in ("runs", "studies") for path in (store.root / folder).rglob("*") if path.is_file())
    return {path.relative_to(store.root).as_posix(): path.read_bytes() for path in paths}


def of(store, key):
    return {name.rpartition("/")[2] for name in kept(store) if key in name}


def packed(store, path, **options):
    return pack(store.root, [ledger.read(store.root, "1" * 16)], path, **options)


def moved(store, other, path, **options):
    made = packed(store, path, **options)
    (found,) = verified(made.files)
    return unpack(other, found)


def test_results_travel_with_the_study_and_nothing_else(store, other, tmp_path):
    done = moved(store, other, tmp_path / "p")
    assert ledger.entries(other.root) == ([entry()], [])
    assert of(other, DENSE) == of(other, FIRST) == of(other, OMP) == {"result.json", "correct-7.safetensors"}
    assert not of(other, SECOND)
    assert (done.new, done.replaced, done.there, done.told) == (6, 0, 0, [])
    assert kept(other).items() <= kept(store).items()


def test_with_weights_it_has_what_its_next_runs_build_on_and_checkpoints(store, other, tmp_path):
    moved(store, other, tmp_path / "p", weights=True)
    assert "step-7.safetensors" in of(other, DENSE)
    assert of(other, FIRST) == {"result.json", "step-7.safetensors", "correct-7.safetensors", "mask.safetensors"}
    assert of(other, SECOND) == {"mask.safetensors", "checkpoint.safetensors"}
    assert of(other, OMP) == {"result.json", "correct-7.safetensors"}  # nothing builds on it


def test_a_finished_study_needs_no_weights(store, other, tmp_path):
    for key in (SECOND, RR):
        fill(store, key, "result", "step-7")
    ledger.keep(store.root, entry(judged=JUDGED))
    moved(store, other, tmp_path / "p", weights=True)
    assert not [name for name in kept(other) if "step-7" in name]
    (found,), _ = ledger.entries(other.root)
    assert found.verdict == "none"


def test_tickets_are_dense_and_lt_runs(store, other, tmp_path):
    fill(store, RR, "result", "step-7")
    moved(store, other, tmp_path / "p", tickets=True)
    assert {key for key in (DENSE, FIRST, OMP, RR) if "step-7.safetensors" in of(other, key)} == {DENSE, FIRST, OMP}


def test_an_entry_of_an_earlier_version_takes_all_weights_along(store, other, tmp_path):
    runs = tuple(NeededRun(run.key, *run.slot[:1], None, None, 0.1, seed, 2, (7,)) for seed, run in enumerate(RUNS))
    ledger.forget(store.root, "1" * 16)
    ledger.keep(store.root, Entry("1" * 16, STUDY, runs, "2026-01-01", "2026-01-01", "0", 1))
    moved(store, other, tmp_path / "p", weights=True)
    assert "step-7.safetensors" in of(other, OMP)


def test_it_tells_what_is_in_it_and_what_is_not(store, tmp_path):
    made = packed(store, tmp_path / "p", weights=True)
    assert (made.runs, made.unfinished, made.weights, made.checkpoints) == (3, 2, 5, 1)
    assert made.bytes == (tmp_path / "p").stat().st_size
    assert made.beside == ["lthcheck 0.1.0", "the data set toy.npz"]


@pytest.mark.parametrize("size", [None, 10_000])
def test_the_same_store_gives_the_same_bytes(store, tmp_path, size):
    noise(store)
    one, two = (packed(store, tmp_path / name, weights=True, part_size=size) for name in ("a", "b"))
    assert [path.read_bytes() for path in one.files] == [path.read_bytes() for path in two.files]


def noise(store):
    """Something that does not shrink, for several parts."""
    generator = torch.Generator().manual_seed(0)
    store.write_tensors(DENSE, "step-7", {"w": torch.randn(9000, generator=generator)})


def test_parts_are_of_the_size_asked_for_and_give_the_same_store(store, other, tmp_path):
    noise(store)
    made = packed(store, tmp_path / "p", weights=True, part_size=10_000)
    assert [path.name for path in made.files] == [f"p.{part}of4" for part in (1, 2, 3, 4)]
    assert [path.stat().st_size for path in made.files[:3]] == [10_000] * 3
    (found,) = verified(made.files[::-1])
    unpack(other, found)
    assert other.sound(DENSE, "step-7")
    whole = Store(tmp_path / "whole")
    moved(store, whole, tmp_path / "q", weights=True)
    assert kept(whole) == kept(other)


def test_a_pack_is_a_gzipped_tar_below_its_label(store, tmp_path):
    packed(store, tmp_path / "p")
    with tarfile.open(fileobj=io.BytesIO((tmp_path / "p").read_bytes()[LABEL_BYTES:])) as tar:
        names = tar.getnames()
        assert names[0] == f"studies/{'1' * 16}.json"
        read = {name: tar.extractfile(name).read() for name in names}
    assert read.items() <= kept(store).items()


def test_a_name_that_is_taken_is_refused_and_kept(store, tmp_path):
    (tmp_path / "p").write_text("mine")
    with pytest.raises(FileExistsError, match="p is there already, and a pack overwrites nothing"):
        packed(store, tmp_path / "p")
    assert (tmp_path / "p").read_text() == "mine"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_pack_that_is_stopped_leaves_nothing(store, tmp_path, monkeypatch, error):
    before = set(tmp_path.rglob("*"))

    def stop(*_):
        raise error

    monkeypatch.setattr("lthcheck.store.parts.Parts.finish", stop)
    with pytest.raises(type(error)):
        packed(store, tmp_path / "p", part_size=10_000)
    assert set(tmp_path.rglob("*")) == before


def test_parts_of_nothing_are_refused(store, tmp_path):
    with pytest.raises(ValueError, match=r"part-size=9999 must be at least 10,000 bytes; write 50MB"):
        packed(store, tmp_path / "p", part_size=9999)


def test_a_file_that_is_not_sound_stays_out_and_is_told(store, other, tmp_path):
    path = store._path(DENSE, "result.json")
    path.write_bytes(path.read_bytes()[:-1])
    made = packed(store, tmp_path / "p")
    assert made.left_out == [f"{path} is not what was written there; it stays out"]
    assert path.exists()
    unpack(other, *verified(made.files))
    assert of(other, DENSE) == {"correct-7.safetensors"}


def test_packing_changes_nothing_and_unpacking_twice_neither(store, other, tmp_path):
    def seen(root):
        return {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file() and path.suffix != ".lock"}

    before = seen(store.root)
    moved(store, other, tmp_path / "p", weights=True)
    assert seen(store.root) == before
    before = seen(other.root)
    done = unpack(other, *verified([tmp_path / "p"]))
    assert (done.new, done.replaced, done.told) == (0, 0, [])
    assert seen(other.root) == before


# What must not be taken in.


@pytest.fixture
def parts(store, tmp_path):
    noise(store)
    return packed(store, tmp_path / "p", weights=True, part_size=20_000).files


def refused(paths, other, match):
    with pytest.raises(ValueError, match=match):
        verified(paths)
    assert kept(other) == {}


def test_a_part_that_was_cut_short_is_told(parts, other):
    os.truncate(parts[1], 700)
    refused(parts, other, r"p\.2of2 is cut short: 700 of [\d,]+ bytes; copy it again from where it was packed")


@pytest.mark.parametrize("length", [0, 40, 511])
def test_a_part_without_a_whole_label_is_told(parts, other, length):
    os.truncate(parts[1], length)
    refused(parts, other, r"p\.2of2 (must be a file that `lthcheck pack` made|is cut short)")


@pytest.mark.parametrize("place", [60, 150, 300, 500, 511, 512, 600, -1])
def test_any_bit_that_flips_is_told(parts, other, place):
    content = bytearray(parts[1].read_bytes())
    content[place] ^= 4
    parts[1].write_bytes(content)
    refused(parts, other, r"p\.2of2 is damaged: its (label is not what was written|bytes are not those that were)")


def test_a_part_that_was_added_to_is_told(parts, other):
    with parts[0].open("ab") as file:
        file.write(b"\0")
    refused(parts, other, r"p\.1of2 is damaged: [\d,]+ bytes instead of 20,000")


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_part_is_named(parts, other, missing):
    gone = parts.pop(missing)
    match = rf"p\.\dof2 is part \d of 2, and {gone.name} must be given beside it; name all parts of a pack"
    refused(parts, other, match)


def test_a_part_of_another_pack_is_told(parts, other, store, tmp_path):
    fill(store, OMP, "result", "mask", value=1.0)
    fill(store, RR, "result")
    others = packed(store, tmp_path / "q", weights=True, part_size=20_000).files
    refused([parts[0], others[1]], other, r"p\.1of2 is part 1 of 2 of another pack than the rest, and p\.2of2 must")


def test_a_part_given_twice_is_one(parts, other):
    unpack(other, *verified([*parts, parts[0]]))
    assert other.sound(DENSE, "step-7")


def test_packs_are_taken_in_together(parts, other, store, tmp_path):
    more = packed(store, tmp_path / "q").files
    assert len(verified([*parts, *more])) == 2


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x1f\x8b" + bytes(600), b"{}"])
def test_a_foreign_file_is_told(tmp_path, other, content):
    (tmp_path / "f").write_bytes(content)
    refused([tmp_path / "f"], other, "f must be a file that `lthcheck pack` made; name one, or copy it again")


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path, other):
    refused([tmp_path / "none"], other, "none must be a file that can be read")
    refused([tmp_path], other, "must be a file that can be read")


def test_a_pack_of_a_later_version_is_told(parts, other):
    parts[0].write_bytes(parts[0].read_bytes().replace(b"lthcheck.pack/1", b"lthcheck.pack/2"))
    refused(parts, other, "is of format 'lthcheck.pack/2', and this version of lthcheck reads 'lthcheck.pack/1'")


def forged(path, *files, kind=tarfile.REGTYPE):
    """A pack whose label is right and whose content somebody else made."""
    content = io.BytesIO()
    with gzip.GzipFile("", "wb", 1, content, mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(data), "/etc/passwd"
            tar.addfile(member, io.BytesIO(data))
    data = content.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    path.write_bytes(Label(sha256, 1, 1, len(data), sha256).written() + data)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.json",
        "/tmp/evil.json",
        f"runs/a0/{DENSE}/../../../evil.json",
        f"runs/b0/{DENSE}/result.json",
        f"runs/a0/{DENSE}/evil.safetensors",
        f"runs/a0/{DENSE}/result.json\n",
        f"locks/{DENSE}.lock",
        f"studies/{'1' * 16}.json/x",
        "format",
    ],
)
def test_a_name_that_is_no_file_of_a_store_is_refused(store, other, tmp_path, name):
    study = (f"studies/{'1' * 16}.json", kept(store)[f"studies/{'1' * 16}.json"])
    refused([forged(tmp_path / "f", study, (name, b"x"))], other, "must be what `lthcheck pack` made, but")
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_what_is_no_plain_file_is_refused(store, other, tmp_path, kind):
    path = forged(tmp_path / "f", (f"runs/a0/{DENSE}/result.json", b""), kind=kind)
    refused([path], other, "is no file of a store")


def changed(store, how):
    """The files of a pack, in order, with one thing wrong."""
    names = [f"studies/{'1' * 16}.json"]
    names += [f"runs/{key[:2]}/{key}/{name}" for key in (DENSE, FIRST) for name in ("result.json", "mask.safetensors")]
    files = [(name, kept(store)[name]) for name in names if name in kept(store)]
    return how(files)


@pytest.mark.parametrize(
    "how",
    [
        lambda files: [],
        lambda files: files[1:],
        lambda files: files[1:] + files[:1],
        lambda files: [*files, files[-1]],
        lambda files: [files[0], *files[:0:-1]],
        lambda files: [(name, data[:-1]) for name, data in files],
        lambda files: [files[0], (files[1][0], files[2][1])],
        lambda files: [*files, ("runs/ff/" + "f" * 64 + "/result.json", files[1][1])],
    ],
)
def test_content_that_was_not_packed_so_is_refused(store, other, tmp_path, how):
    refused([forged(tmp_path / "f", *changed(store, how))], other, "must be what `lthcheck pack` made, but")


def test_what_is_no_tar_is_refused(other, tmp_path):
    for data in (b"no gzip", gzip.compress(b"no tar" * 200), gzip.compress(bytes(10240))[:-9]):
        sha256 = hashlib.sha256(data).hexdigest()
        (tmp_path / "f").write_bytes(Label(sha256, 1, 1, len(data), sha256).written() + data)
        refused([tmp_path / "f"], other, "must be what `lthcheck pack` made, but (it is no gzipped|there is no study)")


# What is there already.


def test_what_is_corrupt_is_replaced(store, other, tmp_path):
    moved(store, other, tmp_path / "p", weights=True)
    good = kept(other)
    for name, data in good.items():
        if "runs" in name:
            (other.root / name).write_bytes(data[:-1])
    done = unpack(other, *verified([tmp_path / "p"]))
    assert (done.new, done.replaced) == (0, len(good) - 1)
    assert kept(other) == good


def test_a_study_that_cannot_be_read_is_replaced(store, other, tmp_path):
    (other.root / "studies").mkdir()
    (other.root / "studies" / f"{'1' * 16}.json").write_bytes(b"")
    moved(store, other, tmp_path / "p")
    assert ledger.entries(other.root) == ([entry()], [])


def test_a_run_that_was_trained_here_to_other_numbers_stays_and_is_told(store, other, tmp_path):
    other.write_result(DENSE, {"accuracy": 0.6})
    before = kept(other)
    done = moved(store, other, tmp_path / "p", weights=True)
    assert done.told == [f"run {DENSE[:12]} was trained here to other numbers; it stays"]
    assert of(other, DENSE) == {"result.json"}
    assert before.items() <= kept(other).items()


def test_the_same_run_trained_here_in_another_time_is_made_whole(store, other, tmp_path):
    other.write_result(DENSE, store.result(DENSE) | {"seconds": 9.0})
    done = moved(store, other, tmp_path / "p", weights=True)
    assert done.told == []
    assert other.result(DENSE)["seconds"] == 9.0
    assert other.sound(DENSE, "step-7")


def test_a_run_that_is_done_here_takes_no_checkpoint(store, other, tmp_path):
    fill(other, SECOND, "result")
    moved(store, other, tmp_path / "p", weights=True)
    assert of(other, SECOND) == {"result.json"}


def test_a_run_that_was_begun_here_and_done_there_is_done(store, other, tmp_path):
    fill(other, DENSE, "checkpoint2", "step-7", value=3.0)
    moved(store, other, tmp_path / "p", weights=True)
    assert of(other, DENSE) == {"result.json", "step-7.safetensors", "correct-7.safetensors"}
    assert kept(other).items() <= kept(store).items()


@pytest.mark.parametrize(("here", "then"), [(4, 5), (5, 5), (6, 6)])
def test_of_two_checkpoints_the_further_one_stays(store, other, tmp_path, here, then):
    fill(other, SECOND, f"checkpoint{here}")
    moved(store, other, tmp_path / "p", weights=True)
    assert int(other.tensors(SECOND, "checkpoint")["order/step"]) == then


def test_a_run_that_is_being_trained_stays_and_is_told(store, other, tmp_path):
    held = other.hold(DENSE)
    try:
        done = moved(store, other, tmp_path / "p")
    finally:
        held.release()
    assert done.told == [f"run {DENSE[:12]} is being trained here; it stays, unpack again when it is done"]
    assert not of(other, DENSE)
    assert of(other, FIRST)


@pytest.mark.parametrize(("day", "verdict"), [("2025-12-31", "none"), ("2026-02-02", "jackpot")])
def test_the_later_verdict_counts_and_no_run_is_lost(store, other, tmp_path, day, verdict):
    ledger.keep(store.root, entry(judged=JUDGED))
    more = NeededRun("f0" * 32, "sdt", None, 0.36, 0.1, 0, 2)
    judged = {"verdict": "jackpot", "cells": []}
    ledger.keep(other.root, Entry("1" * 16, STUDY, (more,), day, day, "0", 1, judged=judged))
    moved(store, other, tmp_path / "p")
    found = ledger.read(other.root, "1" * 16)
    assert (found.verdict, found.first) == (verdict, min(day, "2026-01-01"))
    assert {run.key for run in found.runs} == {run.key for run in RUNS} | {more.key}


def test_results_of_another_trainer_are_told(store, other, tmp_path):
    ledger.forget(store.root, "1" * 16)
    ledger.keep(store.root, Entry("1" * 16, STUDY, RUNS, "2026-01-01", "2026-01-01", "0.0.1", 0))
    done = moved(store, other, tmp_path / "p")
    assert done.told == [
        "the runs of study 11111111 of lthcheck 0.0.1 count as not trained here, where results would be others"
    ]


def test_memory_does_not_grow_with_what_is_packed(store, other, tmp_path):
    for key in (DENSE, FIRST):
        store.write_tensors(key, "step-7", {"w": torch.zeros(3_000_000)})  # 12 MB each
    tracemalloc.start()
    try:
        moved(store, other, tmp_path / "p", weights=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert other.sound(FIRST, "step-7")
    assert peak < 8e6


def test_a_label_is_what_it_says(store, tmp_path):
    packed(store, tmp_path / "p")
    label = read_label(tmp_path / "p")
    data = (tmp_path / "p").read_bytes()
    assert (label.part, label.of, label.size) == (1, 1, len(data) - LABEL_BYTES)
    assert label.pack == label.sha256 == hashlib.sha256(data[LABEL_BYTES:]).hexdigest()
    assert json.loads(data[:LABEL_BYTES])["format"] == "lthcheck.pack/1"
