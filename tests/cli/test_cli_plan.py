"""`lthcheck plan`: what it says, what it costs, and what it leaves alone."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest
from click.testing import CliRunner

from lthcheck.cli import main
from lthcheck.verdict.power import reach


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """A folder of one's own with two small data sets."""
    rng = np.random.default_rng(0)
    for name in ("blobs", "other"):
        arrays = {"x_train": rng.normal(size=(64, 20)), "y_train": np.arange(64) % 4}
        arrays |= {"x_test": rng.normal(size=(30, 20)), "y_test": np.arange(30) % 4}
        np.savez(tmp_path / f"{name}.npz", **arrays)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))


STUDY = {"--model": "mlp-16-8", "--dataset": "blobs.npz", "--lr": "0.1,0.2", "--sparsity": "0.488"}
STUDY |= {"--seeds": "3", "--epochs": "2"}


def asked(*options):
    """The small study, but for the options that are given."""
    return ["plan", *(part for flag, text in STUDY.items() if flag not in options for part in (flag, text)), *options]


def plan(*options):
    done = CliRunner().invoke(main, asked(*options), catch_exceptions=False)
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def test_it_says_what_a_study_takes_and_can_tell():
    lines = [" ".join(line.split()) for line in plan("--no-calibration").splitlines()]
    assert lines[0].startswith("mlp-16-8 on blobs.npz: imp, omp at sparsity 0.488; lr 0.1, 0.2; 3 seeds, 2 epochs")
    for line in (
        "dense 6 0 12",
        "probe up to 3 0 12",
        "0.488 508 289 289 as many",
        "trainings 48 + up to 3; 84 if each of the 36 rows of evidence had all of its own",
        "(the later ones: dense for 4 epochs at its best lr, once that is known, and rr and sdt where a ticket would "
        "stand)",
        "to train 48 + up to 3, 108 optimiser steps over all replicas",
        "time not measured (--no-calibration)",
        "test set 30 samples: one standard error is 5.5 pt, of a gap up to 1.4 times that, at an accuracy of 90.0 % "
        "(assumed)",
    ):
        assert line in lines
    seen = (
        "a ticket that truly lies 1.6 pt above rr and sdt and 0.61 pt above dense, or further up (4 tickets paid for)"
    )
    assert any(seen in line for line in lines)


def test_it_says_what_a_study_may_grow_by():
    grown = plan("--no-calibration", "--extend-lr", "2", "--until-decided", "5", "--rule", "confident")
    (line,) = [line for line in grown.splitlines() if "the later ones" in line]
    assert line.endswith("; up to 2 lrs beyond the grid; up to 5 seeds in all, until the verdict is decided)")
    assert "lr 0.1, 0.2 and at most 2 lrs beyond; 3 seeds, at most 5, 2 epochs" in grown
    # 48 trainings are 2 lrs and 3 seeds, so 160 are 4 lrs and 5; the dense probe at both looks, at an lr each
    assert f"48 + up to {160 - 48 + 3 + 5}; " in grown


def test_it_tells_a_time():
    (line,) = [line for line in plan().splitlines() if line.startswith("time")]
    assert "about" in line
    assert "as measured just now" in line


def test_programs_get_an_object_a_study():
    found = json.loads(plan("--json", "--no-calibration", "--dataset", "blobs.npz,other.npz"))
    assert [each["study"]["name"] for each in found] == ["mlp-16-8 on blobs.npz", "mlp-16-8 on other.npz"]
    one = found[0]
    assert (one["cost"]["trainings"], one["cost"]["later"], one["seconds"]) == (48, 3, None)
    assert one["together"]["cost"]["trainings"] == 2 * 48
    found = one["resolution"]
    assert found["reach"] == pytest.approx(reach(found["seeds"], 0.003, tickets=found["tickets"]))


def test_several_studies_are_summed_up():
    text = plan("--no-calibration", "--model", "mlp-16-8,mlp-8")
    assert text.count("in the ticket") == 2
    assert "all studies together\n\ntrainings     96 + up to 6; each once for all studies that share it" in text


def test_one_seed_sees_nothing():
    told = "1 seed, sd 0.3 pt (assumed): no gap can be told from chance; take 2 or more"
    assert told in plan("--no-calibration", "--seeds", "1")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--model mpl-8", "model='mpl-8' is not known"),
        ("--dataset none.npz", "dataset='none.npz' must be a file"),
        ("--sparsity 90", "sparsity=90 must be in (0, 1); write 0.9 for 90 %"),
        ("--seeds 0", "seeds=0 must be at least 1"),
    ],
)
def test_bad_input_is_told_in_one_line(options, message):
    done = CliRunner().invoke(main, asked(*options.split()))
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert message in line


def test_what_the_users_file_prints_does_not_stand_among_results(tmp_path):
    text = """
        import lthcheck, numpy as np
        print("imported")
        def loader():
            print("loading")
            x, y = np.arange(1280, dtype="float32").reshape(64, 20), np.arange(64) % 4
            return lthcheck.Arrays(x_train=x, y_train=y, x_test=x, y_test=y)
        lthcheck.register_dataset("printing", loader)
    """
    (tmp_path / "printing_set.py").write_text(dedent(text))
    program = "from lthcheck.cli import main; main()"
    options = asked("--no-calibration", "--json", "--import", "printing_set.py", "--dataset", "printing")
    done = subprocess.run([sys.executable, "-c", program, *options], capture_output=True, text=True, check=False)
    assert {"imported", "loading"} <= set(done.stderr.splitlines())
    assert done.returncode == 0, done.stderr
    assert [each["study"]["dataset"] for each in json.loads(done.stdout)] == ["printing"]


def test_without_a_calibration_torch_is_not_imported():
    program = (
        "import sys; from lthcheck.cli import main; main(sys.argv[1:], standalone_mode=False); "
        "sys.exit('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", program, *asked("--no-calibration")]
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
