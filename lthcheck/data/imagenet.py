"""ImageNet (Russakovsky et al. 2015, ILSVRC2012): 1 281 167 + 50 000 pictures of 1 000 classes, streamed from disk.

They lie as torchvision.datasets.ImageNet unpacks them, train/<wnid>/*.JPEG and val/<wnid>/*.JPEG; a class's label is
its place among the sorted wnids, as there. The validation pictures are the test split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lthcheck.data import class_folders, folder, index
from lthcheck.data.bar import bar
from lthcheck.data.index import Index, Part
from lthcheck.data.info import stamps

if TYPE_CHECKING:
    from pathlib import Path

ARCHIVES = ("ILSVRC2012_devkit_t12.tar.gz", "ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar")


def files(data_dir: Path | None) -> list[Path]:
    """The kept index of the folder `imagenet`; it is made anew when a folder in there changes."""
    root = folder.given(data_dir) / "imagenet"
    names = _classes(root)
    folders = [root / split / name for split in ("train", "val") for name in ("", *names)]
    return [index.kept("imagenet", stamps(folders), lambda: _index(root, names))]


def _classes(root: Path) -> list[str]:
    get = (
        f"get {', '.join(ARCHIVES)} at image-net.org, whose licence forbids that lthcheck does; put them there and run"
    )
    unpack = "python -c \"from torchvision.datasets import ImageNet; ImageNet('.', 'train'); ImageNet('.', 'val')\""
    for split in ("train", "val"):
        if not (root / split).is_dir():
            raise ValueError(f"{root} must hold the folder {split} with a folder for each class; {get} there: {unpack}")
    train, val = (class_folders.classes(root / split) for split in ("train", "val"))
    if not train or train != val:
        odd = sorted(set(train) ^ set(val))
        which = f"{odd[0]} is in one of them" if odd else "there are none"
        remedy = f"delete the one that is not whole, put the archives beside it and run there: {unpack}"
        raise ValueError(f"{root}: train and val must hold the same classes, one folder each, and {which}; {remedy}")
    return train


def _index(root: Path, names: list[str]) -> Index:
    with bar(f"listing the pictures in {root}"):
        train, test = (Part.of(root / split, class_folders.pictures(root / split, names)) for split in ("train", "val"))
    return Index(train, test)
