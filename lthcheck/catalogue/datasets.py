"""The data sets that there are, and whether they are here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lthcheck import data
from lthcheck.catalogue.standing import of_dataset
from lthcheck.data.facts import FACTS, here
from lthcheck.data.registry import SOURCES
from lthcheck.verdict.terms import default_delta


def datasets(data_dir: Path | None = None) -> list[dict[str, Any]]:
    """An object for each data set of lthcheck's own, and of the user's own; none is read, made or downloaded.

    Args:
        data_dir: where they are looked for; see `lthcheck.data.load`.

    Returns:
        name, own, shape, classes, train_size, test_size, download (bytes, or None), otherwise (how it comes where it is
        not downloaded), here, delta (a fraction), papers (`lthcheck.catalogue.standing`). What only reading would tell
        of data of the user's own is None.
    """
    own = sorted(data.registered(data.names()))
    return [*(_dataset(name, data_dir) for name in SOURCES), *(_own(name) for name in own)]


def _dataset(name: str, data_dir: Path | None) -> dict[str, Any]:
    known = FACTS.get(name)
    if known is None:
        return _described(name)
    return _described(name) | {
        "shape": list(known.shape),
        "classes": known.classes,
        "train_size": known.train_size,
        "test_size": known.test_size,
        "download": known.download,
        "otherwise": None if known.download else known.otherwise,
        "here": here(name, data_dir),
    }


def _own(name: str) -> dict[str, Any]:
    return _described(name) | {"own": True, "otherwise": "yours"}


def _described(name: str) -> dict[str, Any]:
    """What its name alone tells."""
    unknown = dict.fromkeys(("shape", "classes", "train_size", "test_size", "download", "otherwise", "here"))
    told = {"delta": default_delta(name), "papers": [each.as_json() for each in of_dataset(name)]}
    return {"name": name, "own": False, **unknown, **told}
