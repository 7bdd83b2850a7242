"""What may be removed from a store: only its own files, and nothing that a study on record needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck.store import Store, ledger
from lthcheck.store.census import census
from lthcheck.store.collection import Terms, removable, remove
from lthcheck.store.ledger import Entry, NeededRun

KEY, OTHER = "ab" * 32, "cd" * 32
DAY = 86400.0
STUDY = {"name": "mlp on toy"}
JUDGED = {"verdict": "none", "cells": []}


def terms(**options):
    return Terms(now=options.pop("now", time.time()), **options)


def entry(*keys, id_="0" * 16, weights=(7,), **fields):
    runs = tuple(NeededRun(key, "lt", "imp", 0.2, 0.1, seed, 2, weights) for seed, key in enumerate(keys))
    return Entry(id_, STUDY, runs, "2026-01-01", "2026-01-01", "0", 1, **fields)


def fill(store, key, *names):
    for name in names:
        if name == "result":
            store.write_result(key, {"accuracy": 0.5})
        else:
            store.write_tensors(key, name, {"w": torch.zeros(2)})


@pytest.fixture
def store(tmp_path):
    """A store with a finished run of a study on record, and one that no study needs."""
    store = Store(tmp_path / "store")
    for key in (KEY, OTHER):
        fill(store, key, "result", "step-7", "mask")
    ledger.keep(store.root, entry(KEY, judged=JUDGED))
    return store


def found(store, **options):
    """Kinds and names of what may go."""
    return {(piece.kind, piece.run, piece.file.name) for piece in removable(store.root, terms(**options))}


def collect(store, *, between=lambda: None, shown=None, **options):
    """Lists, lets something happen, and removes."""
    chosen = terms(forget=tuple(shown or ()), **options)
    pieces = removable(store.root, chosen)
    between()
    return remove(store, pieces, chosen, shown or {})


def names(store, key):
    folder = store.root / "runs" / key[:2] / key
    return {path.name for path in folder.iterdir()} if folder.exists() else None


WHOLE = {"result.json", "step-7.safetensors", "mask.safetensors"}


def test_a_run_that_no_study_needs_goes_whole_and_one_that_is_needed_stays(store):
    done = collect(store)
    assert {piece.run for piece in done.pieces} == {OTHER}
    assert (names(store, OTHER), names(store, KEY)) == (None, WHOLE)


def test_an_unfinished_run_of_a_study_on_record_keeps_its_checkpoint(store):
    unfinished = "ef" * 32
    fill(store, unfinished, "checkpoint", "mask")
    ledger.keep(store.root, entry(unfinished, id_="1" * 16))
    collect(store, weights=True)
    assert names(store, unfinished) == {"checkpoint.safetensors", "mask.safetensors"}


def test_a_checkpoint_goes_when_the_run_and_its_weights_are_there(store):
    fill(store, KEY, "checkpoint")
    assert ("checkpoints", KEY, "checkpoint.safetensors") in found(store)
    store.drop(KEY, "step-7")
    assert ("checkpoints", KEY, "checkpoint.safetensors") not in found(store)


def test_weights_go_with_a_finished_study_only(store):
    assert ("weights", KEY, "step-7.safetensors") in found(store, weights=True)
    assert ("weights", KEY, "step-7.safetensors") not in found(store)
    ledger.keep(store.root, entry(KEY, "ef" * 32, id_="1" * 16, judged=JUDGED))  # which lacks a run
    assert ("weights", KEY, "step-7.safetensors") not in found(store, weights=True)


@pytest.mark.parametrize("name", ["mask.safetensors.corrupt", "mask.safetensors.0123abcd.corrupt"])
def test_what_was_set_aside_goes(store, name):
    (store.root / "runs" / KEY[:2] / KEY / name).touch()
    assert ("leftovers", KEY, name) in found(store)


def test_of_the_users_own_weights_and_masks_only_what_was_set_aside_goes(store):
    store.keep_given({"w": np.zeros(3)})
    (path,) = (store.root / "given").iterdir()
    aside = path.with_name(f"{path.name}.corrupt")
    aside.touch()
    collect(store)
    assert (path.exists(), aside.exists()) == (True, False)


@pytest.mark.parametrize(
    "place",
    [
        f"runs/{KEY[:2]}/{KEY}/.result.json.ab12_xyz",
        f"studies/.{'0' * 16}.json.ab12_xyz",
        f"given/.{KEY}.safetensors.ab12_xyz",
        ".format.ab12_xyz",
    ],
)
def test_a_half_written_file_goes_once_its_writer_cannot_be_alive(store, place):
    (store.root / "given").mkdir()
    (store.root / place).touch()
    name = place.rpartition("/")[2]
    assert name not in {each for *_, each in found(store)}
    assert ("leftovers", name) in {(kind, each) for kind, _, each in found(store, now=time.time() + DAY)}


def test_what_was_written_lately_stays_when_only_the_old_is_asked_for(store):
    path = store.root / "runs" / OTHER[:2] / OTHER / "mask.safetensors"
    os.utime(path, (0, 0))
    assert found(store, before=time.time() - DAY) == set()
    assert {run for _, run, _ in found(store, before=time.time() + DAY)} == {OTHER}


def test_a_study_on_record_that_cannot_be_read_keeps_every_run(store):
    (store.root / "studies" / f"{'0' * 16}.json").write_bytes(b"")
    assert found(store, weights=True) == set()


class TestMeanwhile:
    def test_a_run_that_was_finished_stays(self, store):
        fill(store, "ef" * 32, "checkpoint", "mask")
        done = collect(store, between=lambda: fill(store, "ef" * 32, "result"))
        assert names(store, "ef" * 32) == {"checkpoint.safetensors", "mask.safetensors", "result.json"}
        assert done.left == [f"run {'ef' * 6} has changed meanwhile; it stays"]

    def test_a_run_that_was_written_anew_stays(self, store):
        collect(store, between=lambda: fill(store, OTHER, "step-7"))
        assert names(store, OTHER) == WHOLE

    def test_a_run_that_a_study_has_come_to_need_stays(self, store):
        collect(store, between=lambda: ledger.keep(store.root, entry(OTHER, id_="1" * 16)))
        assert names(store, OTHER) == WHOLE

    def test_a_study_that_was_asked_again_is_not_forgotten(self, store):
        before = entry(KEY, judged=JUDGED)
        done = collect(
            store,
            shown={before.id: before},
            between=lambda: ledger.keep(store.root, replace(before, asked="2026-01-02")),
        )
        assert (done.forgotten, names(store, KEY)) == ([], WHOLE)
        assert f"study {before.id} was asked again; it stays on record" in done.left

    def test_a_run_that_another_process_trains_stays(self, store):
        code = "import sys; from lthcheck.store import Store; held = Store(sys.argv[1]).lock(sys.argv[2]); "
        code += "held.acquire(); print('held', flush=True); sys.stdin.read()"
        with subprocess.Popen(
            [sys.executable, "-c", code, str(store.root), OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout.readline() == b"held\n"
            done = collect(store)
            holder.stdin.close()
        assert done.left == [f"run {OTHER[:12]} is being trained; it stays"]
        assert names(store, OTHER) == WHOLE

    def test_a_file_that_cannot_be_removed_is_told_and_the_others_go(self, store, monkeypatch):
        real = Path.unlink

        def unlink(self, missing_ok=False):
            if self.name == "mask.safetensors":
                raise PermissionError(1, "Operation not permitted")
            real(self, missing_ok=missing_ok)

        monkeypatch.setattr(Path, "unlink", unlink)
        done = collect(store)
        assert {piece.file.name for piece in done.pieces} == WHOLE - {"mask.safetensors"}
        (line,) = done.left
        assert line.endswith("mask.safetensors could not be removed (Operation not permitted); it stays")
        assert names(store, OTHER) == {"mask.safetensors"}

    def test_no_study_begins_while_runs_are_removed(self, store, monkeypatch):
        held = []
        real = Store.lock

        def lock(self, key):
            try:
                ledger.lock(store.root).acquire(timeout=0)
            except TimeoutError:
                held.append(key)
            return real(self, key)

        monkeypatch.setattr(Store, "lock", lock)
        collect(store)
        assert held == [OTHER]


class TestOutside:
    def test_a_folder_behind_a_link_is_neither_seen_nor_touched(self, store, tmp_path):
        for link in (store.root / "runs" / "ee", store.root / "runs" / "ef" / ("ef" * 32)):
            target = tmp_path / link.name
            (target / ("ee" * 32)).mkdir(parents=True)
            (target / "result.json").touch()
            (target / ("ee" * 32) / "result.json").touch()
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(target, target_is_directory=True)
        assert census(store.root).keys() == {KEY, OTHER}

    def test_a_link_in_a_run_stays_and_so_does_what_it_leads_to(self, store, tmp_path):
        (tmp_path / "mine").write_text("mine")
        link = store.root / "runs" / OTHER[:2] / OTHER / "correct-7.safetensors"
        link.symlink_to(tmp_path / "mine")
        collect(store)
        assert (tmp_path / "mine").read_text() == "mine"
        assert names(store, OTHER) == {link.name}

    @pytest.mark.parametrize(
        "place", ["notes.txt", "runs/notes.txt", f"runs/{OTHER[:2]}/{OTHER}/notes.txt", "runs/cd/other/result.json"]
    )
    def test_what_is_not_the_stores_stays(self, store, place):
        path = store.root / place
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
        os.utime(path, (0, 0))
        collect(store)
        assert path.read_text() == "mine"


KEYS = [f"{n:02x}" * 32 for n in range(6)]
ids = st.sampled_from([str(n) * 16 for n in range(3)])
on_record = st.dictionaries(ids, st.tuples(st.sets(st.sampled_from(KEYS), min_size=1), st.booleans()))
lying = st.dictionaries(st.sampled_from(KEYS), st.sets(st.sampled_from(["result", "step-7", "mask", "checkpoint"])))


@settings(deadline=None, max_examples=40)
@given(on_record=on_record, lying=lying, forgotten=st.sets(ids), weights=st.booleans())
def test_all_that_a_study_on_record_needs_to_go_on_stays(tmp_path_factory, on_record, lying, forgotten, weights):
    store = Store(tmp_path_factory.mktemp("store"))
    for key, what in lying.items():
        fill(store, key, *what)
    for id_, (keys, judged) in on_record.items():
        ledger.keep(store.root, entry(*sorted(keys), id_=id_, judged=JUDGED if judged else None))
    before = census(store.root)
    shown = {id_: ledger.read(store.root, id_) for id_ in forgotten & on_record.keys()}
    collect(store, shown=shown, weights=weights)
    after = census(store.root)
    needed = set()
    for id_, (keys, judged) in on_record.items():
        if id_ in shown:
            continue
        needed |= keys
        finished = judged and all(key in before and before[key].done for key in keys)
        for key in keys & before.keys():
            left = after[key].names if key in after else set()
            gone = before[key].names - left
            complete = {"result.json", "step-7.safetensors"} <= before[key].names
            allowed = {"checkpoint.safetensors"} if complete else set()
            assert gone <= allowed | ({"step-7.safetensors"} if weights and finished else set())
    assert {key for key in after if after[key].files} <= needed


def test_it_is_the_same_after_another_time(store):
    collect(store)
    assert found(store) == set()
    assert json.loads((store.root / "studies" / f"{'0' * 16}.json").read_text().splitlines()[1])["id"] == "0" * 16
