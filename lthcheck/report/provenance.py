"""Provenance: what was asked, what it cost and where it ran, as lines of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lthcheck.duration import duration
from lthcheck.report.departures import used
from lthcheck.report.tables import escape
from lthcheck.report.words import rate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_STUDY = (
    "model",
    "dataset",
    "recipe",
    "preset",
    "methods",
    "sparsities",
    "lrs",
    "seeds",
    "epochs",
    "extend_lr",
    "until_decided",
)
_ENVIRONMENT = (
    "lthcheck",
    "commit",
    "date",
    "device",
    "cpu",
    "cores",
    "platform",
    "python",
    "torch",
    "torchvision",
    "numpy",
    "pytest",
)
_ELSEWHERE = ("name", "command", "dirty", "terms")


def study_lines(record: Mapping[str, Any]) -> list[str]:
    """What was asked, one line a setting."""
    study = {key: value for key, value in record["study"].items() if (key, value) != ("extend_lr", 0)}
    if "recipe_changes" in study:
        study["recipe"] = used(study["recipe"])
    return _lines(study, _STUDY)


def environment_lines(record: Mapping[str, Any]) -> list[str]:
    """Where it ran, one line a fact."""
    facts = dict(record["environment"])
    if facts.get("commit") and facts.get("dirty"):
        facts["commit"] = f"{facts['commit']} with uncommitted changes"
    return _lines(facts, _ENVIRONMENT)


def cost_lines(record: Mapping[str, Any]) -> list[str]:
    """What it cost, as far as it was counted."""
    cost = {key: value for key, value in record["cost"].items() if value is not None}
    if "trainings" in cost and "cached" in cost:
        cost["trainings"] -= cost["cached"]
    words: dict[str, Callable[[float], str]] = {
        "requested": lambda n: f"{n:,} trainings asked for",
        "cached": lambda n: f"{n:,} taken from the store",
        "trainings": lambda n: f"{n:,} trained",
        "seconds": lambda n: f"{duration(n)} on one core in all",
        "replica_steps": lambda n: f"{n:,} replica-steps",
    }
    known = [say(cost[key]) for key, say in words.items() if key in cost]
    return ([", ".join(known)] if known else []) + _lines({key: cost[key] for key in cost if key not in words}, ())


def _lines(facts: Mapping[str, Any], first: tuple[str, ...]) -> list[str]:
    keys = [*(key for key in first if key in facts), *(key for key in sorted(facts) if key not in first)]
    said = ((key, _value(key, facts[key])) for key in keys if key not in _ELSEWHERE)
    return [f"{key.replace('_', ' ')}: {escape(text)}" for key, text in said if text]


def _value(key: str, value: object) -> str:
    """The value as text; "" for what is not there."""
    match value:
        case None | "" | [] | {}:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return rate(value) if key == "sparsities" else f"{value:g}"
        case list():
            return ", ".join(filter(None, (_value(key, item) for item in value)))
        case dict():
            return ", ".join(f"{name} {_value(name, item)}" for name, item in value.items())
        case _:
            return str(value)
