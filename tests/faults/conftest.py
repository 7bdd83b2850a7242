"""The two faces of the tool as processes that things happen to: `lthcheck run`, and `pytest checks`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from execute.conftest import _surroundings, alive, ask, cache, command, dataset, gone, kept, processes, study  # noqa: F401

from lthcheck import data
from lthcheck.arms import Arms
from lthcheck.execute import spawn, trainer
from lthcheck.execute.plan import Demand, plan
from lthcheck.store import Store
from lthcheck.study import Slot

CHECKS = Path(__file__).parents[2] / "checks"
FACES = {
    "run": ["lthcheck.cli", "run"],
    "pytest": ["pytest", "-p", "no:cacheprovider"],
    "pytest -n 2": ["pytest", "-p", "no:cacheprovider", "-n", "2"],
    "pytest -n 4": ["pytest", "-p", "no:cacheprovider", "-n", "4"],
}


class Face:
    """A process group as a terminal has one; trainers are outside of it."""

    def __init__(self, name, folder, env, options, which):
        prefix, more = ("--", []) if name == "run" else ("--lth-", [which])
        options = [f"{prefix}{key}={value}" for key, value in options.items()]
        # of a job in the background it is ignored, and so it would be by its children
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.process = subprocess.Popen(
            [sys.executable, "-m", *FACES[name], *more, *options],
            cwd=folder,
            env=os.environ | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def end(self):
        """Its exit code and all that it said, once it has ended."""
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out + err

    def children(self, *, trainers):
        """The process ids of its trainers, or of its other children: xdist's workers."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in listed}
        return [pid for pid, line in lines.items() if (b"lthcheck.execute.trainer" in line) == trainers]

    def interrupt(self):
        """Ctrl-C."""
        os.killpg(self.process.pid, signal.SIGINT)

    def kill(self):
        """Ends the group, and with it the trainers."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture(scope="session")
def started(cache, dataset):  # noqa: F811
    """Starts `run` or `pytest` on a small study in a folder: `started("pytest -n 2", folder, epochs=9)`."""
    usual = {"model": "mlp-16-8", "dataset": dataset, "method": "omp", "lr": "0.2", "sparsity": "0.36", "seeds": "1"}
    usual |= {"epochs": "3", "store": "store", "report-dir": "reports"}
    env = {"LTHCHECK_CACHE": str(cache), "MPLCONFIGDIR": str(cache / "fonts"), "LTHCHECK_CHECKPOINT_SECONDS": "0.05"}

    def start(name, folder, which="checks/test_verdict.py", **options):
        (folder / "pytest.ini").write_text("[pytest]\n")
        shutil.copytree(CHECKS, folder / "checks", ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        options = usual | {key.replace("_", "-"): value for key, value in options.items()}
        return Face(name, folder, env, options, which)

    return start


@pytest.fixture
def face(started, tmp_path):
    """Starts `run` or `pytest` in a folder of its own, and ends what a test leaves behind."""
    made = []

    def start(name, **options):
        made.append(started(name, tmp_path, **options))
        return made[-1]

    yield start
    for each in made:
        each.kill()


@pytest.fixture(scope="session")
def untroubled(started, tmp_path_factory):
    """The folder in which nothing happened to `lthcheck run`, with its store and its reports."""
    folder = tmp_path_factory.mktemp("untroubled")
    code, said = started("run", folder).end()
    assert code == 0, said
    return folder


STEPS = 24


@pytest.fixture(scope="session")
def ticket(study):  # noqa: F811
    """A run whose mask is taken from another run."""
    made = study(methods=("omp",))
    return Arms(made, data.describe(made.dataset)).run(Slot("lt", "omp", 0.36, 0.2, 0, 3))


@pytest.fixture
def train(ticket, monkeypatch):
    """Trains the ticket, after dense, in a folder; checkpoints are written whenever they can be."""
    monkeypatch.setattr(trainer, "CHECKPOINT_SECONDS", 0.0)

    def trained(root, tell=None):
        store = Store(root, tell)
        made = plan([Demand(ticket, frozenset({STEPS}))], store)
        worker = trainer.Trainer(trainer.Place(root, None), lambda message: None)
        for key in made.order():
            worker.work([made.jobs[key]])
        return store

    return trained


@pytest.fixture
def patched(tmp_path, monkeypatch):
    """`patched(code)` runs code at the start of every Python process that this one starts."""

    def write(code):
        folder = tmp_path / "patched"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(code)
        path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        monkeypatch.setenv("PYTHONPATH", path)

    return write


@pytest.fixture
def in_trainers(monkeypatch):
    """`in_trainers(code)` runs code at the start of every trainer that this process starts."""
    program = spawn.PROGRAM
    return lambda code: monkeypatch.setattr(spawn, "PROGRAM", f"exec({code!r})\n{program}")


@pytest.fixture
def mounted(tmp_path):
    """`mounted(size)` is a folder on a disk of its own; `mount` takes more options for it."""
    made = []

    def mount(size="1m"):
        folder = tmp_path / f"disk{len(made)}"
        folder.mkdir()
        if sys.platform != "linux" or not shutil.which("mount"):
            pytest.skip("needs Linux")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=False)
        if done.returncode:
            pytest.skip("must be allowed to mount")
        made.append(folder)
        return folder

    yield mount
    for folder in made:
        subprocess.run(["umount", "-l", folder], check=True)


def remount(folder, option):
    """Makes a disk read-only ("ro") or not ("rw"), or of another size."""
    subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True)


def wait_for(what, seconds=60):
    """What `what()` gives, once it is true."""
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def evidence(folder):
    """The rows of the report in a folder."""
    (report,) = folder.glob("reports/*.md")
    return json.loads(report.with_suffix(".json").read_text())["evidence"]


def one_line(said, *parts):
    """Whether one line holds all parts, and no traceback was shown."""
    return any(all(part in line for part in parts) for line in said.splitlines()) and "Traceback" not in said
