"""The work of somebody who installed the wheel, in a folder of their own, on a network and data of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from code_blocks import blocks

from lthcheck.report.record import loads
from lthcheck.store import Store

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SECTION = "Your own network, data, ticket"

MINE = """
import numpy as np
from torch import nn

from lthcheck import Arrays, register_dataset, register_model


class Net(nn.Module):
    def __init__(self, shape, classes, width):
        super().__init__()
        hidden = max(1, round(16 * width))
        self.layers = nn.Sequential(nn.Linear(shape[0], hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(hidden, hidden))
        self.head = nn.Linear(hidden, classes)

    def forward(self, x):
        print("forward")
        return self.head(self.layers(x))


def clusters():
    random = np.random.default_rng(0)
    y = random.integers(0, 4, 300)
    x = (random.normal(size=(4, 12))[y] + random.normal(size=(300, 12))).astype("float32")
    return Arrays(x[:200], y[:200], x[200:], y[200:])


print("hello from mine")
register_model("mine", Net)
register_dataset("clusters", clusters)
"""
SCRIPT = """
from lthcheck import Study, judge
from lthcheck.recipes import recipe

short = recipe("mnist1d").but({"lrs": (0.1,), "seeds": 1, "epochs": 2, "sparsities": (0.36,)})
rows = Study(model="mine", dataset="clusters", recipe=short, methods=("omp",)).run()
print("verdict", judge(rows).verdict, len(rows))
"""
ASKED = {"model": "mine", "dataset": "clusters", "recipe": "mnist1d", "lr": "0.1", "seeds": "1", "epochs": "2"}
ASKED |= {"sparsity": "0.36", "method": "omp"}
TRAININGS = 5  # dense, the same for twice as long, lt, rr, sdt


@dataclass(frozen=True)
class Home:
    """What the stranger has: the installed package, a cache of results, and a place for folders."""

    site: Path
    cache: Path

    def run(self, folder, *command, **environment):
        """Runs Python in a folder."""
        places = {"PYTHONPATH": str(self.site), "LTHCHECK_CACHE": str(self.cache), "MPLCONFIGDIR": str(self.cache)}
        return subprocess.run(
            [sys.executable, *command],
            cwd=folder,
            env=os.environ | places | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def suite(self, folder, *arguments):
        """Runs the suite, which must end with a verdict: met or not met."""
        (folder / "pytest.ini").touch()
        said = self.run(folder, "-m", "pytest", "-p", "no:cacheprovider", "--pyargs", "lthcheck.suite", *arguments)
        assert said.returncode in (0, 1), said.stdout + said.stderr
        assert "error" not in said.stdout.splitlines()[-1]
        assert re.search(r"^mine on clusters, omp at sparsity", said.stdout, re.MULTILINE), said.stdout
        return said.stdout

    def trainings(self):
        """How many there are in the store."""
        return len(list(Store(self.cache / "store").keys()))


def flags(prefix="--lth-", **changes):
    return [f"{prefix}{name}={value}" for name, value in (ASKED | changes).items() if value]


def installed(site):
    """Lays the package out as the wheel does."""
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    for package in wheel["packages"]:
        shutil.copytree(ROOT / package, site / package, ignore=shutil.ignore_patterns("__pycache__"))
    for source, target in wheel["force-include"].items():
        shutil.copytree(ROOT / source, site / target, ignore=shutil.ignore_patterns("__pycache__"))
    project = PYPROJECT["project"]
    about = site / f"{project['name']}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"]["pytest11"].items()
    (about / "entry_points.txt").write_text("[pytest11]\n" + "\n".join(f"{name} = {place}" for name, place in points))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """The stranger's home, in which the study was trained once by the suite with a conftest.py."""
    made = Home(tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("cache"))
    installed(made.site)
    folder = tmp_path_factory.mktemp("first")
    (folder / "conftest.py").write_text(MINE)
    said = made.suite(folder, *flags())
    assert made.trainings() == TRAININGS, said
    assert loads((folder / "reports" / "mine-on-clusters.json").read_text())["study"]["model"] == "mine"
    return made


@pytest.fixture
def folder(tmp_path, home):
    """An empty folder; whatever is asked in it is in the store already."""
    yield tmp_path
    assert home.trainings() == TRAININGS


@pytest.fixture
def mine(folder):
    (folder / "mine.py").write_text(MINE)
    return folder


def test_the_wheel_holds_the_suite():
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert (wheel["packages"], wheel["force-include"]) == (["lthcheck"], {"checks": "lthcheck/suite"})


@pytest.mark.slow
def test_two_workers_know_what_a_conftest_registers(home, folder):
    (folder / "conftest.py").write_text(MINE)
    assert "0 trainings in" in home.suite(folder, *flags(), "-n", "2")


@pytest.mark.slow
def test_options_may_stand_in_the_ini_file_and_a_file_be_named(home, mine):
    lines = [f"lth_{name} = {value}" for name, value in ASKED.items()]
    (mine / "pytest.ini").write_text("[pytest]\n" + "\n".join(lines))
    assert "0 trainings in" in home.suite(mine, "--lth-import=mine.py")


def test_the_command_line_prints_its_results_alone(home, mine):
    said = home.run(mine, "-m", "lthcheck.cli", "run", "--json", *flags("--"), "--import=mine.py")
    (record,) = json.loads(said.stdout)
    assert record["study"]["name"] == "mine on clusters"
    assert "hello from mine" in said.stderr


def test_a_script_without_a_guard_runs_once(home, tmp_path):
    (tmp_path / "script.py").write_text(MINE + SCRIPT)
    said = home.run(tmp_path, "script.py", LTHCHECK_CACHE=str(tmp_path / "cache"))
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("verdict") == said.stdout.count("hello from mine") == 1
    assert len(list(Store(tmp_path / "cache" / "store").keys())) == TRAININGS


SAVE = """
import numpy as np, mine
from safetensors.torch import save_file
for seed in (0, 1):
    net = mine.Net((12,), 4, 1)
    save_file(net.state_dict(), f"theta0-{seed}.safetensors")
    weight = net.layers[0].weight.detach().abs()
    save_file({"layers.0.weight": (weight > weight.median()).float()}, f"mask-{seed}.safetensors")
"""


@pytest.mark.slow
def test_a_ticket_of_ones_own_is_judged(home, tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    assert home.run(tmp_path, "-c", SAVE).returncode == 0
    given = ["--theta0=theta0-{seed}.safetensors", "--mask=mask-{seed}.safetensors", "--import=mine.py"]
    chosen = flags("--", seeds="2", sparsity="", method="")
    said = home.run(
        tmp_path, "-m", "lthcheck.cli", "run", "--json", *chosen, *given, LTHCHECK_CACHE=str(tmp_path / "cache")
    )
    (record,) = json.loads(said.stdout)
    assert [cell["method"] for cell in record["cells"]] == ["given"]
    assert record["cells"][0]["sparsity"] == 0.5
    assert {row["seed"] for row in record["evidence"]} == {0, 1}


def test_accuracies_of_ones_own_are_judged(home, folder):
    rows = [("dense", 0.1, 0.9, ""), ("lt", 0.1, 0.92, 0.8), ("rr", 0.1, 0.85, 0.8), ("sdt", 0.1, 0.8, 0.8)]
    lines = [",".join(map(str, row)) for row in [("arm", "lr", "accuracy", "sparsity"), *rows]]
    (folder / "table.csv").write_text("\n".join(lines))
    said = home.run(folder, "-m", "lthcheck.cli", "judge", "table.csv", "--assume-adequate")
    assert said.returncode == 0, said.stderr
    assert "JACKPOT" in said.stdout


def test_a_file_that_is_no_good_is_told_in_one_line(home, folder):
    (folder / "mine.py").write_text("import lthcheck\nlthcheck.register_model('mine', lambda shape, depth: 1)\n")
    said = home.run(folder, "-m", "pytest", "--pyargs", "lthcheck.suite", *flags(), "--lth-import=mine.py")
    assert said.returncode == pytest.ExitCode.USAGE_ERROR
    (line,) = [line for line in said.stderr.splitlines() if line]
    assert "may only ask for shape, classes, width; give the others defaults" in line


SHORT = {"recipe": "mnist1d", "lr": "0.1", "seeds": "1", "epochs": "1"}


@pytest.mark.slow
def test_readme_runs(home, tmp_path):
    """Python blocks are files, named in their first line; the commands run after each other, with short trainings."""
    page = blocks(ROOT / "README.md", SECTION)
    assert len(page) == 6
    for block in page:
        if block.language == "python":
            assert block.file, block.text
            (tmp_path / block.file).write_text(block.text)
        for line in block.text.splitlines() if block.language == "sh" else ():
            program, *arguments = [word.strip("'\"") for word in line.partition("  #")[0].split()]
            prefix = {"pytest": "--lth-", "lthcheck": "--"}.get(program)
            short = [f"{prefix}{name}={value}" for name, value in SHORT.items() if prefix]
            if prefix and not any(word.startswith(f"{prefix}mask") for word in arguments):
                short.append(f"{prefix}sparsity=0.36")
            module = {"pytest": ["-m", "pytest"], "lthcheck": ["-m", "lthcheck.cli"], "python": []}[program]
            said = home.run(tmp_path, *module, *arguments, *short, LTHCHECK_CACHE=str(tmp_path / "cache"))
            assert said.returncode in (0, 1), f"{line}\n{said.stdout}{said.stderr}"
            assert "Traceback" not in said.stderr + said.stdout, line
