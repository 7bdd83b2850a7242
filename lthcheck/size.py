"""Bytes for people."""

from __future__ import annotations


def size(count: int) -> str:
    """Bytes in the unit that matters, each a thousand of the one before.

    >>> size(512), size(1_234_567), size(4_299_693_000)
    ('512 B', '1.2 MB', '4.3 GB')
    """
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"
