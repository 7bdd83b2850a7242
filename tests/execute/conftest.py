"""A small study on data of its own, and ways to ask it: in this process, and in one that can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from lthcheck.execute.answer import answer
from lthcheck.protocol import digest
from lthcheck.recipe import Recipe
from lthcheck.study import Study

COMMAND = """
import json, sys
from lthcheck.execute.answer import answer
from lthcheck.recipe import Recipe
from lthcheck.store import Store
from lthcheck.study import Study
from lthcheck.verdict.terms import Terms

study = {study!r}
asked = [question for question in study.questions() if question.condition in {conditions!r}]
(found,), progress = answer({{study: asked}}, Store(sys.argv[1]), trainers={trainers})
told = {{name: getattr(progress, name) for name in ("trained", "elsewhere", "replica_steps", "told")}}
print(json.dumps({{"rows": [row.as_json() for row in found.rows], "finished": sorted(progress.finished), **told}}))
"""


ALL = (1, 2, 3, 4, 5)


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", autouse=True)
def _surroundings(cache):
    """No test here reads or writes the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LTHCHECK_CACHE", str(cache))
        yield


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """Four Gaussian classes in 20 dimensions, 400 samples to train and 200 to test."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 20))
    arrays = {}
    for part, size in (("train", 400), ("test", 200)):
        labels = np.arange(size) % 4
        arrays[f"x_{part}"] = (centres[labels] + 1.5 * rng.normal(size=(size, 20))).astype("float32")
        arrays[f"y_{part}"] = labels
    path = tmp_path_factory.mktemp("data") / "blobs.npz"
    np.savez(path, **arrays)
    return str(path)


@pytest.fixture(scope="session")
def study(dataset):
    """Studies of mlp-16-8; in an epoch are 8 steps, and 0.36 is the second rung."""

    def made(*, methods=("imp",), **recipe):
        usual = {"lrs": (0.2,), "sparsities": (0.36,), "seeds": 1, "epochs": 3, "batch": 50, "weight_decay": 2e-3}
        small = Recipe(name="small", source="these tests", initialiser="pytorch", **usual | recipe)
        return Study(model="mlp-16-8", dataset=dataset, recipe=small, methods=methods)

    return made


@pytest.fixture(scope="session")
def ask():
    """Answers a study here, by one trainer and in all its conditions where nothing else is said."""

    def answered(study, store, *, conditions=ALL, **options):
        asked = [question for question in study.questions() if question.condition in conditions]
        (found,), progress = answer({study: asked}, store, **{"trainers": 1} | options)
        return found, progress

    return answered


@pytest.fixture(scope="session")
def kept():
    """By run, what must not depend on how it came to be: accuracy, digests, and the bits of its tensors."""

    def read(store):
        def tensors(key):
            files = sorted((store.root / "runs" / key[:2] / key).glob("*.safetensors"))
            return {file.stem: digest(store.tensors(key, file.stem)) for file in files}

        results = map(store.result, store.keys())
        return {r["key"]: (r["accuracy"], r["digests"], tensors(r["key"])) for r in results}

    return read


class Command:
    """A process that answers a study; it checkpoints as often as it can."""

    def __init__(self, root, cache, **asked):
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND.format(**asked), str(root)],
            stdout=subprocess.PIPE,
            env=os.environ | {"LTHCHECK_CACHE": str(cache), "LTHCHECK_CHECKPOINT_SECONDS": "0.05"},
            start_new_session=True,
        )

    def finish(self):
        """What it printed, once it has ended well."""
        out, _ = self.process.communicate(timeout=300)
        assert self.process.returncode == 0
        return json.loads(out)

    def kill(self):
        """Kills it and nothing else; returns the trainers that it had."""
        trainers = children(self.process.pid)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        return trainers


@pytest.fixture
def command(cache):
    """Starts commands, and ends those that a test leaves behind."""
    started = []

    def start(study, root, *, trainers=2, conditions=ALL):
        started.append(Command(root, cache, study=study, trainers=trainers, conditions=conditions))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.kill()


@pytest.fixture(scope="session")
def processes():
    """`processes(pid)` are the trainers that a command has; `processes.gone(pids)` waits until they have ended."""
    children.gone = gone
    return children


def children(pid):
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        int(child) for child in listed if b"lthcheck.execute.trainer" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def gone(pids, seconds=60):
    until = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(alive, pids))


def alive(pid):
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False
