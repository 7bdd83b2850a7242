"""Times for people."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A time in the two units that matter.

    >>> duration(7.25), duration(42.4), duration(754), duration(9000), duration(200_000)
    ('7.2 s', '42 s', '12 min 34 s', '2 h 30 min', '2 days 7 h')
    """
    if seconds < 59.5:
        return f"{seconds:.{1 if seconds < 9.95 else 0}f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days {hours % 24} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
