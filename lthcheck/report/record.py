"""The record: a verdict with its evidence as plain JSON, from which every other report is made."""

from __future__ import annotations

import json
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lthcheck.evidence import ARMS
from lthcheck.report.layers import layers as layers_of
from lthcheck.report.schema import CONDITION, CONDITION_SINCE, ROW, ROW_MORE, SCHEMA, check, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lthcheck.evidence import Row
    from lthcheck.verdict.judgement import Cell, Condition, Judgement
    from lthcheck.verdict.terms import Rule

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
    paper: Judgement | None = None,
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
        paper: what the rule paper says of `rows`, where they were judged by the rule confident.

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
        **({"validation": True} if judgement.validation else {}),
        **({"looks": list(judgement.looks)} if judgement.looks else {}),
        "test_size": test_size,
        "verdict": judgement.verdict,
        "at_least": judgement.at_least,
        "at_most": judgement.at_most,
        **_sure(judgement, paper),
        "cells": [_cell(cell, judgement.rule) for cell in judgement.cells],
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


def _sure(judgement: Judgement, paper: Judgement | None) -> dict[str, Any]:
    """What the rule confident adds; a record of the rule paper is what it was before there was another."""
    if judgement.rule == "paper":
        return {}
    certainty = judgement.certainty
    support = {} if certainty is None else {"support": dict(certainty.support)}
    said = None if paper is None else {key: getattr(paper, key) for key in ("verdict", "at_least", "at_most")}
    return {"certainty": None if certainty is None else vars(certainty) | support, "paper": said}


def _cell(cell: Cell, rule: Rule) -> dict[str, Any]:
    return {
        "method": cell.method,
        "sparsity": cell.sparsity,
        "verdict": cell.verdict,
        "at_least": cell.at_least,
        "at_most": cell.at_most,
        "edge": list(cell.edge),
        "conditions": [
            {key: getattr(condition, key) for key in (*CONDITION, *CONDITION_SINCE)}
            | ({} if rule == "paper" else {"interval": _interval(condition)})
            for condition in cell.conditions
        ],
    }


def _interval(condition: Condition) -> list[float] | None:
    """Within what two accuracies can differ by; few seeds may put an end far beyond, or nowhere."""
    return None if condition.interval is None else [max(-1.0, min(1.0, end)) for end in condition.interval]


def _row(row: Row) -> dict[str, Any]:
    values = row.as_json()
    return {key: values[key] for key in (*ROW, *ROW_MORE) if key in ROW or values[key] is not None}


def _order(row: Row) -> tuple[Any, ...]:
    """None sorts before every value; results stand last, so that rows without seed keep an order as well."""
    place = (row.method, row.sparsity, row.lr, row.source_lr, row.epochs, row.seed, row.run, row.params)
    keys = (*place, row.accuracy, row.validation, row.folds)
    return (ARMS.index(row.arm), *((key is not None, key if key is not None else 0) for key in keys), row.diverged)
