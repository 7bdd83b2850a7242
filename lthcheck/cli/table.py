"""Tables on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import fill, wrap

WIDTH = 100


def table(rows: Sequence[Sequence[object]], heads: Sequence[str], *, right: Iterable[str] = ()) -> str:
    """A line each, columns under their heads.

    Args:
        right: heads of the columns that are numbers.
    """
    from tabulate import tabulate

    numbers = set(right)
    sides = ["right" if head in numbers else "left" for head in heads]
    return tabulate(rows, heads, tablefmt="simple", disable_numparse=True, colalign=sides)


def numbers(values: Sequence[float]) -> str:
    """Some numbers in little room.

    >>> numbers((0.1, 0.2)), numbers((0.1, 0.2, 0.3, 0.4, 0.5))
    ('0.1, 0.2', '0.1 ... 0.5 (5)')
    """
    if len(values) > 4:
        return f"{values[0]:.3g} ... {values[-1]:.3g} ({len(values)})"
    return ", ".join(f"{value:.3g}" for value in values)


def narrow(lines: Iterable[str], width: int) -> str:
    """Lines no wider than a cell, each going on below itself, indented."""
    return "\n".join(part for line in lines for part in wrap(line, width, subsequent_indent="  "))


def room(rows: Iterable[Sequence[str]], heads: Sequence[str]) -> int:
    """Letters a line that are left for a last column beside these, each two apart and as wide as its head and two."""
    widths = [max(len(head) + 2, *map(len, cells)) for head, *cells in zip(heads, *rows, strict=True)]
    return WIDTH - sum(width + 2 for width in widths)


def item(name: str, text: str, indent: int) -> str:
    """A text beside its name."""
    return fill(text, WIDTH, initial_indent=f"{name:<{indent}}", subsequent_indent=" " * indent)
