"""Data sets by name. Importing it imports neither torch nor torchvision nor mnist1d."""

from lthcheck.data.arrays import Arrays
from lthcheck.data.info import Info
from lthcheck.data.registry import (
    adopt,
    check,
    describe,
    load,
    name_of,
    names,
    names_of_own,
    register_dataset,
    registered,
    word,
)

__all__ = [
    "Arrays",
    "Info",
    "adopt",
    "check",
    "describe",
    "load",
    "name_of",
    "names",
    "names_of_own",
    "register_dataset",
    "registered",
    "word",
]
