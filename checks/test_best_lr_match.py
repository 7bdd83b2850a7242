"""Condition 5: the ticket matches the dense network at its best lr."""

import pytest

from lthcheck.suite_outcome import settle


@pytest.mark.lthcheck(kind="claim", condition=5)
def test_the_ticket_matches_dense_at_its_best_lr(question, request):
    """Ma et al. 2021, sec. 2.2."""
    settle(question, request)
