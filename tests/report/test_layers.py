"""The record says how dense each layer of the tickets is, at the lr that a cell speaks of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lthcheck.report.markdown import markdown
from lthcheck.report.record import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Make = Callable[..., Any]


@pytest.fixture
def made(make_record: Make, make_evidence: Make, make_density: Make) -> dict[str, Any]:
    """Of a cell whose conditions speak of lr .2."""
    rows = make_evidence()
    record: dict[str, Any] = make_record(rows=rows, layers=make_density(rows))
    return record


def test_layers_are_means_and_ranges_over_seeds_in_network_order(made: dict[str, Any]) -> None:
    assert made["layers"] == {
        "names": ["conv.weight", "fc.weight"],
        "weights": [2000, 8000],
        "tickets": [
            {
                "method": "omp", "sparsity": 0.832, "lr": 0.2, "seeds": 2,
                "kept": [620.0, 1060.0], "least": [600, 1040], "most": [640, 1080],
            }
        ],
    }  # fmt: skip


def test_a_ticket_that_was_never_pruned_is_left_out(make_record: Make, make_evidence: Make, make_density: Make) -> None:
    rows = make_evidence()
    layers = {run: of for run, of in make_density(rows).items() if run.endswith("0.2 0")}
    (ticket,) = make_record(rows=rows, layers=layers)["layers"]["tickets"]
    assert (ticket["seeds"], ticket["kept"], ticket["least"]) == (1, [600.0, 1080.0], [600, 1080])


def test_a_record_without_layers_has_no_such_field(make_record: Make) -> None:
    assert "layers" not in make_record()


def test_survive_their_file(made: dict[str, Any]) -> None:
    assert loads(dumps(made)) == made


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"names": "conv"}, r"layers\[0\]: names='conv' must be of the schema's kind"),
        ({"names": ["conv.weight"]}, "layers must hold a number for each of its 1 names"),
        ({"weights": [2000, None]}, "layers must hold a number for each of its 2 names"),
        ({"tickets": [{}]}, r"tickets\[0\] must have method, sparsity, lr"),
    ],
)
def test_are_refused_where_they_break_the_schema(made: dict[str, Any], change: dict[str, Any], told: str) -> None:
    broken = made | {"layers": made["layers"] | change}
    with pytest.raises(ValueError, match=told):
        loads(json.dumps(broken))


def test_stand_in_the_report_of_their_cell(made: dict[str, Any]) -> None:
    lines = [line.replace(" ", "") for line in markdown(made).splitlines()]
    assert "|layer|weights|kept,lr0.2|kept,%|rangeoverseeds,%|" in lines
    assert "|conv.weight|2,000|620|31|30to32|" in lines
    assert "|all|10,000|1,680|16.8||" in lines
