"""Condition 4: the ticket matches the dense network trained with the same lr."""

import pytest

from lthcheck.suite_outcome import settle


@pytest.mark.lthcheck(kind="claim", condition=4)
def test_the_ticket_matches_dense_at_the_same_lr(question, request):
    """Ma et al. 2021, sec. 2.2."""
    settle(question, request)
