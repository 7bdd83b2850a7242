"""What a user registers here is there in the trainers, or is refused in one line."""

from __future__ import annotations

import importlib.util
import os
import pickle
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lthcheck
from lthcheck import data, zoo
from lthcheck.execute.error import INSIDE_A_TRAINER, Refused
from lthcheck.execute.registered import packed, unpacked
from lthcheck.store import Store

UNPACK = """
import pickle, sys
from pathlib import Path
from lthcheck import zoo
from lthcheck.execute.registered import unpacked
for place in map(Path, sys.argv[1:]):
    unpacked(pickle.loads(place.read_bytes()))
    own = zoo.registered(["mine"])["mine"]
    print(own.factory((4,)), own.fingerprint)
"""


@pytest.fixture(autouse=True)
def _own_registries(monkeypatch):
    monkeypatch.setattr("lthcheck.zoo.registry._registered", {})
    monkeypatch.setattr("lthcheck.data.registry._registered", {})
    monkeypatch.setattr("lthcheck.data.registry._described", {})
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "_of_test", False):
            del sys.modules[name]


def imported(path, text, name):
    """A module from a file, under a name that may not be the one it would be found by."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n_of_test = True\n")
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def closed(n):
    def factory(shape):
        return n + shape[0]

    return factory


def test_nothing_is_sent_where_nothing_is_registered():
    assert packed(["mlp-16", "resnet20"], ["mnist1d", "x.npz"]) is None
    unpacked(None)


def test_a_factory_of_any_home_arrives_with_its_fingerprint(tmp_path):
    """A closure, a module that is found, one that is not, one of a package, and two under names that mislead."""
    sys.path.insert(0, str(tmp_path))
    text = "SIZE = 5\ndef width(): return SIZE\ndef factory(shape): return width() + shape[0]\n"
    (tmp_path / "pack_of_test").mkdir()
    (tmp_path / "pack_of_test" / "__init__.py").write_text("_of_test = True")
    (tmp_path / "pack_of_test" / "parts.py").write_text("SIZE = 5\n_of_test = True")
    relative = "from .parts import SIZE\ndef factory(shape): return SIZE + shape[0]\n"
    (tmp_path / "other_of_test.py").write_text("raise RuntimeError('not this one')")
    factories = [
        closed(5),
        imported(tmp_path / "found_of_test.py", text, "found_of_test").factory,
        imported(tmp_path / "far" / "lost_of_test.py", text, "lost_of_test").factory,
        imported(tmp_path / "pack_of_test" / "net.py", relative, "pack_of_test.net").factory,
        imported(tmp_path / "far" / "lost.py", text, "nowhere_of_test.lost").factory,
        imported(tmp_path / "far" / "other_of_test.py", text, "other_of_test").factory,
    ]
    parcels, expected = [], []
    for number, factory in enumerate(factories):
        zoo.register_model("mine", factory)
        parcels.append(tmp_path / f"{number}.parcel")
        parcels[-1].write_bytes(pickle.dumps(packed(["mine"], [])))
        expected.append(f"9 {zoo.registered(['mine'])['mine'].fingerprint}")
    shutil.rmtree(tmp_path / "far")
    root = str(Path(lthcheck.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", UNPACK, *map(str, parcels)],
        env=os.environ | {"PYTHONPATH": root},
        cwd=tmp_path / "pack_of_test",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == expected


def test_what_cannot_be_sent_is_refused_in_one_line():
    lock = threading.Lock()
    zoo.register_model("mine", lambda shape: lock)
    with pytest.raises(
        ValueError, match=r"^mine must be code that another process can be sent \(TypeError: .*; define"
    ):
        packed(["mine"], [])


def test_what_cannot_be_imported_there_is_refused_in_one_line(tmp_path, monkeypatch):
    sys.path.insert(0, str(tmp_path))
    zoo.register_model("mine", imported(tmp_path / "gone_of_test.py", "def factory(): pass", "gone_of_test").factory)
    parcel = packed(["mine"], [])
    (tmp_path / "gone_of_test.py").unlink()
    monkeypatch.delitem(sys.modules, "gone_of_test")
    with pytest.raises(Refused, match=r"can import \(ModuleNotFoundError: No module named 'gone_of_test'\); define"):
        unpacked(parcel)


def test_a_study_does_not_begin_in_a_trainer(study, tmp_path, monkeypatch):
    monkeypatch.setenv(INSIDE_A_TRAINER, "1")
    with pytest.raises(ValueError, match=r"a study must not begin while a trainer imports .*__main__"):
        study().run(store=tmp_path)


def test_a_file_that_runs_a_study_when_it_is_imported_is_refused_in_one_line(study, ask, tmp_path):
    text = """
def load(): return data
"""
    sys.path.insert(0, str(tmp_path))
    module = imported(tmp_path / "looping_of_test.py", text, "looping_of_test")
    with np.load(study().dataset) as kept:
        module.data = data.Arrays(**{name: kept[name] for name in kept.files})
    data.register_dataset("mine", module.load)
    # what a trainer imports is the file, which has grown by a study
    (tmp_path / "looping_of_test.py").write_text(
        "from lthcheck import Study\nfrom lthcheck.recipe import Recipe\nfrom lthcheck.verdict.terms import Terms\n"
        f"{study()!r}.run()\n"
    )
    with pytest.raises(Refused, match=r"^a study must not begin while a trainer imports") as refused:
        ask(replace(study(), dataset="mine"), Store(tmp_path / "store"), conditions=(4,))
    assert "\n" not in str(refused.value)


def restless():
    random = np.random.default_rng()
    x, y = random.normal(size=(100, 20)).astype("float32"), np.arange(100) % 4
    return data.Arrays(x, y, x, y)


def test_a_loader_that_gives_other_data_each_time_is_refused_in_one_line(study, ask, tmp_path):
    data.register_dataset("mine", restless)
    with pytest.raises(
        Refused, match=r"^dataset='mine' has the fingerprint .*must give the same data whenever"
    ) as refused:
        ask(replace(study(), dataset="mine"), Store(tmp_path), conditions=(4,))
    assert "\n" not in str(refused.value)


def test_data_that_moves_trains_nothing_again(study, ask, tmp_path):
    store = Store(tmp_path / "store")
    _, first = ask(study(), store, conditions=(4,))
    moved = str(shutil.copy(study().dataset, tmp_path / "moved.npz"))
    with np.load(moved) as kept:
        arrays = data.Arrays(**{name: kept[name] for name in kept.files})
    data.register_dataset("mine", lambda: arrays)
    for name in (moved, "mine"):
        _, again = ask(replace(study(), dataset=name), store, conditions=(4,))
        assert (first.trained, again.trained) == (3, 0)
    _, more = ask(replace(study(), dataset=moved), store, conditions=(3,))  # and trains from where it is now
    assert more.trained == 1
