"""Whatever lies in a place of the store is set aside and told, and the training ends as if nothing had been there."""

from __future__ import annotations

import pytest
from faults.conftest import STEPS

from lthcheck.store import StoreError

PLACES = ["", "result.json", "checkpoint.safetensors", "mask.safetensors"]
PLACES += [f"step-{STEPS}.safetensors", f"correct-{STEPS}.safetensors"]
HIDDEN = (".result.json.a1b2c3d4", ".checkpoint.safetensors.a1b2c3d4", f".step-{STEPS}.safetensors.a1b2c3d4")


def a_full_folder(path):
    (path / "mine").mkdir(parents=True)


def a_dangling_link(path):
    path.symlink_to("nowhere")


def a_link_to_itself(path):
    path.symlink_to(path)


def deep_json(path):
    path.write_text("[" * 100_000)


def a_text(path):
    path.write_text("mine")


THINGS = [a_full_folder, a_dangling_link, a_link_to_itself, deep_json, a_text]


@pytest.fixture(scope="module")
def ample(tmp_path_factory):
    return tmp_path_factory.mktemp("ample")


@pytest.mark.parametrize("put", THINGS, ids=lambda put: put.__name__)
def test_in_every_place_it_is_set_aside(train, ticket, kept, ample, tmp_path, put):
    alone = kept(train(ample))
    for number, place in enumerate(PLACES):
        if put is a_full_folder and not place:
            continue  # a run's folder may hold folders
        root = tmp_path / str(number)
        path = root / "runs" / ticket.key[:2] / ticket.key / place
        path.parent.mkdir(parents=True)
        put(path)
        assert kept(train(root, tell=[].append)) == alone, place


def test_in_the_place_of_a_folder_of_runs_it_is_set_aside(train, ticket, kept, ample, tmp_path):
    (tmp_path / "runs").mkdir()
    a_text(tmp_path / "runs" / ticket.key[:2])
    assert kept(train(tmp_path)) == kept(train(ample))
    assert (tmp_path / "runs" / f"{ticket.key[:2]}.corrupt").read_text() == "mine"


@pytest.mark.parametrize("first", [a_text, a_full_folder])
def test_what_was_set_aside_before_is_not_in_the_way(train, ticket, kept, ample, tmp_path, first):
    folder, told = tmp_path / "runs" / ticket.key[:2] / ticket.key, []
    folder.mkdir(parents=True)
    first(folder / "result.json.corrupt")
    a_full_folder(folder / "result.json")
    assert kept(train(tmp_path, told.append)) == kept(train(ample))
    assert len(list(folder.glob("result.json.*.corrupt"))) == len(told) == 1


def test_what_a_killed_write_left_is_never_read(train, ticket, kept, ample, tmp_path):
    folder = tmp_path / "runs" / ticket.key[:2] / ticket.key
    folder.mkdir(parents=True)
    for name in HIDDEN:
        a_text(folder / name)
    told = []
    assert kept(train(tmp_path, told.append)) == kept(train(ample))
    assert not told
    assert {path.name for path in folder.glob(".*")} == set(HIDDEN)


def test_other_names_are_left_alone(train, ticket, kept, ample, tmp_path):
    folder = tmp_path / "runs" / ticket.key[:2] / ticket.key
    folder.mkdir(parents=True)
    for name in ("step-last.safetensors", "notes.txt"):
        a_text(folder / name)
    assert kept_sound(kept, train(tmp_path), folder) == kept(train(ample))


def kept_sound(kept, store, folder):
    (folder / "step-last.safetensors").unlink()
    return kept(store)


def test_a_lock_that_cannot_be_held_is_refused(train, ticket, tmp_path):
    (tmp_path / "locks" / f"{ticket.key}.lock").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"\.lock must be a file that can be locked \(.*\); remove what is there or"):
        train(tmp_path)
