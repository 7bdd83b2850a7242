"""Numbers that a user writes or hands over, plain and in range or refused with the rule, and things counted."""

from __future__ import annotations

from collections.abc import Callable


def written(text: str) -> float:
    """The number that a text spells in ASCII; `float` would also read 1_0, and digits of any script.

    Raises:
        ValueError: if it spells none.

    >>> written("1e-3")
    0.001
    """
    if not text.isascii() or "_" in text:
        raise ValueError(f"{text!r} must be a number in plain digits")
    return float(text)


def check_whole(name: str, value: object, *, least: int, most: int) -> None:
    """Refuses what is no int in [least, most].

    Raises:
        TypeError: for any other type, bool included.
        ValueError: for a number out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name}={value!r} must be an int, e.g. {max(1, least)}")
    if value < least:
        raise ValueError(f"{name}={value} must be at least {least}")
    if value > most:
        raise ValueError(f"{name}={value} must be at most {most}")


def check_real(name: str, value: object, holds: Callable[[float], bool], rule: str) -> None:
    """Refuses what is no number for which a rule holds.

    Args:
        rule: how the message goes on, e.g. "must be in (0, 1); write 0.9 for 90 %".

    Raises:
        TypeError: for what is neither float nor int.
        ValueError: for a number that breaks the rule.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name}={value!r} must be a number, and {rule}")
    if not holds(value):
        raise ValueError(f"{name}={value:g} {rule}")


def check_tuple(name: str, value: object, example: str) -> None:
    """Refuses what is no tuple: a text would be read letter by letter, and a study must not change.

    Raises:
        TypeError: for any other type.
    """
    if not isinstance(value, tuple):
        raise TypeError(f"{name}={value!r} must be a tuple, e.g. {example}")


def count(number: float, noun: str) -> str:
    """A number of things, which need not be whole.

    >>> count(1, "run"), count(2, "run"), count(1.0, "epoch"), count(0.5, "epoch")
    ('1 run', '2 runs', '1 epoch', '0.5 epochs')
    """
    shown = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{shown} {noun}" if number == 1 else f"{shown} {noun}s"
