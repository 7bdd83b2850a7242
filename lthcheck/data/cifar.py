"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009), in the folders that torchvision uses.

The batches are pickles. Each is read after its md5 is found to be the published one, and then by an unpickler that
knows arrays, lists and texts alone: md5 keeps out accidents, but files that collide can be made. torchvision's class
would unpickle whatever has the md5, read both splits twice over, and import torch in processes that never train.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lthcheck.data import folder, plain_pickle
from lthcheck.data.arrays import Arrays

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Layout:
    """How one of the two is laid out; md5 as torchvision publishes them.

    Attributes:
        folder: of the batches.
        train: md5 of each training batch by its name, in order.
        test: likewise of the only test batch.
        labels: their key in a batch.
    """

    folder: str
    train: dict[str, str]
    test: dict[str, str]
    labels: str


LAYOUTS = {
    "CIFAR10": Layout(
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
        folder="cifar-100-python",
        train={"train": "16019d7e3df5f24257cddd939b257f8d"},
        test={"test": "f0ef6b0ae62326f3e7ffdfab6717acfc"},
        labels="fine_labels",
    ),
}


def files(name: str, data_dir: Path | None) -> list[Path]:
    """The batches of torchvision's class `name`."""
    root, layout = folder.given(data_dir), LAYOUTS[name]
    batches = [root / layout.folder / batch for batch in (layout.train | layout.test)]
    if not all(path.exists() for path in batches):
        rule = f"must hold {', '.join(path.name for path in batches)}"
        remedy = "put them there, or name another folder with the option data-dir"
        raise ValueError(f"{root / layout.folder} {rule}; {remedy}")
    return batches


def read(name: str, paths: Sequence[Path]) -> Arrays:
    """uint8 images of shape (n, 3, 32, 32), in the order of the batches as torchvision has them."""
    layout = LAYOUTS[name]
    contents = dict(_contents(paths, layout))
    images, labels = {}, {}
    for batch in layout.train | layout.test:
        content = contents.pop(batch)
        entry = plain_pickle.load(io.BytesIO(content))
        images[batch] = entry["data"].reshape(-1, 3, 32, 32)
        labels[batch] = np.array(entry[layout.labels], np.int64)
    parts = ((images, layout.train), (labels, layout.train), (images, layout.test), (labels, layout.test))
    x_train, y_train, x_test, y_test = (np.concatenate([of[batch] for batch in split]) for of, split in parts)
    return Arrays.of_images(x_train, y_train, x_test, y_test)


def _contents(paths: Sequence[Path], layout: Layout) -> Iterator[tuple[str, bytes]]:
    """Name and content of each batch, of the published md5."""
    published = layout.train | layout.test
    for path in paths:
        content = path.read_bytes()
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if md5 != published[path.name]:
            raise ValueError(f"{path} has the md5 {md5}, must have {published[path.name]}; put the right one there")
        yield path.name, content
