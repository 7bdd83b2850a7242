"""reports/resnet20_cifar10.py: begun, stopped, packed, gone on with in an empty store, and reported."""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lthcheck.options import parsed, studies
from lthcheck.store import Store

SCRIPT = Path(__file__).parents[1] / "reports" / "resnet20_cifar10.py"


@pytest.fixture
def script(tmp_path, monkeypatch):
    """The script, whose small study is of seconds."""
    spec = importlib.util.spec_from_file_location("resnet20_cifar10", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    random = np.random.default_rng(0)
    arrays = {}
    for part, size in (("train", 200), ("test", 100)):
        arrays |= {f"y_{part}": np.arange(size) % 4, f"x_{part}": random.normal(size=(size, 8))}
    np.savez(tmp_path / "toy.npz", **arrays)
    options = {"model": "mlp-8", "dataset": str(tmp_path / "toy.npz"), "recipe": "ma2021", "sparsity": "0.36"}
    options |= {"method": "imp", "epochs": "2", "seeds": "1"}
    monkeypatch.setattr(module, "SMALL", replace(module.SMALL, options=options, lrs=("0.1", "0.1,0.2")))
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("lthcheck.report.write.draw", lambda *_, **__: [])  # figures take most of a second each
    return module


def sit(script, folder, *options, store="store"):
    """One sitting; gives its report."""
    where = ["--store", folder / store, "--report", folder / "report.md", "--report-dir", folder / "reports"]
    assert script.main(["--small", *map(str, [*where, *options])]) == 0
    return (folder / "report.md").read_text()


def table(report):
    return re.search("## Accuracies\n(.*)\n## Study", report, re.DOTALL)[1]


def trained(capfd):
    return sum(map(int, re.findall(r"^(\d+) trainings? in ", capfd.readouterr().err, re.MULTILINE)))


@pytest.mark.slow
def test_what_was_stopped_goes_on_elsewhere_and_trains_nothing_twice(script, tmp_path, monkeypatch, capfd):
    with monkeypatch.context() as patch:
        patch.setattr(script, "over", lambda progress, until: progress.trained >= 2)
        report = sit(script, tmp_path, "--to", tmp_path / "a.pack", "--part-size", "10kB")
    assert "interrupted after" in capfd.readouterr().err
    assert "- lr 0.1: on its way, no verdict yet\n- lr 0.1,0.2: not begun" in report
    done = len(list(Store(tmp_path / "store").keys()))
    assert done >= 2
    assert f": {done} of " in report.splitlines()[0]

    packs = sorted(tmp_path.glob("a.pack*"))
    report = sit(script, tmp_path, "--from", *packs, "--to", tmp_path / "b.pack", store="there")
    assert trained(capfd) == len(list(Store(tmp_path / "there").keys())) - done
    assert report.count("finished.") == 2
    assert "not begun" not in report
    assert "mlp-8 on toy.npz" in report

    again = sit(script, tmp_path, "--from", tmp_path / "b.pack", "--minutes", "0", store="third")
    assert again.count("finished.") == 2
    assert table(again) == table(report)


def test_it_only_reports_where_no_time_is_given(script, tmp_path):
    report = sit(script, tmp_path, "--minutes", "0")
    assert re.match("# .*: 0 of 5 trainings\n", report)
    assert "None yet." in report
    assert not list(Store(tmp_path / "store").keys())


def test_bad_input_is_one_line(script, tmp_path, capfd):
    (tmp_path / "p").write_text("mine")
    for options in (["--to", tmp_path / "p"], ["--from", tmp_path / "p"], ["--part-size", "x"], ["--also", "lr=x"]):
        assert script.main(["--small", "--store", str(tmp_path / "store"), *map(str, options)]) == 2
        assert len(capfd.readouterr().err.splitlines()) == 1
    assert (tmp_path / "p").read_text() == "mine"


def test_the_study_is_the_papers(script):
    """Ma et al. 2021, Table E.1: some 100 to 200 trainings of 160 epochs."""
    (study,) = studies(parsed(script.FULL.options | {"lr": script.FULL.lrs[0]}))
    recipe = study.recipe
    assert (study.name, recipe.name, recipe.epochs, recipe.batch, recipe.seeds) == (
        "resnet20 on cifar10", "ma2021", 160, 64, 3,
    )  # fmt: skip
    assert [round(sparsity, 3) for sparsity in study.sparsities] == [0.672, 0.832, 0.914]
    assert recipe.lrs == (0.01, 0.1)
    asked = [set(map(float, lrs.split(","))) for lrs in script.FULL.lrs]
    assert asked[0] < asked[1] < asked[2]
    dense, imp, others = 1, len(study.rounds(0.914)), 3 * 4  # OMP, its RR, IMP's RR, SDT at three rungs
    assert (dense + imp + others) * 2 * 3 == 144


def test_a_published_number_stands_below_the_arm_that_it_is_of(script):
    from lthcheck.evidence import Row

    rows = [Row(arm="lt", lr=lr, accuracy=0.9, method="imp", sparsity=1 - 0.8**11, epochs=160) for lr in (0.01, 0.15)]
    assert [script._published(row) for row in rows] == [0.894, None]
