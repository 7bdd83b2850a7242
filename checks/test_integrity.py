"""The protocol was kept: what the verdict rests on. A failure here always fails the suite."""

import pytest

from lthcheck.suite_outcome import hold


@pytest.mark.lthcheck(kind="integrity")
def test_the_protocol_was_kept(question, request):
    """One rule of `lthcheck.protocol.RULES`, over all runs of a study."""
    hold(question, request)
