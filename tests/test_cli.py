"""The command line: verdicts on tables from any codebase, exit codes, bad input, and a study without pytest."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lthcheck.cli import main
from lthcheck.report.record import loads

# Mean accuracies by lr: a Jackpot at lr .2 where a recipe is adequate.
JACKPOT = {
    "dense": {0.1: 0.895, 0.2: 0.902, 0.4: 0.880},
    "lt": {0.1: 0.885, 0.2: 0.900, 0.4: 0.870},
    "rr": {0.1: 0.880, 0.2: 0.870, 0.4: 0.860},
    "sdt": {0.1: 0.850, 0.2: 0.860, 0.4: 0.840},
}
NONE = JACKPOT | {"rr": JACKPOT["lt"]}
LOOSE = JACKPOT | {"lt": {0.1: 0.885, 0.2: 0.890, 0.4: 0.870}, "rr": {0.2: 0.882}}  # 1.2 pt below dense, .8 above RR


def table(levels, *, probe=0.904, **columns):
    """CSV: T is 80 epochs, and dense at lr .2 was trained for 160 as well."""
    rows = [
        {"arm": arm, "lr": lr, "accuracy": accuracy, "epochs": 80}
        for arm in levels
        for lr, accuracy in levels[arm].items()
    ]
    rows += [{"arm": "dense", "lr": 0.2, "accuracy": probe, "epochs": 160}] if probe else []
    rows = [row | {"sparsity": "" if row["arm"] == "dense" else 0.832} | columns for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def together(*tables):
    """Several tables under one header."""
    header = tables[0].splitlines()[0]
    return "\n".join([header, *(line for text in tables for line in text.splitlines()[1:])])


@pytest.fixture
def judge(tmp_path):
    """Runs `lthcheck judge` on a table in a file."""

    def run(text, *arguments):
        path = tmp_path / "accuracies.csv"
        path.write_text(text)
        return CliRunner().invoke(main, ["judge", str(path), *arguments])

    return run


class TestJudge:
    def test_shows_a_row_a_cell_and_a_headline(self, judge):
        done = judge(table(JACKPOT))
        assert done.exit_code == 0
        head, _, row, _, headline = done.stdout.splitlines()[:5]
        assert head.split()[:4] == ["study", "method", "sparsity", "verdict"]
        assert row.split()[:4] == ["accuracies", "0.832", "jackpot", "yes"]
        assert headline.startswith("accuracies, at sparsity 0.832: JACKPOT (LT 90.0 % at lr 0.2 beats")
        assert done.stderr == ""

    def test_gives_records_as_json(self, judge):
        done = judge(together(table(JACKPOT, model="a"), table(NONE, model="b")), "--json", "--dataset", "cifar100")
        records = [loads(json.dumps(value)) for value in json.loads(done.stdout)]
        assert [record["verdict"] for record in records] == ["jackpot", "none"]
        assert [record["study"]["name"] for record in records] == ["a on cifar100", "b on cifar100"]
        assert {record["delta"] for record in records} == {0.01}  # that of the data set

    def test_judges_each_model_and_data_set_of_a_table(self, judge):
        done = judge(
            together(
                table(JACKPOT, model="a", dataset="x"),
                table(NONE, model="a", dataset="y"),
                table(JACKPOT, model="b", dataset="y", probe=None),
            )
        )
        assert done.exit_code == 1  # one is undecided
        lines = done.stdout.splitlines()
        assert [line.split("  ")[0] for line in lines[2:5]] == ["a on x", "a on y", "b on y"]
        assert [line.split(":")[0] for line in lines[6:9]] == [
            f"{name}, at sparsity 0.832" for name in ("a on x", "a on y", "b on y")
        ]
        assert "b on y: train dense at lr 0.2 for 2T = 160 epochs" in lines

    def test_judges_each_method(self, judge):
        done = judge(together(table(JACKPOT, method="imp"), table(NONE, method="omp")), "--json")
        (record,) = json.loads(done.stdout)
        assert {cell["method"]: cell["verdict"] for cell in record["cells"]} == {"imp": "jackpot", "omp": "none"}

    def test_reads_standard_input(self):
        done = CliRunner().invoke(main, ["judge", "-", "--json"], input=table(JACKPOT))
        assert done.exit_code == 0
        assert json.loads(done.stdout)[0]["verdict"] == "jackpot"

    def test_names_the_columns_that_it_does_not_read(self, judge):
        done = judge(table(JACKPOT, gpu="A100"), "--json")
        assert done.stderr == "note: columns that are not read: gpu\n"
        assert json.loads(done.stdout)

    @pytest.mark.parametrize(
        ("levels", "probe", "asked", "code"),
        [
            (JACKPOT, 0.904, "", 0),
            (NONE, 0.904, "", 0),  # a verdict was given
            (JACKPOT, None, "", 1),  # undecided
            (JACKPOT, 0.904, "--require jackpot", 0),
            (LOOSE, 0.904, "--require secondary", 1),
            (NONE, 0.904, "--require secondary", 1),
            (JACKPOT, None, "--require secondary", 1),
        ],
    )
    def test_exit_code(self, judge, levels, probe, asked, code):
        assert judge(table(levels, probe=probe), *asked.split()).exit_code == code

    def test_requires_a_prize_of_every_study(self, judge):
        text = together(table(JACKPOT, model="a"), table(NONE, model="b"))
        assert judge(text, "--require", "secondary").exit_code == 1

    def test_margins_are_in_percentage_points(self, judge):
        done = judge(table(LOOSE), "--delta", "1.5", "--gamma", "0.7", "--json")
        (record,) = json.loads(done.stdout)
        assert (record["delta"], record["gamma"]) == pytest.approx((0.015, 0.007))
        assert record["verdict"] == "jackpot"
        assert (
            json.loads(judge(table(LOOSE), "--delta", "1.5", "--gamma", "0.9", "--json").stdout)[0]["verdict"] == "none"
        )

    def test_a_recipe_can_be_vouched_for(self, judge):
        done = judge(table(JACKPOT, probe=None), "--assume-adequate", "--json")
        (record,) = json.loads(done.stdout)
        assert (done.exit_code, record["verdict"], record["assumed"]) == (0, "jackpot", ["adequate recipe"])

    def test_the_literal_reading_can_be_asked_for(self, judge):
        apart = JACKPOT | {"lt": {0.1: 0.895, 0.2: 0.890}, "rr": {0.1: 0.885}, "sdt": {0.1: 0.86}}
        assert json.loads(judge(table(apart), "--reading", "literal", "--json").stdout)[0]["reading"] == "literal"

    def test_the_rule_confident_has_the_rule_paper_beside_it(self, judge):
        (by_paper,) = json.loads(judge(table(JACKPOT), "--json").stdout)
        (record,) = json.loads(judge(table(JACKPOT), "--json", "--rule", "confident").stdout)
        assert record["rule"] == "confident"
        assert record["paper"] == {key: by_paper[key] for key in ("verdict", "at_least", "at_most")}
        assert "paper" not in by_paper

    def test_the_size_of_the_test_set_is_told(self, judge):
        (record,) = json.loads(judge(table(JACKPOT), "--json", "--test-size", "10000").stdout)
        assert record["test_size"] == 10000


BAD_TABLES = {
    "percentages": (
        "arm,lr,accuracy\nlt,0.1,91.5\n",
        "line 2: accuracy=91.5 must be a fraction in [0, 1]; write 0.915",
    ),
    "missing columns": ("arm,accuracy\nlt,0.9\n", "line 1: the columns must include lr, found arm, accuracy"),
    "NaN": ("arm,lr,accuracy\nlt,0.1,nan\n", "line 2: accuracy=nan must be a fraction"),
    "an unknown arm": ("arm,lr,accuracy\nticket,0.1,0.9\n", "line 2: arm='ticket' must be one of dense, lt, rr, sdt"),
    "an empty file": ("", "the table is empty; write a header"),
    "no rows": ("arm,lr,accuracy\n", "no rows below the header"),
}
BAD_OPTIONS = {
    "--require gold": "require='gold' must be one of secondary, jackpot",
    "--delta half": "delta='half' must be",
    "--gamma 90": "must be",
    "--reading both": "reading='both' must be one of joint, literal",
    "--rule bold": "rule='bold' must be one of paper, confident",
    "--validation": "validation=True goes with the rule confident",
    "--test-size 0": "test-size='0' must be a whole number of at least 1, e.g. 10000",
    "--test-size 1e4": "test-size='1e4' must be a whole number of at least 1, e.g. 10000",
    "--dataset mnist": "line 2: dataset='cifar10' must not differ from the 'mnist' that was asked for",
}


def refused(done, message):
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert message in line


class TestBadInput:
    @pytest.mark.parametrize("what", BAD_TABLES)
    def test_of_a_table_is_told_in_one_line(self, judge, what):
        text, message = BAD_TABLES[what]
        refused(judge(text), message)

    def test_of_standard_input_is_told_in_one_line(self):
        refused(CliRunner().invoke(main, ["judge", "-"], input="arm,lr\n"), "line 1: the columns must include accuracy")

    def test_a_missing_file_is_told_in_one_line(self, tmp_path):
        refused(CliRunner().invoke(main, ["judge", str(tmp_path / "none.csv")]), "cannot be read")

    @pytest.mark.parametrize("option", BAD_OPTIONS)
    def test_of_an_option_is_told_in_one_line(self, judge, option):
        refused(judge(table(JACKPOT, dataset="cifar10"), *option.split()), BAD_OPTIONS[option])

    @pytest.mark.parametrize(
        ("option", "message"),
        [("--model mpl-8", "model='mpl-8' is not known"), ("--dataset none.npz", "dataset='none.npz' must be a file")],
    )
    def test_of_a_study_is_told_in_one_line(self, tmp_path, monkeypatch, option, message):
        monkeypatch.chdir(tmp_path)
        refused(CliRunner().invoke(main, ["run", "--store", "store", *option.split()]), message)


def test_judging_imports_nothing_heavy(tmp_path):
    path = tmp_path / "accuracies.csv"
    path.write_text(table(JACKPOT))
    program = (
        "import sys; from lthcheck.cli import main; main(sys.argv[1:], standalone_mode=False); "
        "sys.exit(' '.join({'torch', 'numpy', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program, "judge", path], capture_output=True, text=True, check=False)
    assert "JACKPOT" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A folder of one's own with a small data set, and the options of a study on it."""
    random = np.random.default_rng(0)
    centres, arrays = random.normal(size=(4, 20)), {}
    for part, size in (("train", 400), ("test", 200)):
        labels = np.arange(size) % 4
        arrays |= {f"y_{part}": labels, f"x_{part}": centres[labels] + random.normal(size=(size, 20))}
    np.savez(tmp_path / "toy.npz", **arrays)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    study = {"model": "mlp-8", "dataset": "toy.npz", "lr": "0.1,0.2", "sparsity": "0.672", "method": "omp"}
    return study | {"seeds": "1", "epochs": "4", "store": "store"}


@pytest.mark.slow
def test_a_study_ends_as_under_pytest(tiny, pytestconfig):
    options = [part for name, value in tiny.items() for part in (f"--{name}", value)]
    done = CliRunner().invoke(main, ["run", *options, "--json", "--require", "jackpot"])
    assert done.exit_code == 1
    (record,) = json.loads(done.stdout)
    assert record == loads(Path("reports/mlp-8-on-toy.npz.json").read_text())
    options = [f"--lth-{name}={value}" for name, value in tiny.items()]
    checks = pytestconfig.rootpath / "checks" / "test_verdict.py"
    command = [sys.executable, "-m", "pytest", checks, *options, "--lth-report-dir=again", "-p", "no:cacheprovider"]
    subprocess.run(command, capture_output=True, check=False)
    again = loads(Path("again/mlp-8-on-toy.npz.json").read_text())
    apart = {"environment": None, "cost": None}
    assert again | apart == record | apart
    assert again["cost"]["cached"] == record["cost"]["trainings"]
