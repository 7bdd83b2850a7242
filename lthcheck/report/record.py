"""The record: a verdict with its evidence as plain JSON, from which every other report is made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from lthcheck.evidence import ARMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lthcheck.evidence import Row
    from lthcheck.verdict.judgement import Cell, Judgement

Record = dict[str, Any]
SCHEMA = "lthcheck.verdict/1"

_FIELDS: dict[str, type | tuple[type, ...]] = {
    "study": dict,
    "rule": str,
    "reading": str,
    "delta": (int, float),
    "gamma": (int, float),
    "assumed": list,
    "test_size": (int, type(None)),
    "verdict": str,
    "at_least": str,
    "at_most": str,
    "cells": list,
    "evidence": list,
    "cost": dict,
    "environment": dict,
}
_CELL = ("method", "sparsity", "verdict", "at_least", "at_most", "conditions")
_CONDITION = ("id", "name", "holds", "gap", "witness_lr", "detail")
_ROW = ("arm", "method", "sparsity", "lr", "source_lr", "seed", "epochs", "accuracy", "params", "diverged", "run")
_REMEDY = "a record is the JSON that a study or `lthcheck judge --json` writes; make it again"


def record(
    *,
    study: Mapping[str, Any],
    judgement: Judgement,
    rows: Sequence[Row],
    test_size: int | None,
    cost: Mapping[str, Any],
    environment: Mapping[str, Any],
) -> Record:
    """The record of a verdict, in the schema `lthcheck.verdict/1`.

    Args:
        study: what was asked: name, model, dataset, recipe, methods, lrs, sparsities, seeds, epochs, preset.
        judgement: what the judge said of `rows`.
        rows: the evidence; kept in an order that does not depend on the order given, accuracies unrounded.
        test_size: examples of the test split; None where it is not known.
        cost: trainings, cached, seconds, replica_steps, requested; any may be missing.
        environment: where it ran, as `environment.environment` tells; any key may be missing.

    Returns:
        Plain JSON values, equal to what `loads(dumps(record))` gives.

    Raises:
        ValueError: a value that JSON cannot hold (NaN, inf, a numpy integer, ...).
    """
    body = {
        "schema": SCHEMA,
        "study": dict(study),
        "rule": judgement.rule,
        "reading": judgement.reading,
        "delta": judgement.delta,
        "gamma": judgement.gamma,
        "assumed": list(judgement.assumed),
        "test_size": test_size,
        "verdict": judgement.verdict,
        "at_least": judgement.at_least,
        "at_most": judgement.at_most,
        "cells": [_cell(cell) for cell in judgement.cells],
        "warnings": list(judgement.warnings),
        "advice": list(judgement.advice),
        "evidence": [_row(row) for row in sorted(rows, key=_order)],
        "cost": dict(cost),
        "environment": dict(environment),
    }
    return loads(dumps(body))


def dumps(record: Mapping[str, Any]) -> str:
    """The record as text: the same bytes for equal records, one line a value, ending in a newline."""
    stable = dict(record)
    for field in ("study", "cost", "environment"):
        if isinstance(stable.get(field), dict):
            stable[field] = dict(sorted(stable[field].items()))
    try:
        return json.dumps(stable, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{error}: a record holds plain JSON values; write None for a number that is not there, "
            "and int() or float() around a numpy scalar"
        ) from error


def loads(text: str) -> Record:
    """The record that `text` holds.

    Raises:
        ValueError: broken JSON, another schema, or a field that is missing or of the wrong kind.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}, column {error.colno} is not JSON ({error.msg}); {_REMEDY}") from error
    if not isinstance(value, dict):
        raise ValueError(f"a JSON {type(value).__name__} must be an object; give the records of a list one by one")
    if value.get("schema") != SCHEMA:
        raise ValueError(f"schema={value.get('schema')!r} must be {SCHEMA!r}; {_REMEDY}")
    for field, kind in _FIELDS.items():
        if field not in value or not isinstance(value[field], kind):
            raise ValueError(f"{field}={value.get(field)!r} must be there and of the schema's kind; {_REMEDY}")
    _require_keys("evidence", value["evidence"], _ROW)
    _require_keys("cells", value["cells"], _CELL)
    for cell in value["cells"]:
        _require_keys("conditions", cell["conditions"], _CONDITION)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} must not stand in a record, which holds finite numbers only; {_REMEDY}")


def _require_keys(where: str, items: object, keys: tuple[str, ...]) -> None:
    if not isinstance(items, list):
        raise ValueError(f"{where}={items!r} must be a list; {_REMEDY}")
    for index, item in enumerate(items):
        missing = [key for key in keys if not (isinstance(item, dict) and key in item)]
        if missing:
            raise ValueError(f"{where}[{index}] must have {', '.join(missing)}; {_REMEDY}")


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "method": cell.method,
        "sparsity": cell.sparsity,
        "verdict": cell.verdict,
        "at_least": cell.at_least,
        "at_most": cell.at_most,
        "conditions": [{key: getattr(condition, key) for key in _CONDITION} for condition in cell.conditions],
    }


def _row(row: Row) -> dict[str, Any]:
    values = row.as_json()
    return {key: values[key] for key in _ROW}


def _order(row: Row) -> tuple[Any, ...]:
    """None sorts before every value; accuracy stands last, so that rows without seed keep an order as well."""
    keys = (row.method, row.sparsity, row.lr, row.source_lr, row.epochs, row.seed, row.run, row.params, row.accuracy)
    return (ARMS.index(row.arm), *((key is not None, key if key is not None else 0) for key in keys), row.diverged)
