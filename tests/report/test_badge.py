"""The badge is what shields.io's endpoint asks for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lthcheck.report.badge import badge, is_badge

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("prize", "message", "colour"),
    [
        ("jackpot", "jackpot", "brightgreen"),
        ("secondary", "secondary prize", "yellowgreen"),
        ("none", "no ticket", "orange"),
        ("undecided", "undecided (none to secondary)", "lightgrey"),
        ("at_edge", "secondary prize (edge)", "yellowgreen"),
    ],
)
def test_says_the_verdict(
    make_record: Make, request: pytest.FixtureRequest, prize: str, message: str, colour: str
) -> None:
    values = json.loads(badge(make_record([request.getfixturevalue(prize)])))
    assert values == {"schemaVersion": 1, "label": "lthcheck", "message": message, "color": colour}
    assert is_badge(values)


def test_no_record_is_taken_for_a_badge(make_record: Make) -> None:
    assert not is_badge(make_record())
