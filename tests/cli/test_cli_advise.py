"""`lthcheck advise`: what it says of an empty store and of one that knows, and that its command asks just that."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest

from lthcheck.cli import main
from lthcheck.cli.choice import chosen
from lthcheck.options import studies
from lthcheck.store import ledger
from lthcheck.study import Study

QUICK = ("--no-calibration",)


@pytest.fixture
def about(asked, store):
    """Options that name the study's network and data, and the copy of its store."""
    return ["--model", asked.study["model"], "--dataset", asked.study["dataset"], "--store", store]


@pytest.fixture
def advised(command):
    """The one object that `lthcheck advise --json` gives."""

    def read(*options):
        done = command("advise", *QUICK, "--json", *options)
        assert done.exit_code == 0, done.stderr
        (found,) = json.loads(done.stdout)
        return found

    return read


def parsed(line):
    """The study that a `lthcheck run` line asks for."""
    program, name, *words = shlex.split(line)
    assert (program, name) == ("lthcheck", "run")
    (study,) = studies(chosen(main.commands["run"].make_context("run", words).params))
    return study


def test_of_an_empty_store_it_says_so_and_ends_with_the_command(command, tmp_path):
    done = command("advise", *QUICK, "--model", "mlp-64-32", "--dataset", "mnist1d", "--store", tmp_path / "empty")
    assert done.exit_code == 0
    assert "no study of this network and data on record" in done.stdout
    assert "no statement of the paper applies directly" in done.stdout.replace("\n" + 14 * " ", " ")
    last = done.stdout.splitlines()[-1]
    assert last.startswith("lthcheck run --model mlp-64-32 --dataset mnist1d --recipe mnist1d --method omp ")
    assert "not measured (--no-calibration)" in done.stdout


def test_the_command_asks_for_what_is_suggested_and_costed(advised, about):
    found = advised(*about, "--recipe", "mnist1d", "--epochs", 4)
    study = parsed(found["command"])
    suggestion = found["suggestion"]
    assert study == Study.from_json(found["forecast"]["study"])
    assert list(study.sparsities) == suggestion["sparsities"]
    assert list(study.recipe.lrs) == suggestion["lrs"]
    assert list(study.methods) == suggestion["methods"]
    assert (study.recipe.epochs, study.recipe.seeds) == (suggestion["epochs"], suggestion["seeds"])
    assert shlex.split(found["command"])[-2:] == ["--store", str(about[-1])]


def test_a_study_on_record_is_told_and_taken_from(asked, advised, about):
    found = advised(*about, "--recipe", "ma2021", "--epochs", 4)
    (record,) = found["store"]
    assert record["alike"]
    assert (record["missing"], record["epochs"], record["lrs"]) == (0, 4, [0.1, 0.2])
    assert {tuple(cell) for cell in record["cells"]} == {
        (cell["method"], cell["sparsity"], cell["verdict"]) for cell in asked.record["cells"]
    }
    dense = [row for row in asked.record["evidence"] if row["arm"] == "dense" and row["epochs"] == 4]
    assert {row["lr"] for row in dense} & set(found["suggestion"]["lrs"])
    assert found["forecast"]["cost"]["stored"] > 0
    assert any(reason["source"] == "the store" for reason in found["suggestion"]["reasons"]["lr"])


def test_a_study_that_has_grown_is_told_as_it_was_judged(advised, about, store):
    (entry,), _ = ledger.entries(store)
    ledger.keep(store, replace(entry, study=entry.study | {"lrs": [0.1, 0.2, 0.4], "seeds": 3}))
    (record,) = advised(*about)["store"]
    assert (record["lrs"], record["seeds"]) == ([0.1, 0.2, 0.4], 3)


def test_a_study_by_another_recipe_is_told_and_not_taken_from(advised, about, tmp_path):
    other = advised(*about, "--recipe", "mnist1d", "--epochs", 4)
    assert [record["alike"] for record in other["store"]] == [False]
    empty = advised(*about[:-1], tmp_path / "empty", "--recipe", "mnist1d", "--epochs", 4)
    assert other["suggestion"] == empty["suggestion"]


def test_other_data_under_the_same_name_is_not_known(asked, advised, store, tmp_path):
    import numpy as np

    with np.load(asked.study["dataset"]) as kept:
        np.savez(tmp_path / "toy.npz", **{name: kept[name][::-1] for name in kept})
    options = ["--model", asked.study["model"], "--dataset", tmp_path / "toy.npz", "--store", store]
    assert advised(*options)["store"] == []


def test_results_that_are_missing_are_counted(asked, advised, about, store):
    (run, *_) = [row["run"] for row in asked.record["evidence"] if row["arm"] == "rr"]
    (store / "runs" / run[:2] / run / "result.json").unlink()
    assert advised(*about)["store"][0]["missing"] == 1


def test_each_network_on_each_data_set_has_its_advice(command):
    done = command("advise", *QUICK, "--json", "--model", "mlp-8,mlp-16", "--dataset", "mnist1d")
    assert [parsed(found["command"]).model for found in json.loads(done.stdout)] == ["mlp-8", "mlp-16"]


def test_it_tells_a_time(command, about):
    done = command("advise", *about, "--epochs", 1)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("time")]
    assert "as measured just now" in line


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--dataset mnist1d", "model must be named for there to be advice; add e.g. --model resnet20"),
        ("--model mlp-8", "dataset must be named for there to be advice; add e.g. --dataset fashion_mnist"),
        ("--model resnt20 --dataset mnist1d", "model='resnt20' is not known; did you mean resnet20?"),
        ("--model mlp-8 --dataset mnist1", "dataset='mnist1' is not known; did you mean mnist1d?"),
        ("--model mlp-8 --dataset mnist1d --recipe ma", "recipe='ma' is not known"),
        ("--model resnet20 --dataset mnist1d", "shape=(40,) must be (channels, height, width)"),
        ("--model mlp-8 --dataset mnist1d --epochs 0", "epochs=0 must be at least 1"),
        ("--model mlp-8 --dataset mnist1d --lr 0.1", "No such option '--lr'"),
    ],
)
def test_bad_input_is_told_in_one_line(command, options, message):
    done = command("advise", *options.split())
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert message in line


def test_without_a_calibration_torch_is_not_imported():
    program = (
        "import sys; from lthcheck.cli import main; main(sys.argv[1:], standalone_mode=False); "
        "sys.exit('torch' in sys.modules)"
    )
    options = ["advise", *QUICK, "--model", "mlp-8", "--dataset", "mnist1d"]
    command = [sys.executable, "-c", program, *options]
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
