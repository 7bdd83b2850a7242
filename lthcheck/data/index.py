"""A data set that stays on disk: which pictures there are, and what each shows."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from lthcheck.data import folder
from lthcheck.data.info import READER_VERSION, Stamps
from lthcheck.expression import canonical_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# ImageNet's training pictures, in units of 255, as torchvision's and the Places team's own networks are given them
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDE = 224  # pixels
FIELDS = ("root", "names", "sizes", "labels")


@dataclass(frozen=True, eq=False)
class Part:
    """The pictures of one split.

    Attributes:
        root: the folder that the names begin in, as bytes of shape ().
        names: paths under `root`, with "/", as bytes of shape (n,).
        sizes: bytes of each file, int64 of shape (n,).
        labels: int64 of shape (n,).
    """

    root: npt.NDArray[Any]
    names: npt.NDArray[Any]
    sizes: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]

    @classmethod
    def of(cls, root: Path, pictures: Iterable[tuple[str, int, int]]) -> Part:
        """From the name, size and label of each."""
        names, sizes, labels = zip(*pictures, strict=True)
        raw = np.array([os.fsencode(name) for name in names])
        return cls(np.array(os.fsencode(root)), raw, np.array(sizes, np.int64), np.array(labels, np.int64))

    def file(self, row: int) -> tuple[str, int]:
        """The path and size of one picture."""
        return os.fsdecode(os.path.join(self.root.item(), self.names[row])), int(self.sizes[row])

    def first(self, count: int) -> Part:
        """The first `count` pictures, in their order."""
        return Part(self.root, self.names[:count], self.sizes[:count], self.labels[:count])

    def paths(self) -> Iterator[str]:
        """Of all pictures, in order."""
        return (self.file(row)[0] for row in range(len(self.labels)))


@dataclass(frozen=True, eq=False)
class Index:
    """Training and test pictures by name; what `Arrays` is for data in memory.

    Attributes:
        side: pixels of the square that a network is given.
        mean: of each channel, in units of 255.
        std: likewise.
    """

    train: Part
    test: Part
    side: int = SIDE
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        return (3, self.side, self.side)

    @property
    def pixels(self) -> int:
        """Bytes of one input before it is normalised."""
        return 3 * self.side**2

    @property
    def y_train(self) -> npt.NDArray[np.int64]:
        """The training labels."""
        return self.train.labels

    @property
    def y_test(self) -> npt.NDArray[np.int64]:
        """The test labels."""
        return self.test.labels

    @property
    def classes(self) -> int:
        """As many as the training labels count."""
        return int(self.y_train.max()) + 1

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the sorted names, sizes in bytes and labels of both splits, and the normalisation, 64 hex digits.

        Not over the pictures' contents: ImageNet's 150 GB take a disk of 200 MB/s a quarter of an hour. A picture
        that was edited and kept its size goes unseen; one that was encoded anew, left out or moved to another class
        does not.
        """
        digest = hashlib.sha256(canonical_json([self.side, self.mean, self.std]).encode())
        for part in (self.train, self.test):
            digest.update(f"{len(part.labels)}\n".encode())
            for row in np.argsort(part.names, kind="stable"):
                digest.update(b"%d %d %s\n" % (part.sizes[row], part.labels[row], part.names[row]))
        return digest.hexdigest()


def kept(name: str, seen: Stamps, make: Callable[[], Index]) -> Path:
    """The file with the index of a data set, made first where there is none for folders with these stamps.

    A million files are asked for their sizes once, and not by every process.
    """
    which = canonical_json([READER_VERSION, name, seen])
    path = folder.kept() / f"{name}-{hashlib.sha256(which.encode()).hexdigest()[:32]}.npz"
    with FileLock(path.with_name(f"{path.name}.lock")):
        if not path.exists():
            made, file = make(), io.BytesIO()
            arrays: dict[str, Any] = {
                f"{split}_{what}": getattr(part, what)
                for split, part in (("train", made.train), ("test", made.test))
                for what in FIELDS
            }
            np.savez(file, allow_pickle=False, **arrays)
            folder.write(path, file.getvalue())
    return path


def read(paths: Sequence[Path]) -> Index:
    """What `kept` wrote."""
    (path,) = paths
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as held:  # opened here, so that it is closed
            train, test = (Part(*(held[f"{split}_{what}"] for what in FIELDS)) for split in ("train", "test"))
    except (EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} must be the index that lthcheck wrote ({error}); delete it, to make it anew"
        ) from error
    return Index(train, test)
