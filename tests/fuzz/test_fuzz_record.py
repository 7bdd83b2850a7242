"""Any JSON is refused as a record in one line, or makes a report."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from fuzzing import FUZZ, TEXT, attempt
from hypothesis import given
from hypothesis import strategies as st

from lthcheck.evidence import Row
from lthcheck.finding import Finding
from lthcheck.folds import counts
from lthcheck.options import terms
from lthcheck.report.headline import headline
from lthcheck.report.markdown import markdown
from lthcheck.report.record import loads
from lthcheck.report.tables import verdict_table

ROWS = tuple(
    Row(
        arm,
        lr,
        0.5 + lr / 10,
        None if arm in ("dense", "sdt") else "imp",
        None if arm == "dense" else 0.8,
        epochs=epochs,
        folds=counts(np.arange(100) < round(50 + 10 * lr)),
        validation=0.5,
    )
    for arm, epochs in (("dense", 80), ("dense", 160), ("lt", 80), ("rr", 80), ("sdt", 80))
    for lr in (0.1, 0.2)
)
STUDY = {"name": "a on b", "model": "a", "methods": ["imp"], "lrs": [0.1, 0.2]}
SOUND = Finding(study=STUDY, rows=ROWS, test_size=100, cost={"trainings": 2, "cached": 1}, terms=terms({}, "b")).record(
    {"python": "3.11", "dirty": True}
)
SURE = SOUND | {
    "rule": "confident",
    "validation": True,
    "looks": [3, 5],
    "certainty": {
        "error": 0.05,
        "spent": 0.03,
        "tickets": 2,
        "seeds": 3,
        "support": {"none": 0.2, "secondary": 0.9, "jackpot": 0.4},
        "more_seeds": 7,
    },
    "paper": {"verdict": "none", "at_least": "none", "at_most": "none"},
    "cells": [
        cell | {"conditions": [one | {"interval": [-0.01, 0.2]} for one in cell["conditions"]]}
        for cell in SOUND["cells"]
    ],
}
LEAVES = st.none() | st.booleans() | st.integers(-2, 3) | TEXT | st.sampled_from((1e308, -0.5, 10**400, 5e-324, "none"))
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2))


def paths(value, at=()):
    """The place of every value in a record."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield (*at, key)
        yield from paths(inner, (*at, key))


PLACES = list(paths(SURE))


@st.composite
def spoilt(draw):
    """A record in which values are others, or gone."""
    record = copy.deepcopy(draw(st.sampled_from((SOUND, SURE))))
    for place in draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3)):
        holder = record
        try:
            for key in place[:-1]:
                holder = holder[key]
            if draw(st.booleans()):
                holder[place[-1]] = draw(VALUES)
            else:
                del holder[place[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    return json.dumps(record)


def reported(text):
    """A text as `lthcheck report` would tell it."""
    record = attempt(loads, text)
    if record is not None:
        assert markdown(record).startswith("# ")
        assert len(headline(record).splitlines()) == 1
        assert verdict_table([record])


@FUZZ
@given(spoilt())
def test_a_spoilt_record_is_refused_or_reported(text):
    reported(text)


@FUZZ
@given(st.text(max_size=40) | VALUES.map(json.dumps))
def test_what_is_no_record_is_refused(text):
    assert attempt(loads, text) is None


@pytest.mark.parametrize("record", [SOUND, SURE], ids=["paper", "confident"])
def test_a_sound_record_is_reported(record):
    assert loads(json.dumps(record)) == record
    reported(json.dumps(record))
