"""The badge: the verdict in the form that shields.io shows (https://shields.io/badges/endpoint-badge)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lthcheck.report.headline import edge
from lthcheck.report.sure import confidence
from lthcheck.report.words import prize

if TYPE_CHECKING:
    from collections.abc import Mapping

LABEL = "lthcheck"
# No red: that there is no ticket is a finding, not a fault.
COLOURS = {"jackpot": "brightgreen", "secondary": "yellowgreen", "none": "orange", "undecided": "lightgrey"}


def badge(record: Mapping[str, Any]) -> str:
    """The badge of a record, as JSON."""
    said = prize(record["verdict"], record["at_least"], record["at_most"], edge(record["cells"])).lower()
    sure = "" if record["verdict"] == "undecided" else confidence(record)
    said += f", {sure}" if sure else ""
    values = {"schemaVersion": 1, "label": LABEL, "message": said, "color": COLOURS[record["verdict"]]}
    return json.dumps(values, indent=1) + "\n"


def is_badge(value: object) -> bool:
    """Whether a JSON value is such a badge; it lies beside the record and bears a name like it."""
    return isinstance(value, dict) and value.get("label") == LABEL and "schemaVersion" in value
