"""The schema of a record, and what is told of a text that breaks it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, get_args

from lthcheck import folds
from lthcheck.evidence import Row
from lthcheck.verdict.judgement import CONDITION_NAMES, RANK
from lthcheck.verdict.terms import Rule

Kind = type | tuple[type, ...]
DIGITS = 18
SCHEMA = "lthcheck.verdict/1"

_NONE = type(None)
_NUMBER = (int, float)
_NUMBER_OR_NONE = (int, float, _NONE)
_TEXT_OR_NONE = (str, _NONE)
_FIELDS: dict[str, Kind] = {
    "study": dict,
    "rule": str,
    "reading": str,
    "delta": _NUMBER,
    "gamma": _NUMBER,
    "assumed": list,
    "test_size": (int, _NONE),
    "verdict": str,
    "at_least": str,
    "at_most": str,
    "cells": list,
    "evidence": list,
    "cost": dict,
    "environment": dict,
}
_CELL: dict[str, Kind] = {
    "method": _TEXT_OR_NONE,
    "sparsity": _NUMBER_OR_NONE,
    "verdict": str,
    "at_least": str,
    "at_most": str,
    "conditions": list,
}
CONDITION: dict[str, Kind] = {
    "id": int,
    "name": str,
    "holds": (bool, _NONE),
    "gap": _NUMBER_OR_NONE,
    "witness_lr": _NUMBER_OR_NONE,
    "detail": str,
}
# What records of earlier versions lack: not at the edge.
CELL_SINCE: dict[str, Kind] = {"edge": list}
CONDITION_SINCE: dict[str, Kind] = {"edge": bool}
# Of the rule confident alone.
_CERTAINTY: dict[str, Kind] = {
    "error": _NUMBER,
    "spent": _NUMBER,
    "tickets": int,
    "seeds": int,
    "support": dict,
    "more_seeds": (int, _NONE),
}
_PAPER: dict[str, Kind] = {"verdict": str, "at_least": str, "at_most": str}
ROW: dict[str, Kind] = {
    "arm": str,
    "method": _TEXT_OR_NONE,
    "sparsity": _NUMBER_OR_NONE,
    "lr": _NUMBER,
    "source_lr": _NUMBER_OR_NONE,
    "seed": (int, _NONE),
    "epochs": _NUMBER_OR_NONE,
    "accuracy": _NUMBER,
    "params": (int, _NONE),
    "diverged": bool,
    "run": _TEXT_OR_NONE,
}
ROW_MORE: dict[str, Kind] = {"folds": list, "validation": _NUMBER}
"""What a row has where it is known."""
COUNTS = ("requested", "cached", "trainings", "seconds", "replica_steps")
_LAYERS: dict[str, Kind] = {"names": list, "weights": list, "tickets": list}
_TICKET: dict[str, Kind] = {
    "method": _TEXT_OR_NONE,
    "sparsity": _NUMBER,
    "lr": _NUMBER,
    "seeds": int,
    "kept": list,
    "least": list,
    "most": list,
}
_REMEDY = "a record is the JSON that a study or `lthcheck judge --json` writes; make it again"


def read(text: str) -> Any:
    """The JSON that `text` holds.

    Raises:
        ValueError: broken JSON, or a number that is not finite or has more digits than any count.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno} is not JSON ({error.msg}); {_REMEDY}") from error
    except RecursionError as error:
        raise ValueError(f"the JSON must not be nested so deeply; {_REMEDY}") from error


def check(value: object) -> dict[str, Any]:
    """The value itself, where it is a record.

    Raises:
        ValueError: another schema, or a field that is missing or of the wrong kind.
    """
    if not isinstance(value, dict):
        raise ValueError(f"a JSON {type(value).__name__} must be an object; give the records of a list one by one")
    if value.get("schema") != SCHEMA:
        raise ValueError(f"schema={value.get('schema')!r} must be {SCHEMA!r}; {_REMEDY}")
    for field, kind in _FIELDS.items():
        if field not in value or not isinstance(value[field], kind):
            raise ValueError(f"{field}={value.get(field)!r} must be there and of the schema's kind; {_REMEDY}")
    for field in ("warnings", "advice"):
        if not isinstance(value.get(field, []), list):
            raise ValueError(f"{field}={value[field]!r} must be a list; {_REMEDY}")
    if value["test_size"] is not None and value["test_size"] <= 0:
        raise ValueError(f"test_size={value['test_size']} must be above 0; {_REMEDY}")
    for name in COUNTS:
        if not isinstance(value["cost"].get(name), _NUMBER_OR_NONE):
            raise ValueError(f"cost: {name}={value['cost'][name]!r} must be a number; {_REMEDY}")
    _objects("evidence", value["evidence"], ROW)
    for index, each in enumerate(value["evidence"]):
        _check_row(f"evidence[{index}]", each, value["test_size"])
    _objects("cells", value["cells"], _CELL, CELL_SINCE)
    for cell in value["cells"]:
        _objects("conditions", cell["conditions"], CONDITION, CONDITION_SINCE)
        for condition in cell["conditions"]:
            _one_of("id", condition["id"], tuple(CONDITION_NAMES))
            _check_interval(condition.get("interval"))
        for prize in cell.get("edge", ()):
            _one_of("edge", prize, tuple(RANK))
    _check_certainty(value)
    for judged in (value, *value["cells"], *([value["paper"]] if value.get("paper") is not None else [])):
        _one_of("verdict", judged["verdict"], (*RANK, "undecided"))
        _one_of("at_least", judged["at_least"], tuple(RANK))
        _one_of("at_most", judged["at_most"], tuple(RANK))
    if "layers" in value:
        _check_layers(value["layers"])
    return value


def row(values: Mapping[str, Any]) -> Row:
    """The row of evidence that stands in a record."""
    return Row(**{key: values[key] for key in (*ROW, *ROW_MORE) if key in values})


def _check_row(where: str, values: dict[str, Any], test_size: int | None) -> None:
    for key, kind in ROW_MORE.items():
        if key in values and not isinstance(values[key], kind):
            raise ValueError(f"{where}: {key}={values[key]!r} must be of the schema's kind; {_REMEDY}")
    made = row(values)  # which refuses what is out of range
    if made.folds is not None and test_size is not None:
        try:
            folds.check(made.folds, made.accuracy, test_size)
        except ValueError as error:
            raise ValueError(f"{where}: {error}; {_REMEDY}") from error


def _check_layers(layers: object) -> None:
    _objects("layers", [layers], _LAYERS)
    assert isinstance(layers, dict)
    _objects("tickets", layers["tickets"], _TICKET)
    count = len(layers["names"])
    counts = [layers["weights"], *(ticket[key] for ticket in layers["tickets"] for key in ("kept", "least", "most"))]
    if not all(len(of_layers) == count and all(isinstance(n, int | float) for n in of_layers) for of_layers in counts):
        raise ValueError(f"layers must hold a number for each of its {count} names; {_REMEDY}")
    if not all(weights > 0 for weights in layers["weights"]):
        raise ValueError(f"layers: weights={layers['weights']} must be above 0; {_REMEDY}")


def _check_interval(interval: object) -> None:
    if interval is None:
        return
    ends = interval if isinstance(interval, list) else []
    if not (len(ends) == 2 and all(isinstance(end, _NUMBER) for end in ends) and -1 <= ends[0] <= ends[1] <= 1):
        raise ValueError(f"interval={interval!r} must be two numbers of [-1, 1], ascending, or null; {_REMEDY}")


def _check_certainty(value: dict[str, Any]) -> None:
    """What the rule confident adds to a record; a record of the rule paper has none of it."""
    _one_of("rule", value["rule"], get_args(Rule))
    if not isinstance(value.get("validation", False), bool):
        raise ValueError(f"validation={value['validation']!r} must be true or false; {_REMEDY}")
    looks = value.get("looks", [])
    if not (isinstance(looks, list) and all(isinstance(seeds, int) for seeds in looks)):
        raise ValueError(f"looks={looks!r} must be a list of numbers of seeds; {_REMEDY}")
    if value.get("paper") is not None:
        _objects("paper", [value["paper"]], _PAPER)
    certainty = value.get("certainty")
    if certainty is None:
        return
    _objects("certainty", [certainty], _CERTAINTY)
    _objects("support", [certainty["support"]], dict.fromkeys(RANK, _NUMBER))
    shares = {"error": certainty["error"], "spent": certainty["spent"]} | certainty["support"]
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise ValueError(f"certainty: {name}={share} must be in [0, 1]; {_REMEDY}")
    for name in ("tickets", "seeds", "more_seeds"):
        if (certainty[name] or 0) < 0:
            raise ValueError(f"certainty: {name}={certainty[name]} must be at least 0; {_REMEDY}")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} must not stand in a record, which holds finite numbers only; {_REMEDY}")


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise ValueError(f"{digits[:DIGITS]}... must be a number of at most {DIGITS} digits; {_REMEDY}")
    return int(digits)


def _one_of(what: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{what}={value!r} must be one of {', '.join(map(str, allowed))}; {_REMEDY}")


def _objects(where: str, items: list[Any], kinds: dict[str, Kind], since: dict[str, Kind] | None = None) -> None:
    for index, item in enumerate(items):
        missing = [key for key in kinds if not (isinstance(item, dict) and key in item)]
        if missing:
            raise ValueError(f"{where}[{index}] must have {', '.join(missing)}; {_REMEDY}")
        for key, kind in (kinds | (since or {})).items():
            if key in item and not isinstance(item[key], kind):
                raise ValueError(f"{where}[{index}]: {key}={item[key]!r} must be of the schema's kind; {_REMEDY}")
