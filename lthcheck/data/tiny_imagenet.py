"""Tiny ImageNet (Le and Yang 2015): 100 000 + 10 000 pictures of 64x64 pixels, 200 classes of ImageNet.

They lie as the published archive holds them: wnids.txt, train/<wnid>/images/*.JPEG, and val/images/*.JPEG with
val/val_annotations.txt, which is the test split. A class's label is its place among the sorted wnids. The pictures
are decoded once and kept as arrays, 1.4 GB; a grey one has three equal channels.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from lthcheck.data import class_folders, download, folder, npz
from lthcheck.data.bar import bar
from lthcheck.data.info import READER_VERSION, stamps
from lthcheck.expression import canonical_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lthcheck.data.arrays import Arrays

NAME = "tiny-imagenet-200"
URLS, MD5 = (f"http://cs231n.stanford.edu/{NAME}.zip",), "90528d7ca1a48142e341f4ef8d21d0de"
SIDE = 64  # pixels


def files(data_dir: Path | None) -> list[Path]:
    """The kept arrays of the folder `tiny-imagenet-200`, made first where there are none since a folder changed."""
    root = folder.given(data_dir) / NAME
    with FileLock(folder.kept() / f"{NAME}.lock"):
        if not root.exists():
            _download(root)
        names, labels = _classes(root), _annotations(root)
        inside = [root / "train" / name / "images" for name in names]
        seen = stamps([root / "wnids.txt", root / "val" / "val_annotations.txt", root / "val" / "images", *inside])
        which = canonical_json([READER_VERSION, NAME, seen])
        path = folder.kept() / f"{NAME}-{hashlib.sha256(which.encode()).hexdigest()[:32]}.npz"
        if not path.exists():
            _keep(path, root, names, labels)
    return [path]


def read(paths: Sequence[Path]) -> Arrays:
    """uint8 images of shape (n, 3, 64, 64)."""
    return npz.read(paths)


def _classes(root: Path) -> list[str]:
    again = f"delete {root}, to download it again"
    try:
        names = sorted((root / "wnids.txt").read_text().split())
    except OSError as error:
        raise ValueError(f"{root} must hold wnids.txt, the list of classes ({error.strerror}); {again}") from error
    inside = ["val/images", *(f"train/{name}/images" for name in names)]
    absent = [place for place in inside if not (root / place).is_dir()]
    if absent or not names:
        what = absent[0] if absent else "the classes in wnids.txt"
        raise ValueError(f"{root} must hold {what}; {again}")
    return names


def _annotations(root: Path) -> dict[str, str]:
    """The class of each file in val/images."""
    path = root / "val" / "val_annotations.txt"
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        rule = f"must be there, since it alone tells the classes of val/images ({error.strerror})"
        raise ValueError(f"{path} {rule}; take it from {URLS[0]}") from error
    rows = [line.split("\t") for line in lines if line]
    short = [row for row in rows if len(row) < 2]
    if short or not rows:
        what = repr(short[0][0]) if short else "no line"
        raise ValueError(f"{path} has {what}, must have a file and its class, a tab between; take it from {URLS[0]}")
    return {file: name for file, name, *_ in rows}


def _keep(path: Path, root: Path, names: list[str], labels: dict[str, str]) -> None:
    train = list(class_folders.pictures(root / "train", names, "images"))
    images = root / "val" / "images"
    try:
        val = [(file, (images / file).stat().st_size, names.index(labels[file])) for file in sorted(labels)]
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{images} must hold what val_annotations.txt lists ({error}); unpack {NAME}.zip again"
        ) from error
    there = sum(file.lower().endswith(class_folders.SUFFIXES) for file in os.listdir(images))
    if there != len(val):
        rule = f"must hold the {len(val)} pictures that val_annotations.txt lists, and no other"
        raise ValueError(f"{images} of {there} pictures {rule}; unpack {NAME}.zip again")
    with bar(f"decoding {len(train) + len(val)} pictures in {root}"):
        arrays: dict[str, Any] = {
            "x_train": _decoded(root / "train", train),
            "y_train": np.array([label for *_, label in train], np.int64),
            "x_test": _decoded(images, val),
            "y_test": np.array([label for *_, label in val], np.int64),
        }
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    folder.write(path, file.getvalue())


def _decoded(root: Path, pictures: Sequence[tuple[str, int, int]]) -> npt.NDArray[np.uint8]:
    from lthcheck.data import picture

    images = np.empty((len(pictures), 3, SIDE, SIDE), np.uint8)
    for place, (name, size, _) in enumerate(pictures):
        try:
            one = np.asarray(picture.read(os.path.join(root, name), size)).transpose(2, 0, 1)
        except OSError as error:
            raise ValueError(str(error)) from error
        if one.shape != images.shape[1:]:
            raise ValueError(f"{root / name} of {one.shape} must be {images.shape[1:]}; unpack {NAME}.zip again")
        images[place] = one
    return images


def _download(root: Path) -> None:
    """The published archive, unpacked beside its place and moved there at once."""
    packed = root.with_name(f"{NAME}.zip")
    with download.or_told(root.parent, [NAME, packed.name]):
        download.fetch(packed, URLS, MD5)
    half = Path(tempfile.mkdtemp(dir=root.parent, prefix=f"{NAME}."))
    try:
        with bar(f"unpacking {packed.name}"), zipfile.ZipFile(packed) as archive:
            archive.extractall(half)
        (half / NAME).rename(root)
    except (OSError, zipfile.BadZipFile, zlib.error) as error:
        rule = f"must be a whole archive that can be unpacked there ({error})"
        raise ValueError(f"{packed} {rule}; delete it, to download it again") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)
