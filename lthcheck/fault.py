"""What went wrong in code of the user's own, for a message of one line."""

from __future__ import annotations


def fault(error: BaseException) -> str:
    """The error in one line.

    >>> fault(KeyError("x"))
    "KeyError: 'x'"
    """
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
