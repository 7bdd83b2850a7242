"""Bytes for people."""

from __future__ import annotations

import re

UNITS = {"": 1, "B": 1} | {name: 1000**power for power, name in enumerate(("KB", "MB", "GB"), start=1)}
UNITS |= {name: 1024**power for power, name in enumerate(("KIB", "MIB", "GIB"), start=1)}


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


def in_bytes(text: str) -> int:
    """The inverse: the number of bytes that a text spells.

    Raises:
        ValueError: with the rule, without the value.

    >>> in_bytes("50MB"), in_bytes("1.5 GB"), in_bytes("64 MiB")
    (50000000, 1500000000, 67108864)
    """
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,9})?) ?([A-Za-z]*)", text.strip())
    if found is None or found[2].upper() not in UNITS:
        raise ValueError("must be a number of bytes and a unit, e.g. 50MB")
    return int(float(found[1]) * UNITS[found[2].upper()])
