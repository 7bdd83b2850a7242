"""A store in which one small study was asked, and copies of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from lthcheck.cli import main


def lthcheck(*arguments):
    """Runs a command; a crash is a crash here too."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def typed(study):
    """Options by name, as they are typed."""
    return [part for name, value in study.items() for part in (f"--{name}", value)]


@pytest.fixture(scope="session")
def asked(tmp_path_factory):
    """What `lthcheck run` was given, the record that it printed, and the store that it left."""
    folder = tmp_path_factory.mktemp("asked")
    random = np.random.default_rng(0)
    centres, arrays = random.normal(size=(4, 20)), {}
    for part, size in (("train", 400), ("test", 200)):
        labels = np.arange(size) % 4
        arrays |= {f"y_{part}": labels, f"x_{part}": centres[labels] + 1.5 * random.normal(size=(size, 20))}
    np.savez(folder / "toy.npz", **arrays)
    study = {"model": "mlp-16-8", "dataset": folder / "toy.npz", "lr": "0.1,0.2", "sparsity": "0.36,0.488"}
    study |= {"method": "imp", "seeds": 2, "epochs": 4, "store": folder / "store", "report-dir": folder / "reports"}
    options = typed(study)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LTHCHECK_CACHE", str(folder / "cache"))
        done = lthcheck("run", *options, "--json")
    assert done.exit_code in (0, 1)
    return SimpleNamespace(
        study=study, options=options, record=json.loads(done.stdout)[0], store=folder / "store", folder=folder
    )


@pytest.fixture
def store(asked, tmp_path, monkeypatch):
    """A copy of the store, which is also the default one."""
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path))
    return Path(shutil.copytree(asked.store, tmp_path / "store"))


@pytest.fixture
def again(asked, store):
    """What was given, for the copy of the store, with other options as they are named."""
    return lambda **changes: typed(asked.study | {"store": store, "report-dir": store / "reports"} | changes)


@pytest.fixture
def command():
    """See `lthcheck`."""
    return lthcheck


@pytest.fixture
def listed():
    """What `lthcheck ls --json` gives."""

    def read(*arguments):
        done = lthcheck("ls", "--json", *arguments)
        assert done.exit_code == 0
        return json.loads(done.stdout)

    return read
