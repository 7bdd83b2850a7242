"""Which data sets there are, by name: lthcheck's own, the user's .npz files, the user's loaders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lthcheck.data import (
    cifar,
    digits,
    imagenet,
    index,
    mnist,
    mnist1d,
    npz,
    places365,
    subset,
    svhn,
    tiny_imagenet,
)
from lthcheck.data.arrays import Arrays
from lthcheck.data.images import Images, materialised
from lthcheck.data.index import Index
from lthcheck.data.info import Info, info_of, keep, recall, stamps
from lthcheck.fault import fault
from lthcheck.names import known, typed

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Source:
    """A data set read from files.

    Attributes:
        files: `files(data_dir)` are the files, made or downloaded where they are absent.
        read: `read(files)` gives the arrays, or the index of what is too large for them.
        small: subsets of its training split are known by name, `<name>-<n>`.
    """

    files: Callable[[Path | None], list[Path]]
    read: Callable[[Sequence[Path]], Arrays | Index]
    small: bool = True


def _half_of_cifar10(which: int, files: Sequence[Path]) -> Arrays:
    return subset.half("cifar10", cifar.read("CIFAR10", files), which)


SOURCES = {
    "mnist1d": Source(mnist1d.files, mnist1d.read),
    "digits": Source(digits.files, digits.read),
    "mnist": Source(partial(mnist.files, "MNIST"), mnist.read),
    "fashion_mnist": Source(partial(mnist.files, "FashionMNIST"), mnist.read),
    "cifar10": Source(partial(cifar.files, "CIFAR10"), partial(cifar.read, "CIFAR10")),
    "cifar100": Source(partial(cifar.files, "CIFAR100"), partial(cifar.read, "CIFAR100")),
    "svhn": Source(svhn.files, svhn.read),
    # The halves of Morcos et al. 2019: 25 000 training images each, 2 500 a class
    "cifar10a": Source(partial(cifar.files, "CIFAR10"), partial(_half_of_cifar10, 0)),
    "cifar10b": Source(partial(cifar.files, "CIFAR10"), partial(_half_of_cifar10, 1)),
    "tiny_imagenet": Source(tiny_imagenet.files, tiny_imagenet.read),
    "imagenet": Source(imagenet.files, index.read, small=False),
    "places365": Source(places365.files, index.read, small=False),
}

Loader = Callable[[], "Arrays | tuple[Images, Images]"]

_registered: dict[str, Loader] = {}
_described: dict[str, Info] = {}
_names: dict[str, str] = {}  # of data of the user's own, by fingerprint


def register_dataset(name: str, loader: Loader) -> None:
    """Makes data of yours known by name; registering a name again replaces it.

    Args:
        name: none of lthcheck's own or of their subsets, and not ending in ".npz".
        loader: gives the same data whenever it is called: `lthcheck.Arrays`, or a training and a test set in the style
            of torchvision, with `len` and (image or tensor, label) at each index, without random transforms.

    Raises:
        ValueError: for a name that is taken, or what is no function.
    """
    if _source(name):
        raise ValueError(f"dataset={name!r} must not be a name of lthcheck's own, nor end in .npz; choose another")
    typed("dataset", name)
    if not callable(loader):
        raise ValueError(
            f"dataset={name!r}: {type(loader).__name__} must be a function that gives the data; write a def"
        )
    _described.pop(name, None)
    _registered[name] = loader


def registered(names: Iterable[str]) -> dict[str, Loader]:
    """The loaders of those names that are data sets of the user's."""
    return {name: _registered[name] for name in names if name in _registered}


def adopt(loaders: Mapping[str, Loader], names: Mapping[str, str] | None = None) -> None:
    """Makes known what was registered, and described, in another process."""
    _registered.update(loaders)
    _names.update(names or {})


def names() -> list[str]:
    """Every known data set; `cifar10-5000` is 5 000 training images of CIFAR-10, see `lthcheck.data.subset`."""
    return [*SOURCES, "<name>-<n>", "<path>.npz", *sorted(_registered)]


def word(name: str) -> str:
    """How an expression names it: data of the user's own is known by its fingerprint, wherever it lies."""
    return name if name in SOURCES or _subset(name) else "own"


def name_of(word: str, fingerprint: str) -> str:
    """The name of a data set as it was described last, from how an expression names it."""
    return _names.get(fingerprint, word)


def names_of_own() -> dict[str, str]:
    """By fingerprint, the data of the user's own that was described here."""
    return dict(_names)


def check(name: str) -> None:
    """Refuses a name that is not known."""
    if not _source(name):
        known("dataset", name, [*SOURCES, *_registered], shown=names())


def load(name: str, *, data_dir: Path | None = None) -> Arrays | Index:
    """The arrays of a data set, or its index where it does not fit in memory.

    Args:
        name: see `names`.
        data_dir: where torchvision's folders are; default `$LTHCHECK_DATA`, else the cache.
    """
    check(name)
    source = _source(name)
    files = source.files(data_dir) if source else []
    try:
        return source.read(files) if source else _own(_registered[name])
    except ValueError as error:
        raise ValueError(f"dataset={name!r}: {error}") from error


def _own(loader: Loader) -> Arrays:
    try:
        given: object = loader()
        if isinstance(given, tuple) and len(given) == 2 and all(hasattr(part, "__getitem__") for part in given):
            given = materialised(*given)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"the loader failed ({fault(error)}); mend it") from error
    if isinstance(given, Arrays):
        return given
    rule = "must give lthcheck.Arrays, or a pair of a training and a test set"
    raise ValueError(f"the loader gave {type(given).__name__}, {rule}")


def describe(name: str, *, data_dir: Path | None = None) -> Info:
    """What a data set is; its files are read the first time only, and again when they change."""
    check(name)
    info = _info(name, data_dir)
    if word(name) != name:
        _names[info.fingerprint] = name
    return info


def _info(name: str, data_dir: Path | None) -> Info:
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
    return SOURCES.get(name) or _subset(name)


def _subset(name: str) -> Source | None:
    whole, n = subset.spelled(name) or (name, 0)
    source = SOURCES.get(whole)
    if not n or not source or not source.small:
        return None

    def read(files: Sequence[Path]) -> Arrays:
        arrays = source.read(files)
        assert isinstance(arrays, Arrays)  # an index is not `small`
        return subset.first(whole, arrays, n)

    return Source(source.files, read, small=False)
