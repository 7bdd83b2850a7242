"""`lthcheck models`: every network with its parameters and papers, and the user's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lthcheck.zoo import registry

README = Path(__file__).parents[2] / "README.md"

# Of the literature, at the shape and classes of a data set; as in tests/zoo.
COUNTS = [
    ("mlp-300-100", "mnist1d", 43_410),
    ("lenet-300-100", "mnist", 266_610),
    ("lenet5", "mnist", 61_706),
    ("lenet5", "cifar10", 62_006),
    ("conv2", "cifar10", 4_301_642),
    ("conv4", "cifar10", 2_425_930),
    ("conv6", "cifar10", 2_262_602),
    ("resnet20", "cifar10", 272_474),
    ("resnet20", "cifar100", 278_324),
    ("resnet32-w2", "cifar10", 1_860_522),
    ("resnet32-w2", "cifar100", 1_872_132),
    ("resnet32-w2-noresidual", "cifar10", 1_849_898),
    ("resnet18", "cifar10", 11_173_962),
    ("resnet18", "cifar100", 11_220_132),
    ("resnet18", "imagenet", 11_689_512),
    ("resnet50", "imagenet", 25_557_032),
    ("resnet50", "cifar10", 23_520_842),
    ("resnet50", "cifar100", 23_705_252),
    ("vgg11", "cifar10", 9_228_362),
    ("vgg16", "cifar10", 14_724_042),
    ("vgg19", "cifar10", 20_035_018),
    ("mobilenet-v1", "cifar10", 3_217_226),
    ("mobilenet-v1", "cifar100", 3_309_476),
    ("mobilenet-v2", "cifar10", 2_296_922),
    ("mobilenet-v2", "cifar100", 2_412_212),
    ("pnasnet-a", "cifar10", 130_646),
    ("pnasnet-b", "cifar10", 451_626),
    ("efficientnet-b0", "cifar10", 3_599_686),
]
MINE = """
import numpy as np
from torch import nn

from lthcheck import Arrays, register_dataset, register_model


class Net(nn.Module):
    def __init__(self, shape, classes):
        super().__init__()
        print("made")
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(shape[0], 5), nn.Linear(5, classes))

    def forward(self, x):
        return self.head(x)


def images():
    raise OSError("this would be a download")


def vectors():
    return Arrays(np.zeros((4, 7), "float32"), np.arange(4), np.zeros((4, 7), "float32"), np.arange(4))


register_model("mine", Net)
register_dataset("elsewhere", images)
register_dataset("vectors", vectors)
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A file that registers a network and data."""
    from lthcheck.data import registry as sources

    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(sources, "_registered", {})
    monkeypatch.setattr(sources, "_described", {})
    monkeypatch.setattr(sources, "_names", {})
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "mine_of_models", raising=False)
    path = tmp_path / "mine_of_models.py"
    path.write_text(MINE)
    return path


@pytest.fixture
def models(command):
    """What `lthcheck models --json` gives, by name."""

    def read(*options):
        done = command("models", "--json", *options)
        assert done.exit_code == 0, done.stderr
        return {each["name"]: each for each in json.loads(done.stdout)}

    return read


@pytest.mark.parametrize(("name", "dataset", "count"), COUNTS)
def test_parameters_are_those_of_the_literature(models, name, dataset, count):
    assert models("--dataset", dataset)[name]["parameters"] == count


def test_without_a_data_set_each_is_counted_on_that_of_the_papers(models):
    found = models()
    assert (found["lenet-300-100"]["dataset"], found["lenet-300-100"]["parameters"]) == ("mnist", 266_610)
    assert (found["resnet20"]["dataset"], found["resnet20"]["shape"]) == ("cifar10", [3, 32, 32])


def test_every_example_of_every_family_is_listed_once(command, models):
    rows = [each["name"] for each in json.loads(command("models", "--json").stdout)]
    assert len(set(rows)) == len(rows)
    assert not {example for family in registry.FAMILIES for example in family.examples} - set(rows)


def test_what_recipes_prune_is_counted(models):
    # ResNet-20: 270 896 weights of convolutions and the classifier, less 432 of the first and 640 of the last
    assert models()["resnet20"]["prunable"] == 270_896 - 432 - 640
    # 300-100 on MNIST: all but the classifier
    assert models()["lenet-300-100"]["prunable"] == 784 * 300 + 300 * 100


def test_a_row_says_what_the_object_says(command, models):
    found = models()["resnet20"]
    assert found["residual"] is True
    assert found["options"]["shortcut"][:2] == ["conv", "pad"]
    assert [each["paper"] for each in found["papers"]][:2] == ["ma2021", "ma2021"]
    text = command("models").stdout
    (row,) = [line for line in text.splitlines() if line.startswith("resnet20 ")]
    assert row.split()[:7] == ["resnet20", "cifar10", "272,474", "269,824", "yes", "ma2021:", "cifar10"]
    assert f"{found['pattern']} (shortcut: conv or pad" in text


def test_rows_in_the_readme_are_what_is_printed(command):
    section = README.read_text().partition("\n## What there is\n")[2].partition("\n## ")[0]
    rows = section.split("```\n")[-2].splitlines()
    printed = [line.split() for line in command("models", "--dataset", "cifar100").stdout.splitlines()]
    assert rows[0].startswith("network ")
    assert [row for row in rows if row.split() not in printed and set(row) != {"-", " "}] == []


@pytest.mark.parametrize("options", [[], ["--dataset", "imagenet"], ["--dataset", "fashion_mnist"]])
def test_lines_fit_a_terminal(command, options):
    assert max(map(len, command("models", *options).stdout.splitlines())) <= 100


def test_a_network_that_does_not_take_the_data_says_why(command, models):
    found = models("--dataset", "mnist1d")
    assert (found["conv2"]["parameters"], found["conv2"]["refused"].split()[0]) == (None, "shape=(40,)")
    assert found["mlp-300-100"]["refused"] is None
    assert "not counted  lenet5, conv2, conv4, conv6," in command("models", "--dataset", "mnist1d").stdout


def test_a_network_of_the_users_own_is_listed(command, models, mine):
    found = models("--import", mine, "--dataset", "vectors")["mine"]
    assert (found["pattern"], found["residual"], found["scalable"], found["papers"]) == (None, None, False, [])
    assert (found["shape"], found["parameters"], found["prunable"]) == ([7], 7 * 5 + 5 + 5 * 4 + 4, 35)
    text = command("models", "--import", mine).stdout
    assert "your own" in next(line for line in text.splitlines() if line.startswith("mine "))
    assert "no width     mine: without a small dense network, condition 2 stays unknown" in text


def test_data_of_the_users_own_are_listed_unread(command, mine):
    rows = {each["name"]: each for each in json.loads(command("datasets", "--import", mine, "--json").stdout)}
    assert (rows["elsewhere"]["own"], rows["elsewhere"]["shape"], rows["elsewhere"]["here"]) == (True, None, None)
    assert "yours" in next(
        line for line in command("datasets", "--import", mine).stdout.splitlines() if line.startswith("elsewhere ")
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--dataset fashion_mnst", "dataset='fashion_mnst' is not known; did you mean fashion_mnist?"),
        ("--dataset=", "dataset='' is not known"),
        ("--dataset mnist --dataset digits", "must be one; give it once"),
        ("--import nowhere.py", "import='nowhere.py' must be a Python file"),
    ],
)
def test_bad_input_is_told_in_one_line(command, options, message):
    done = command("models", *options.split())
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert message in line


@pytest.mark.parametrize("name", ["models", "datasets", "recipes"])
def test_torch_is_not_imported(name):
    program = (
        "import sys; from lthcheck.cli import main; main(sys.argv[1:], standalone_mode=False); "
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program, name, "--json"], stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 0
