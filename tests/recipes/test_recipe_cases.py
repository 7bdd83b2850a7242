"""The most specific case holds, and every name has one for everything."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from lthcheck.recipe import Recipe
from lthcheck.recipes import cases, names, recipe
from lthcheck.recipes.case import Case

PLAIN = recipe("mnist1d")


@pytest.mark.parametrize("name", names())
def test_every_recipe_has_a_case_for_a_network_and_data_set_that_nobody_named(name):
    assert recipe(name) == recipe(name, model="mine", dataset="mine.npz") == cases(name)[-1][1]
    assert cases(name)[-1][0] == ""


@pytest.mark.parametrize("name", names())
def test_every_case_goes_by_the_name(name):
    assert {each.name for _, each in cases(name)} == {name}
    assert len({where for where, _ in cases(name)}) == len(cases(name))


@pytest.mark.parametrize(
    ("case", "where"),
    [
        (Case(PLAIN), ""),
        (Case(PLAIN, models=("vgg16", "vgg19")), "vgg16, vgg19"),
        (Case(PLAIN, datasets=("cifar10",)), "any network on cifar10"),
        (Case(PLAIN, models=("vgg16",), datasets=("cifar10", "svhn")), "vgg16 on cifar10, svhn"),
    ],
)
def test_where_a_case_holds_in_words(case, where):
    assert case.where == where


def test_a_case_holds_for_every_width_but_not_for_a_longer_name():
    case = Case(PLAIN, models=("resnet20",), datasets=("cifar10",))
    assert case.holds("resnet20", "cifar10")
    assert case.holds("resnet20-w0.5", "cifar10")
    assert not case.holds("resnet200", "cifar10")
    assert not case.holds("resnet20", "cifar100")
    assert not case.holds("", "")


@pytest.mark.parametrize(
    ("dataset", "has"), [("mnist", True), ("mnist-600", True), ("", True), ("fashion_mnist", False), ("mnist1d", False)]
)
def test_on_data_that_the_paper_has_not_the_source_says_so(dataset, has):
    found = Case(PLAIN, published=("mnist",)).on(dataset)
    assert (found is PLAIN) is has
    assert found.source.endswith("; the paper has no such data") is not has
    assert replace(found, source=PLAIN.source) == PLAIN


@pytest.mark.parametrize(
    ("model", "dataset", "elsewhere"),
    [
        ("lenet-300-100", "mnist", "fashion_mnist"),
        ("conv2", "cifar10", "svhn"),
        ("conv4", "cifar10", "cifar100"),
        ("conv6", "cifar10", "cifar10a"),
        ("vgg19", "cifar10", "cifar100"),
        ("resnet20", "cifar10", "svhn"),
    ],
)
def test_the_source_of_frankle2019_names_data_that_it_is_used_on(model, dataset, elsewhere):
    assert "no such" not in recipe("frankle2019", model=model, dataset=dataset).source
    assert recipe("frankle2019", model=model, dataset=elsewhere).source.endswith("; the paper has no such data")


def test_what_a_recipe_chose_itself_is_said():
    for name in names()[:6]:
        assert all(each.notes for _, each in cases(name)), name


def test_torch_is_not_imported():
    program = "import sys, lthcheck.recipes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("rewind", "late", "rewind='late'"),
        ("score", "size", "score='size' is not known"),
        ("rates", (("classifier", 0.1),), "rates='classifier' is not known"),
        ("rates", (("linear", 20),), "must be in (0, 1); write 0.2 for 20 %"),
        ("steps", 0, "steps=0 must be at least 1"),
        ("betas", (0.9, 1.0), "betas=1 must be in [0, 1)"),
        ("roles", (), "roles must name at least one role, e.g. conv"),
    ],
)
def test_a_field_out_of_range_is_refused(field, value, message):
    with pytest.raises(ValueError) as told:  # noqa: PT011 - the text is compared, brackets and all
        PLAIN.but({"scope": "layer", field: value})
    assert message in str(told.value)


def test_a_training_has_one_length():
    with pytest.raises(ValueError, match="epochs=3, steps=5: a training must have one length; give one of the two"):
        PLAIN.but({"epochs": 3, "steps": 5})


def test_it_is_a_recipe():
    assert all(isinstance(each, Recipe) for name in names() for _, each in cases(name))
