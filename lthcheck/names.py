"""Names that a user types: known, or refused with the nearest one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import takewhile

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

    >>> nearest("impp", ["imp", "omp"]), nearest("CIFAR10", ["cifar100", "cifar10"])
    ('did you mean imp? ', 'did you mean cifar10? ')
    >>> nearest("resnet21", ["resnet20", "resnet32"])
    'did you mean resnet20? '
    """
    names, elsewhere = list(names), _ELSEWHERE.get(name)
    if elsewhere in names:
        return f"did you mean {elsewhere}? "
    meant = str(name).lower()
    spelt = {each.lower(): each for each in names}
    near = [spelt[each] for each in difflib.get_close_matches(meant, spelt)]
    if not near:
        return ""
    alike = difflib.SequenceMatcher(b=meant)  # of equally near ones, the one that begins like it

    def merit(each: str) -> tuple[float, int]:
        alike.set_seq1(each.lower())
        begins = takewhile(lambda pair: pair[0] == pair[1], zip(meant, each.lower(), strict=False))
        return alike.ratio(), len(list(begins))

    return f"did you mean {max(near, key=merit)}? "


def typed(what: str, name: str) -> None:
    """Refuses a new name that could not be typed into a list of names.

    Raises:
        ValueError: for an empty one, a comma, or blanks around it.
    """
    if not name or "," in name or name != name.strip():
        raise ValueError(f"{what}={name!r} must be a name without commas, or blanks around it; choose another")
