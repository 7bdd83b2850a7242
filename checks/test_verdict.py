"""The verdict: the one test here that can fail for scientific reasons."""

import pytest

from lthcheck.suite_outcome import decide


@pytest.mark.lthcheck(kind="verdict")
def test_the_verdict(question, request):
    """Meets --require, or is the one expected, or, with neither, is that a ticket exists."""
    decide(question, request)
