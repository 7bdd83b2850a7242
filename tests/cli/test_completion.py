"""What the shell offers at the press of the tab key."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from click.shell_completion import ShellComplete

from lthcheck.cli import main
from lthcheck.store import OtherVersion, ledger


def offered(*arguments):
    """The values offered for the last argument."""
    *before, incomplete = arguments
    completions = ShellComplete(main, {}, "lthcheck", "_LTHCHECK_COMPLETE").get_completions(list(before), incomplete)
    return [item.value for item in completions]


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (("run", "--preset", "und"), ["undertrained"]),
        (("run", "--recipe", "ma"), ["ma2021", "ma2021-code"]),
        (("run", "--optimiser", ""), ["sgd", "adam"]),
        (("run", "--schedule", "co"), ["constant", "cosine"]),
        (("plan", "--augmentation", "crop"), ["crop-flip"]),
        (("run", "--initialiser", "x"), ["xavier_normal", "xavier_uniform"]),
        (("run", "--last-batch", ""), ["keep", "drop"]),
        (("run", "--scope", "g"), ["global"]),
        (("run", "--roles", "conv,s"), ["conv,shortcut"]),
        (("run", "--model", "resnet2"), ["resnet20"]),
        (("run", "--dataset", "fash"), ["fashion_mnist"]),
        (("run", "--method", ""), ["imp", "omp", "snip"]),
        (("run", "--model", "lenet5,resnet8"), ["lenet5,resnet8"]),
        (("run", "--method", "imp,"), ["imp,omp", "imp,snip"]),
        (("export", "x", "--method", "o"), ["omp"]),
        (("run", "--lr", ""), []),
        (("run", "--require", ""), ["secondary", "jackpot"]),
        (("run", "--reading", "j"), ["joint"]),
        (("run", "--rule", ""), ["paper", "confident"]),
        (("judge", "x", "--rule", "c"), ["confident"]),
        (("run", "--device", "c"), ["cpu", "cuda"]),
        (("judge", "x", "--require", "j"), ["jackpot"]),
        (("judge", "x", "--reading", ""), ["joint", "literal"]),
        (("judge", "x", "--dataset", "fash"), ["fashion_mnist"]),
        (("advise", "--model", "resnet2"), ["resnet20"]),
        (("models", "--dataset", "fash"), ["fashion_mnist"]),
        (("recipes", "mn"), ["mnist1d"]),
        (("recipes", "--j"), ["--json"]),
        (("da",), ["datasets"]),
        (("completion", "z"), ["zsh"]),
    ],
)
def test_names_are_offered(arguments, values):
    assert offered(*arguments) == values


@pytest.mark.parametrize("command", ["ls", "export", "gc --study", "pack"])
def test_studies_on_record_are_offered_by_id_and_preset(store, listed, command):
    (study,) = listed()["studies"]
    assert offered(*command.split(), "") == [study["id"][:8]]
    known = ledger.read(store, study["id"])
    ledger.keep(store, replace(known, study=known.study | {"preset": "tiny"}))
    assert offered(*command.split(), "") == [study["id"][:8], "tiny"]
    assert offered(*command.split(), "ti") == ["tiny"]


def test_nothing_is_offered_from_a_store_that_cannot_be_read(store, monkeypatch):
    assert offered("ls", "--store", "~nouser/x", "") == []
    monkeypatch.setattr(ledger, "unsealed", refuse)
    assert offered("ls", "") == []


def refuse(*_):
    raise OtherVersion("another version wrote this")


def test_studies_are_those_of_the_store_that_is_named(store, tmp_path):
    assert offered("ls", "--store", str(tmp_path / "other"), "") == []


@pytest.mark.parametrize("option", ["--store", "--report-dir", "--data-dir"])
def test_folders_are_the_shells_own_business(option):
    (item,) = ShellComplete(main, {}, "lthcheck", "_LTHCHECK_COMPLETE").get_completions(["run", option], "ab")
    assert (item.type, item.value) == ("dir", "ab")


@pytest.mark.parametrize(
    "words",
    [
        "run --import",
        "models --import",
        "datasets --import",
        "run --mask",
        "run --theta0",
        "export x --import",
        "judge",
        "report",
        "unpack",
    ],
)
def test_files_are_the_shells_own_business(words):
    (item,) = ShellComplete(main, {}, "lthcheck", "_LTHCHECK_COMPLETE").get_completions(words.split(), "ab")
    assert (item.type, item.value) == ("file", "ab")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_asks_lthcheck(command, shell):
    done = command("completion", shell)
    assert done.exit_code == 0
    assert f"_LTHCHECK_COMPLETE={shell}_complete" in done.stdout


def test_nothing_heavy_is_imported():
    program = (
        "import sys; from click.shell_completion import ShellComplete; from lthcheck.cli import main\n"
        "complete = ShellComplete(main, {}, 'lthcheck', '_LTHCHECK_COMPLETE').get_completions\n"
        "for option in ('--model', '--dataset', '--preset', '--recipe', '--method'):\n"
        "    assert complete(['run', option], '')\n"
        "complete(['ls'], '')\n"
        "assert complete(['recipes'], '')\n"
        "sys.exit(' '.join({'torch', 'torchvision', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
