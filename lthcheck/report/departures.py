"""Where a study departs from what was published: a pure function of its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lthcheck.quantity import count
from lthcheck.report.words import rate
from lthcheck.rewind import not_done
from lthcheck.verdict.foregone import foregone

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = {
    "lrs": "lr",
    "sparsities": "sparsity",
    "batch": "batch size",
    "weight_decay": "weight decay",
    "warmup_epochs": "warm-up epochs",
    "last_batch": "last batch",
    "label_smoothing": "label smoothing",
}

_ELSEWHERE = ("name", "source", "epochs", "lrs", "sparsities", "seeds", "rewind", "departs", "notes")
"""Fields that stand elsewhere in a report."""


def departures(study: Mapping[str, Any]) -> list[str]:
    """Sentences on the recipe as it was published, as it was used, and on what lthcheck does not do of it.

    Args:
        study: of a record; one of an earlier version, or of a table, says nothing.
    """
    if "recipe_changes" not in study:
        return []
    recipe, changes = study["recipe"], study["recipe_changes"]
    said = changed(changes, epochs=recipe["epochs"])
    if recipe["warmup_epochs"] and recipe.get("steps") and "steps" in changes and "warmup_epochs" not in changes:
        said += f"; its warm-up stays {count(recipe['warmup_epochs'], 'epoch')}, since steps do not stretch it"
    departs = (*recipe.get("departs", ()), *not_done(recipe.get("rewind", "")))
    but = f", but: {said}" if said else ", as it stands"
    name = recipe["name"]
    return [
        f"Recipe {name} ({recipe['source']}){but}.",
        *(f"Not done as in {name}: {each}." for each in departs),
        *(f"Note on {name}: {each}." for each in recipe.get("notes", ())),
    ]


def changed(changes: Mapping[str, Any], *, epochs: int) -> str:
    """The fields that differ from the published ones, in words.

    Args:
        changes: by field, what was published and what was used.
        epochs: used; in `changes` they are missing where they are as published.

    >>> changed({"epochs": [160, 40], "lrs": [[0.01, 0.1], [0.1]]}, epochs=40)
    'epochs 40 instead of 160, lr 0.1 instead of (0.01, 0.1)'
    >>> changed({"epochs": [50, 40], "steps": [50000, None]}, epochs=40)
    '40 epochs instead of 50,000 steps'
    >>> changed({"steps": [None, 500]}, epochs=160)
    '500 steps instead of 160 epochs'
    """
    said = dict(changes)
    parts = []
    if "steps" in said:
        lengths = zip(said.pop("steps"), said.pop("epochs", (epochs, epochs)), strict=True)
        before, after = (count(each, "epoch") if steps is None else f"{steps:,} steps" for steps, each in lengths)
        parts.append(f"{after} instead of {before}")
    parts += [
        f"{_NAMES.get(name, name)} {_value(name, after)} instead of {_value(name, before)}"
        for name, (before, after) in said.items()
    ]
    return ", ".join(parts)


def used(recipe: Mapping[str, Any]) -> str:
    """The name of a recipe and those of its fields that a study does not state itself, in words.

    >>> used({"name": "mine", "batch": 64, "weight_decay": 5e-4, "rates": [], "epochs": 3})
    'mine, batch size 64, weight decay 0.0005'
    """
    said = ((name, _value(name, value)) for name, value in recipe.items() if name not in _ELSEWHERE)
    return ", ".join([recipe["name"], *(f"{_NAMES.get(name, name)} {text}" for name, text in said if text != "none")])


def foreseen(study: Mapping[str, Any]) -> tuple[str, ...]:
    """What condition 1 will never say of a study, known before anything is trained (`lthcheck.verdict.foregone`)."""
    if "recipe_changes" not in study:
        return ()
    vouched = study["terms"]["assume_adequate"]
    return foregone(study["lrs"], study["sparsities"], extend_lr=study["extend_lr"], assume_adequate=vouched)


def _value(name: str, value: object) -> str:
    match value:
        case None | "" | [] | ():
            return "none"
        case list() | tuple():
            said = [_value(name, each) for each in value]
            return said[0] if len(said) == 1 else f"({', '.join(said)})"
        case float():
            return rate(value) if name == "sparsities" else f"{value:g}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)
