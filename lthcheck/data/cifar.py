"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009), in the folders that torchvision uses, or in the archive they come in.

What is downloaded is the archive, read where it lies, so that nothing is ever unpacked into a folder.

The batches are pickles. Each is read once its md5 is found to be the published one, and then by an unpickler that knows
arrays, lists and texts alone: md5 keeps out accidents, but files that collide can be made. torchvision's class would
unpickle whatever has the md5, and import torch in processes that never train.
"""

from __future__ import annotations

import io
import pickle
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lthcheck.data import bar, download, folder, plain_pickle
from lthcheck.data.arrays import Arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


MIRROR = "https://www.cs.toronto.edu/~kriz/"  # the only one that torchvision has


@dataclass(frozen=True)
class Layout:
    """How one of the two is laid out; md5 as torchvision publishes them.

    Attributes:
        archive: its name and md5.
        folder: of the batches, in the archive and beside it.
        train: md5 of each training batch by its name, in order.
        test: likewise of the only test batch.
        labels: their key in a batch.
    """

    archive: tuple[str, str]
    folder: str
    train: dict[str, str]
    test: dict[str, str]
    labels: str

    @property
    def batches(self) -> dict[str, str]:
        """md5 of every batch by its name, the test batch last."""
        return self.train | self.test


LAYOUTS = {
    "CIFAR10": Layout(
        archive=("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),
        folder="cifar-10-batches-py",
        train={
            "data_batch_1": "c99cafc152244af753f735de768cd75f",
            "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
            "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
            "data_batch_4": "634d18415352ddfa80567beed471001a",
            "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
        },
        test={"test_batch": "40351d587109b95175f43aff81a1287e"},
        labels="labels",
    ),
    "CIFAR100": Layout(
        archive=("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85"),
        folder="cifar-100-python",
        train={"train": "16019d7e3df5f24257cddd939b257f8d"},
        test={"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
        labels="fine_labels",
    ),
}


def files(name: str, data_dir: Path | None) -> list[Path]:
    """The batches of torchvision's class `name`, or else their archive, downloaded where neither is there."""
    root, layout = folder.given(data_dir), LAYOUTS[name]
    batches = [root / layout.folder / batch for batch in layout.batches]
    if all(path.exists() for path in batches):
        return batches
    archive, md5 = root / layout.archive[0], layout.archive[1]
    if not archive.exists():
        with download.or_told(root, [archive.name, f"or {layout.folder}/ with {', '.join(layout.batches)}"]):
            download.fetch(archive, [f"{MIRROR}{archive.name}"], md5)
    return [archive]


def read(name: str, paths: Sequence[Path]) -> Arrays:
    """uint8 images of shape (n, 3, 32, 32) and, of CIFAR-100, the fine labels; in torchvision's order."""
    layout = LAYOUTS[name]
    contents = _packed(paths[0], layout) if len(paths) == 1 else _unpacked(paths)
    found = {}
    for batch, place, content in contents:
        download.refuse_other(place, content, layout.batches[batch])
        found[batch] = _batch(batch, content, layout.labels)
    missing = [batch for batch in layout.batches if batch not in found]
    if missing:
        raise ValueError(f"{paths[0]} must hold {', '.join(missing)}; delete it, to download it again")
    both = [[found[batch] for batch in split] for split in (layout.train, layout.test)]
    x_train, x_test = (np.concatenate([x for x, _ in split]) for split in both)
    y_train, y_test = (np.concatenate([y for _, y in split]) for split in both)
    return Arrays.of_images(x_train, y_train, x_test, y_test)


def _unpacked(paths: Sequence[Path]) -> Iterator[tuple[str, str, bytes]]:
    """Name, place and content of each batch."""
    for path in paths:
        yield path.name, str(path), download.content(path)


def _packed(path: Path, layout: Layout) -> Iterator[tuple[str, str, bytes]]:
    """Likewise, of the batches in the archive, in its order."""
    try:
        with (
            path.open("rb") as file,
            bar.reading(file, f"unpacking {path.name}", path.stat().st_size) as shown,
            tarfile.open(fileobj=shown, mode="r|gz") as archive,
        ):
            for member in archive:
                place, _, batch = member.name.rpartition("/")
                content = archive.extractfile(member)  # in memory; of what is no file there is none
                if place == layout.folder and batch in layout.batches and content:
                    yield batch, f"{path} ({batch})", content.read()
    except (EOFError, OSError, tarfile.TarError, zlib.error) as error:
        raise ValueError(f"{path} must be a whole archive ({error}); delete it, to download it again") from error


def _batch(batch: str, content: bytes, labels: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    try:
        entry: dict[str, Any] = plain_pickle.load(io.BytesIO(content))
    except pickle.UnpicklingError as error:
        raise ValueError(f"{batch} must hold images and labels alone ({error}); delete it") from error
    return entry["data"].reshape(-1, 3, 32, 32), np.array(entry[labels], np.int64)
