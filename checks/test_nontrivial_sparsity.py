"""Condition 1: the sparsity is not trivial, and the recipe trains the dense network well enough."""

import pytest

from lthcheck.suite_outcome import settle


@pytest.mark.lthcheck(kind="claim", condition=1)
def test_the_sparsity_is_not_trivial(question, request):
    """Ma et al. 2021, sec. 2.2."""
    settle(question, request)
