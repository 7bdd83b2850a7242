"""The record: a verdict with its evidence as plain JSON, from which every other report is made."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lthcheck.evidence import ARMS
from lthcheck.report.layers import layers as layers_of
from lthcheck.report.schema import CONDITION, ROW, ROW_MORE, SCHEMA, check, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lthcheck.evidence import Row
    from lthcheck.verdict.judgement import Cell, Judgement

Record = dict[str, Any]

_FOLDS = re.compile(r'(?<="folds": \[)[\s\d,]+(?=\])')  # no text holds this: its quotes would be escaped


def record(
    *,
    study: Mapping[str, Any],
    judgement: Judgement,
    rows: Sequence[Row],
    test_size: int | None,
    cost: Mapping[str, Any],
    environment: Mapping[str, Any],
    layers: Mapping[str, Mapping[str, Sequence[int]]] = MappingProxyType({}),
) -> Record:
    """The record of a verdict, in the schema `lthcheck.verdict/1`.

    Args:
        study: what was asked: name, model, dataset, recipe, methods, lrs, sparsities, seeds, epochs, preset.
        judgement: what the judge said of `rows`.
        rows: the evidence; kept in an order that does not depend on the order given, accuracies unrounded.
        test_size: examples of the test split; None where it is not known.
        cost: trainings, cached, seconds, replica_steps, requested; any may be missing.
        environment: where it ran, as `environment.environment` tells; any key may be missing.
        layers: of each ticket, by run: weights that stay and weights in all of each prunable layer.

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
    known = layers_of(judgement.cells, rows, layers)
    return loads(dumps(body if known is None else body | {"layers": known}))


def dumps(record: Mapping[str, Any]) -> str:
    """The record as text: the same bytes for equal records, one line a value, ending in a newline."""
    stable = dict(record)
    for field in ("study", "cost", "environment"):
        if isinstance(stable.get(field), dict):
            stable[field] = dict(sorted(stable[field].items()))
    try:
        return lines(stable) + "\n"
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{error}: a record holds plain JSON values; write None for a number that is not there, "
            "and int() or float() around a numpy scalar"
        ) from error


def lines(value: object) -> str:
    """JSON of one line a value, but for counts by fold, which share one.

    Raises:
        TypeError: a value that is none of JSON's.
        ValueError: NaN or inf.
    """
    spread = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
    return _FOLDS.sub(lambda found: " ".join(found[0].split()), spread)


def loads(text: str) -> Record:
    """The record that `text` holds.

    Raises:
        ValueError: broken JSON, another schema, or a field that is missing or of the wrong kind.
    """
    return check(read(text))


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "method": cell.method,
        "sparsity": cell.sparsity,
        "verdict": cell.verdict,
        "at_least": cell.at_least,
        "at_most": cell.at_most,
        "conditions": [{key: getattr(condition, key) for key in CONDITION} for condition in cell.conditions],
    }


def _row(row: Row) -> dict[str, Any]:
    values = row.as_json()
    return {key: values[key] for key in (*ROW, *ROW_MORE) if key in ROW or values[key] is not None}


def _order(row: Row) -> tuple[Any, ...]:
    """None sorts before every value; results stand last, so that rows without seed keep an order as well."""
    place = (row.method, row.sparsity, row.lr, row.source_lr, row.epochs, row.seed, row.run, row.params)
    keys = (*place, row.accuracy, row.validation, row.folds)
    return (ARMS.index(row.arm), *((key is not None, key if key is not None else 0) for key in keys), row.diverged)
