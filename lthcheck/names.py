"""Names that a user types: known, or refused with the nearest one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

INITIALISERS = (
    *("pytorch", "kaiming_normal", "xavier_normal", "kaiming_uniform", "xavier_uniform", "kaiming_normal_fan_out"),
    "own",
)
"""See `lthcheck.training.initialiser`."""
AUGMENTATIONS = ("none", "crop-flip", "resized-crop-flip")
"""See `lthcheck.data.augmentation`."""
PRECISIONS = ("float32", "float64", "bfloat16", "tf32")
"""See `lthcheck.run.Training`."""

# What Keras calls an initialiser: the nearest by letters would be another.
_ELSEWHERE = {
    "glorot_normal": "xavier_normal",
    "glorot_uniform": "xavier_uniform",
    "he_normal": "kaiming_normal",
    "he_uniform": "kaiming_uniform",
}


def known(what: str, name: str, names: Iterable[str], *, shown: Iterable[str] | None = None) -> str:
    """The name itself.

    Args:
        shown: how the message lists what is known, where that differs from the names.

    Raises:
        ValueError: if it is not among the names.

    >>> known("method", "imp", ["imp", "omp"])
    'imp'
    """
    names = list(names)
    if name in names:
        return name
    listed = ", ".join(names if shown is None else shown)
    near = nearest(name, names)
    raise ValueError(f"{what}={name!r} is not known{f'; {near}' if near else '. '}Known: {listed}")


def nearest(name: str, names: Iterable[str]) -> str:
    """A question after the nearest name, ending in a space; nothing where none is near.

    >>> nearest("impp", ["imp", "omp"])
    'did you mean imp? '
    """
    names, elsewhere = list(names), _ELSEWHERE.get(name)
    near = [elsewhere] if elsewhere in names else difflib.get_close_matches(str(name), names, n=1)
    return f"did you mean {near[0]}? " if near else ""


def typed(what: str, name: str) -> None:
    """Refuses a new name that could not be typed into a list of names.

    Raises:
        ValueError: for an empty one, a comma, or blanks around it.
    """
    if not name or "," in name or name != name.strip():
        raise ValueError(f"{what}={name!r} must be a name without commas, or blanks around it; choose another")
