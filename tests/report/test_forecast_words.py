"""What `plan` says that seeds can tell, from a forecast's JSON written by hand."""

from __future__ import annotations

from typing import Any

from lthcheck.recipes import recipe
from lthcheck.report.departures import departures, foreseen
from lthcheck.report.forecast import forecast_text
from lthcheck.study import Study

RESOLUTION = {"seeds": 10, "sd": 0.003, "test_size": 10000, "accuracy": 0.9, "test_error": 0.003, "assumed": ["sd"]}


def said_lines(resolution: dict[str, Any], **changed: Any) -> list[str]:
    """All lines, blanks drawn together."""
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
        "resolution": resolution,
    } | changed
    return [" ".join(line.split()) for line in forecast_text(record).splitlines()]


def said(**resolution: Any) -> str:
    """The line on seeds."""
    return next(line for line in said_lines(RESOLUTION | resolution) if line.startswith("seeds "))


TOLD = {"gamma": 0.005, "delta": 0.005, "most_seeds": None, "most_reach": None}


def test_the_small_dense_network_stands_beside_the_ticket() -> None:
    sizes = [{"sparsity": 0.2, "ticket": 900, "sdt": 909}, {"sparsity": 0.36, "ticket": 700, "sdt": None}]
    lines = said_lines(
        RESOLUTION | {"reach": 0.01, "tickets": 1} | TOLD, parameters={"dense": 1000, "by_sparsity": sizes}
    )
    assert "0.2 1,000 900 909 9 more (1.0 %)" in lines
    assert "0.36 1,000 700 none" in lines


def test_it_says_where_a_ticket_must_lie_to_be_seen() -> None:
    assert said(reach=0.0142, tickets=55, **TOLD) == (
        "seeds 10 seeds, sd 0.3 pt (assumed): in 4 of 5 studies the rule confident sees a ticket that truly lies "
        "1.9 pt above rr and sdt and 0.92 pt above dense, or further up (55 tickets paid for)"
    )


def test_many_seeds_see_a_ticket_below_dense() -> None:
    assert "0.7 pt above rr and sdt and 0.3 pt below dense" in said(reach=0.002, tickets=1, **TOLD)


def test_a_study_that_grows_says_so_of_its_most_seeds() -> None:
    told = TOLD | {"most_seeds": 20, "most_reach": 0.004}
    assert said(reach=0.0142, tickets=55, **told).endswith("; with 20 seeds 0.9 pt and 0.1 pt below")


def test_one_seed_tells_nothing() -> None:
    assert said(seeds=1, reach=None, tickets=1, **TOLD) == (
        "seeds 1 seed, sd 0.3 pt (assumed): no gap can be told from chance; take 2 or more"
    )


def test_it_says_where_the_recipe_departs_and_what_condition_1_will_never_say():
    study = Study(model="mlp-8", dataset="mnist1d", recipe=recipe("sahu2022").but({"epochs": 4}))
    (first, second, *_), lines = departures(study.as_json()), foreseen(study.as_json())
    assert first.endswith("but: epochs 4 instead of 160.")
    assert second == "Not done as in sahu2022: early stopping on a validation split; lthcheck trains for all epochs."
    assert [line.partition(";")[0] for line in lines] == [
        "condition 1 is false of every ticket: the highest sparsity, 0.582, is below 0.60",
        "condition 1 cannot hold: of 1 lr (0.1) none lies inside its grid",
    ]
