"""What `plan` says that seeds can tell, from a forecast's JSON written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from lthcheck.report.forecast import forecast_text

RESOLUTION = {"seeds": 10, "sd": 0.003, "test_size": 10000, "accuracy": 0.9, "test_error": 0.003, "assumed": ["sd"]}


def said(**resolution: Any) -> str:
    """The line on seeds."""
    record = {
        "summary": "mlp-8 on toy",
        "study": {"epochs": 4, "device": "cpu"},
        "rows": 1,
        "unshared": 1,
        "trainers": 1,
        "seconds": None,
        "arms": {},
        "parameters": {"dense": 1, "by_sparsity": []},
        "cost": {"trainings": 1, "stored": 0, "to_train": 1, "replica_steps": 1, "bytes": 0, "later": 0},
        "resolution": RESOLUTION | resolution,
    }
    lines = [" ".join(line.split()) for line in forecast_text(record).splitlines()]
    return next(line for line in lines if line.startswith("seeds "))


def test_the_rule_confident_sees_a_gap_and_calls_similar() -> None:
    assert said(gap=0.0142, similar=0.0087, tickets=55) == (
        "seeds 10 seeds, sd 0.3 pt (assumed): in 4 of 5 studies the rule confident sees a gap of 1.4 pt beyond gamma, "
        "and calls similar a ticket that lies 0.87 pt above dense - delta (the error rate paid for 55 tickets)"
    )


@pytest.mark.parametrize("missing", ["gap", "similar"])
def test_too_few_seeds_decide_nothing(missing: str) -> None:
    assert said(**{"seeds": 1, "gap": 0.01, "similar": 0.01, "tickets": 1, missing: None}) == (
        "seeds 1 seed, sd 0.3 pt (assumed): too few for the rule confident to decide anything "
        "(the error rate paid for 1 ticket)"
    )


def test_without_tickets_it_is_the_plain_test_of_two_arms() -> None:
    assert said(gap=0.0042) == (
        "seeds 10 seeds, sd 0.3 pt (assumed): a gap of 0.42 pt is seen in 4 of 5 studies "
        "(two arms, unpaired t-test at 5 %)"
    )
