"""`lthcheck recipes`: all as a table, one field by field, and what lthcheck does not do of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest

from lthcheck.catalogue import recipes as catalogue
from lthcheck.recipe import Recipe, ladder


@dataclass(frozen=True, kw_only=True)
class Published(Recipe):
    """A recipe with what a paper may say beside."""

    steps: int | None = None
    departs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


PLAIN = Published(
    name="paper",
    source="a paper, table 1",
    initialiser="pytorch",
    epochs=160,
    batch=64,
    weight_decay=5e-4,
    lrs=(0.01, 0.1),
    sparsities=ladder(14),
    seeds=3,
    departs=("masks by hand",),
    notes=("seeds: not stated",),
)
IN_STEPS = replace(PLAIN, source="a paper, table 2", steps=30_000, optimiser="adam", lrs=(1e-3, 1e-2, 1e-1), departs=())
LIKE_PLAIN = replace(PLAIN, source="a paper, appendix", initialiser="kaiming_normal")


@pytest.fixture
def paper(monkeypatch):
    """A recipe with three cases."""
    cases = [("conv2 on cifar10", IN_STEPS), ("any network on svhn", LIKE_PLAIN), ("", PLAIN)]
    monkeypatch.setattr(catalogue, "names", lambda: ["paper"])
    monkeypatch.setattr(catalogue, "cases", lambda _: cases)


@pytest.fixture
def recipes(command):
    """What `lthcheck recipes --json` gives, by name."""

    def read(*arguments):
        done = command("recipes", "--json", *arguments)
        assert done.exit_code == 0, done.stderr
        return {each["name"]: each for each in json.loads(done.stdout)}

    return read


def test_every_recipe_is_listed(recipes, command):
    assert list(recipes()) == list(catalogue.names())
    assert {"ma2021", "mnist1d", "digits"} <= set(recipes())
    for name in recipes():
        assert any(line.split()[0] == name for line in command("recipes").stdout.splitlines() if line)


def test_ma2021_on_cifar_is_table_e1(recipes):
    *_, case = recipes("ma2021")["ma2021"]["cases"]
    fields = case["fields"]
    assert (fields["epochs"], fields["batch"], fields["weight_decay"], fields["seeds"]) == (160, 64, 5e-4, 3)
    assert (fields["schedule"], fields["milestones"], fields["factor"]) == ("step", [0.5, 0.75], 0.1)
    assert (len(fields["sparsities"]), case["undecided_by_1b"]) == (14, False)


def test_in_full_every_field_has_a_line(command, recipes):
    lines = [line.split() for line in command("recipes", "ma2021").stdout.splitlines() if line]
    *_, usual = recipes("ma2021")["ma2021"]["cases"]
    for name in usual["fields"]:
        assert any(line[0] == name and len(line) > 1 for line in lines), name
    assert ["milestones", "0.5,", "0.75", "of", "the", "training:", "epochs", "80,", "120"] in lines


@pytest.mark.usefixtures("paper")
def test_cases_that_show_alike_share_a_row(command):
    text = command("recipes").stdout
    head, _, first, *_ = text.splitlines()
    assert head.split()[:2] == ["recipe", "where"]
    assert first.startswith("paper     conv2 on cifar10 ")
    assert "30,000 steps, batch 64" in first
    assert "any network on svhn;" in text
    assert text.count("160 epochs, batch 64") == 1
    assert "adam, decay 0.0005" in text
    assert "x0.1 at 15,000, 22,500" in text


@pytest.mark.usefixtures("paper")
def test_what_is_not_done_and_what_cannot_be_decided_is_told(command):
    text = " ".join(command("recipes").stdout.split())
    assert "not done masks by hand" in text
    assert "undecided * at best, by condition 1b" in text
    assert "(any network on svhn; anything else)" in text
    assert "lr 0.01, 0.1 *" in text
    assert "lr 0.001, 0.01, 0.1" in text
    assert "lr 0.001, 0.01, 0.1 *" not in text


@pytest.mark.usefixtures("paper")
def test_in_full_other_cases_say_what_is_different(command):
    usual, steps, alike = command("recipes", "paper").stdout.split("\n\n")[1:]
    assert usual.splitlines()[0] == "anything else"
    assert "  note            seeds: not stated" in usual
    assert [line.split()[0] for line in alike.splitlines()[1:]] == ["source", "initialiser"]
    assert alike.splitlines()[0] == "any network on svhn: what is different"
    assert "  not done        none" in steps
    assert "  undecided       none" in steps
    assert "of the training: steps 15,000, 22,500" in steps


@pytest.mark.usefixtures("paper")
def test_each_case_has_its_fields(recipes):
    cases = recipes()["paper"]["cases"]
    assert [case["undecided_by_1b"] for case in cases] == [False, True, True]
    assert [case["departs"] for case in cases] == [[], ["masks by hand"], ["masks by hand"]]
    assert cases[0]["fields"]["steps"] == 30_000
    assert not {"name", "source", "departs", "notes"} & set(cases[0]["fields"])


@pytest.mark.parametrize("arguments", [[], ["ma2021"], ["mnist1d"]])
def test_lines_fit_a_terminal(command, arguments):
    assert max(map(len, command("recipes", *arguments).stdout.splitlines())) <= 100


def test_an_unknown_recipe_is_told_in_one_line(command):
    done = command("recipes", "ma2012")
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "recipe='ma2012' is not known; did you mean ma2021?" in line
