"""Condition 2: the ticket clearly beats a small dense network of its size, at that network's best lr."""

import pytest

from lthcheck.suite_outcome import settle


@pytest.mark.lthcheck(kind="claim", condition=2)
def test_the_ticket_beats_a_small_dense_network(question, request):
    """Ma et al. 2021, sec. 2.2."""
    settle(question, request)
