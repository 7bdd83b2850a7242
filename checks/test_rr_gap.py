"""Condition 3: the ticket clearly beats its own mask on fresh weights, at their best lr."""

import pytest

from lthcheck.suite_outcome import settle


@pytest.mark.lthcheck(kind="claim", condition=3)
def test_the_ticket_beats_reinitialisation(question, request):
    """Ma et al. 2021, sec. 2.2."""
    settle(question, request)
