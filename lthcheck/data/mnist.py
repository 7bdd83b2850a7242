"""MNIST (LeCun et al. 1998) and Fashion-MNIST (Xiao et al. 2017), in the folders that torchvision uses.

torchvision itself would unpack the files beside themselves, where their folder may be read-only.
"""

from __future__ import annotations

import gzip
import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lthcheck.data import bar, download, folder
from lthcheck.data.arrays import Arrays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# In this order; addresses and md5 as torchvision publishes them.
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
MIRRORS = {
    "MNIST": ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
    "FashionMNIST": ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
}
MD5 = {
    "MNIST": (
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "FashionMNIST": (
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
}


def files(name: str, data_dir: Path | None) -> list[Path]:
    """The four files of torchvision's class `name`, packed or not, downloaded where one is absent."""
    raw = folder.given(data_dir) / name / "raw"
    packed = [raw / f"{file}.gz" for file in FILES]
    found = [path if path.exists() else path.with_suffix("") for path in packed]
    if all(path.exists() for path in found):
        return found
    with download.or_told(raw, (path.name for path in packed)):
        for path, md5, unpacked in zip(packed, MD5[name], found, strict=True):
            if not unpacked.exists():
                download.fetch(path, (f"{mirror}{path.name}" for mirror in MIRRORS[name]), md5)
    return [path if path.exists() else path.with_suffix("") for path in packed]


def read(paths: Sequence[Path]) -> Arrays:
    """uint8 images of shape (n, 1, 28, 28)."""
    x_train, y_train, x_test, y_test = (_idx(path) for path in paths)
    return Arrays.of_images(x_train[:, None], y_train.astype("int64"), x_test[:, None], y_test.astype("int64"))


def _idx(path: Path) -> npt.NDArray[Any]:
    content = download.content(path)
    if path.suffix == ".gz":
        download.refuse_other(path, content, MD5[path.parts[-3]][FILES.index(path.stem)])
        with (
            bar.reading(io.BytesIO(content), f"unpacking {path.name}", len(content)) as packed,
            gzip.open(packed) as unpacked,
        ):
            content = unpacked.read()
    # The IDX format: two zero bytes, type (8: unsigned byte), number of dimensions, then each as a big-endian int32.
    dimensions = 3 if "idx3" in path.name else 1
    start = 4 + 4 * dimensions
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    if content[:4] != bytes((0, 0, 8, dimensions)) or len(content) != start + math.prod(shape):
        rule = "must be a whole file of bytes in IDX format"
        raise ValueError(f"{path} of {len(content)} bytes {rule}; delete it, to download it again")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
