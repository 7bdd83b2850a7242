"""A row of evidence holds what it may, and survives JSON."""

from __future__ import annotations

import json

import pytest

from lthcheck.evidence import Row
from lthcheck.finding import Finding

FULL = Row("lt", 0.1, 0.5, "imp", 0.8, seed=0, folds=(3, 1, 2), validation=0.4)
ROWS = (FULL, Row("dense", 0.1, 0.5))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_survives_json(row):
    back = Row(**json.loads(json.dumps(row.as_json())))
    assert back == row
    assert hash(back) == hash(row)


def test_what_a_row_gives_to_json_is_json():
    assert json.loads(json.dumps(FULL.as_json())) == FULL.as_json()


def test_a_finding_survives_json():
    finding = Finding(study={"name": "a"}, rows=ROWS)
    assert Finding.from_json(json.loads(json.dumps(finding.as_json()))) == finding


@pytest.mark.parametrize("folds", [(), (1, -1), (1.0, 2), (True, 1), ("1",)])
def test_folds_are_counts(folds):
    with pytest.raises(ValueError, match=r"^folds=\(.*\) must be whole numbers of 0 or more; leave them out if"):
        Row("lt", 0.1, 0.5, folds=folds)


@pytest.mark.parametrize("validation", [-0.1, 91.5, float("nan")])
def test_validation_is_a_fraction(validation):
    with pytest.raises(ValueError, match=r"^validation=.* must be a fraction in \[0, 1\]; write 0.915 for 91.5 %"):
        Row("lt", 0.1, 0.5, validation=validation)
