"""The recipes by name, one file a paper. What was published may depend on the network and the data set.

>>> recipe("ma2021", model="vgg16", dataset="cifar10").warmup_epochs, recipe("ma2021").warmup_epochs
(75, 0)
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from lthcheck.names import known
from lthcheck.recipe import Recipe
from lthcheck.recipes import frankle2019, liu2021, ma2021, morcos2019, own, sahu2022
from lthcheck.recipes.case import Case

# The cases of each, the most specific first; the last is for everything else.
_CASES: dict[str, tuple[Case, ...]] = {
    cases[-1].recipe.name: cases
    for cases in (
        ma2021.CASES,
        ma2021.CODE,
        liu2021.CASES,
        frankle2019.CASES,
        morcos2019.CASES,
        sahu2022.CASES,
        own.MNIST1D,
        own.DIGITS,
    )
}
_WORDS = ("name", "source", "departs", "notes")  # fields that no training depends on


def names() -> tuple[str, ...]:
    """Every recipe, the papers' first."""
    return tuple(_CASES)


def cases(name: str) -> list[tuple[str, Recipe]]:
    """The cases of a recipe, each with the networks and data sets that it is for; the first that holds is taken.

    Raises:
        ValueError: for an unknown one, with the nearest name.
    """
    return [(case.where, case.recipe) for case in _CASES[known("recipe", name, _CASES)]]


def recipe(name: str, *, model: str = "", dataset: str = "") -> Recipe:
    """A recipe by name, as it is for a network and a data set; without them, as for those that it does not name.

    Raises:
        ValueError: for an unknown one, with the nearest name.
    """
    return next(case.on(dataset) for case in _CASES[known("recipe", name, _CASES)] if case.holds(model, dataset))


def changes(used: Recipe, *, model: str, dataset: str) -> dict[str, list[Any]]:
    """The fields in which a recipe differs from the one of its name, each with (published, used).

    Nothing for a recipe of the user's own, which has no published one.
    """
    if used.name not in _CASES:
        return {}
    published = recipe(used.name, model=model, dataset=dataset)
    if used.steps is not None and used.steps == published.steps:
        used = replace(used, epochs=published.epochs)  # which only say what the steps are on other data
    pairs = {each.name: [getattr(published, each.name), getattr(used, each.name)] for each in fields(Recipe)}
    return {name: pair for name, pair in pairs.items() if name not in _WORDS and pair[0] != pair[1]}
