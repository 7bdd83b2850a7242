"""How every refusal must look, whichever face tells it."""

from __future__ import annotations

import re


def refused(said, message):
    """Whether there is one line of error, the message in it, and no traceback."""
    (line,) = [line for line in said.splitlines() if re.match("error: ", line, re.IGNORECASE)]
    assert message in line
    assert "Traceback" not in said
    return True
