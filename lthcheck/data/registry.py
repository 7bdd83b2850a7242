"""Which data sets there are, by name: lthcheck's own, the user's .npz files, the user's loaders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lthcheck.data import digits, mnist1d, npz, torchvision_sets
from lthcheck.data.arrays import Arrays
from lthcheck.data.info import Info, info_of, keep, recall, stamps
from lthcheck.names import known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A data set read from files.

    Attributes:
        files: `files(data_dir)` are the files, made or downloaded where they are absent.
        read: `read(files)` gives the arrays.
    """

    files: Callable[[Path | None], list[Path]]
    read: Callable[[Sequence[Path]], Arrays]


SOURCES = {
    "mnist1d": Source(mnist1d.files, mnist1d.read),
    "digits": Source(digits.files, digits.read),
    "mnist": Source(partial(torchvision_sets.files, "MNIST"), torchvision_sets.read),
    "fashion_mnist": Source(partial(torchvision_sets.files, "FashionMNIST"), torchvision_sets.read),
}

_registered: dict[str, Callable[[], Arrays]] = {}
_described: dict[str, Info] = {}


def register_dataset(name: str, loader: Callable[[], Arrays]) -> None:
    """Makes data of yours known by name; registering a name again replaces it.

    Args:
        name: none of lthcheck's own, and not ending in ".npz".
        loader: gives the same arrays whenever it is called.
    """
    if _source(name):
        raise ValueError(f"dataset={name!r} must not be a name of lthcheck's own, nor end in .npz; choose another")
    _described.pop(name, None)
    _registered[name] = loader


def names() -> list[str]:
    """Every known data set."""
    return [*SOURCES, "<path>.npz", *sorted(_registered)]


def check(name: str) -> None:
    """Refuses a name that is not known."""
    if not _source(name):
        known("dataset", name, [*SOURCES, *_registered], shown=names())


def load(name: str, *, data_dir: Path | None = None) -> Arrays:
    """The arrays of a data set.

    Args:
        name: see `names`.
        data_dir: where torchvision's folders are; default `$LTHCHECK_DATA`, else the cache.
    """
    check(name)
    source = _source(name)
    files = source.files(data_dir) if source else []
    try:
        arrays = source.read(files) if source else _registered[name]()
    except ValueError as error:
        raise ValueError(f"dataset={name!r}: {error}") from error
    if not isinstance(arrays, Arrays):
        raise ValueError(f"dataset={name!r}: the loader gave {type(arrays).__name__}, must give lthcheck.data.Arrays")
    return arrays


def describe(name: str, *, data_dir: Path | None = None) -> Info:
    """What a data set is; its files are read the first time only, and again when they change."""
    check(name)
    source = _source(name)
    if not source:
        if name not in _described:
            _described[name] = info_of(name, load(name))
        return _described[name]
    seen = stamps(source.files(data_dir))
    info = recall(name, seen)
    if info is None:
        info = info_of(name, load(name, data_dir=data_dir))
        if stamps(source.files(data_dir)) == seen:  # else they changed while they were read
            keep(info, seen)
    return info


def _source(name: str) -> Source | None:
    if name.endswith(".npz"):
        return Source(lambda _: npz.files(name), npz.read)
    return SOURCES.get(name)
