"""How the names of lthcheck's own networks are spelt: a base, then a width and values of options, in any order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from lthcheck.names import known

if TYPE_CHECKING:
    from lthcheck.zoo.registry import Family


class Spelling(NamedTuple):
    """What a name says.

    Attributes:
        base: the network without its suffixes, "resnet32" of "resnet32-w2-noresidual".
        width: 2.0 of "-w2".
        options: (("shortcut", "noresidual"),) of "-noresidual", sorted; a default that is spelt out is among them.
    """

    base: str
    width: float = 1.0
    options: tuple[tuple[str, str], ...] = ()


def spelt(name: str, families: Iterable[Family]) -> Spelling | None:
    """What a name says; None where it begins with no network of these families.

    The base is as long as it can be, so that mlp-300-100 is no mlp-300. Each word after it, between dashes, is "w" and
    a width, or a value of one of the family's options, which no other option has.

    Raises:
        ValueError: for a word that is neither, and for two widths or two values of one option.
    """
    families = tuple(families)
    parts = name.split("-")
    bases = ("-".join(parts[:end]) for end in range(len(parts), 0, -1))
    family, base = next(((each, base) for base in bases for each in families if each.fits(base)), (None, ""))
    if family is None:
        return None
    options = {value: option for option, values in family.options.items() for value in values}
    chosen: dict[str, str] = {}
    for word in parts[base.count("-") + 1 :]:
        what = "width" if re.fullmatch(r"w[0-9]+(\.[0-9]+)?", word) else options.get(word)
        if what is None:
            known(f"{name}: suffix", word, options, shown=("w<width>", *options))
        elif what in chosen:
            raise ValueError(f"{name}: {chosen[what]} and {word} must not both be its {what}; keep one")
        else:
            chosen[what] = word
    width = float(chosen.pop("width", "w1")[1:])
    return Spelling(base, width, tuple(sorted(chosen.items())))
