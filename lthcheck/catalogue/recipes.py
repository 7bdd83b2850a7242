"""The recipes that there are, field by field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from lthcheck.catalogue.standing import PAPERS
from lthcheck.recipe import Recipe
from lthcheck.recipes import cases, names
from lthcheck.rewind import not_done
from lthcheck.verdict.foregone import INSIDE

TITLES = PAPERS | {"ma2021-code": "The released scripts of Ma et al. 2021"}


def recipes(chosen: Iterable[str] = ()) -> list[dict[str, Any]]:
    """An object for each recipe that is chosen, or for all.

    Returns:
        name, paper (its title; None for a recipe of lthcheck's own), cases. A recipe may depend on the network and the
        data set; of its cases, the first that fits is taken. Each has where ("" for everything), source, fields,
        departs (what lthcheck does not do of it), notes (what else there is to know), and undecided_by_1b (whether no
        lr lies inside its grid, so that condition 1b leaves a verdict undecided at best).

    Raises:
        ValueError: for an unknown name.
    """
    return [
        {"name": name, "paper": TITLES.get(name), "cases": [_case(where, recipe) for where, recipe in cases(name)]}
        for name in chosen or names()
    ]


def _case(where: str, recipe: Recipe) -> dict[str, Any]:
    fields = asdict(recipe)
    del fields["name"]
    return {
        "where": where,
        "source": fields.pop("source"),
        "departs": (*fields.pop("departs"), *not_done(recipe.rewind)),
        "notes": fields.pop("notes"),
        "undecided_by_1b": len(recipe.lrs) < INSIDE,
        "fields": fields,
    }
