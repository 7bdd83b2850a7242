"""MNIST (LeCun et al. 1998) and Fashion-MNIST (Xiao et al. 2017), in the folders that torchvision uses.

torchvision says where they are downloaded from. It would download to the file's own name, so that half a file stays
where the connection breaks, and unpack the files beside themselves, where their folder may be read-only.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import math
from functools import partial
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import numpy as np
import numpy.typing as npt
from filelock import FileLock

from lthcheck.data import bar, folder
from lthcheck.data.arrays import Arrays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# In this order; md5 as torchvision publishes them.
FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
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
SILENCE = 30.0  # seconds without a byte, after which a download is given up
CHUNK = 2**15  # bytes


def files(name: str, data_dir: Path | None) -> list[Path]:
    """The four files of torchvision's class `name`, packed or not, downloaded where one is absent."""
    root = folder.given(data_dir)
    with FileLock(folder.kept() / f"{name}.lock"):
        if any(path is None for path in _found(root, name)):
            _download(root, name)
    found = [path for path in _found(root, name) if path is not None]
    assert len(found) == len(FILES)
    return found


def read(paths: Sequence[Path]) -> Arrays:
    """uint8 images of shape (n, 1, 28, 28)."""
    x_train, y_train, x_test, y_test = (_idx(path) for path in paths)
    return Arrays.of_images(x_train[:, None], y_train.astype("int64"), x_test[:, None], y_test.astype("int64"))


def _found(root: Path, name: str) -> list[Path | None]:
    raw = root / name / "raw"
    places = [(raw / f"{file}.gz", raw / file) for file in FILES]
    return [next((path for path in both if path.exists()), None) for both in places]


def _download(root: Path, name: str) -> None:
    """The files that are absent, each written at once."""
    raw = root / name / "raw"
    try:
        from torchvision import datasets

        raw.mkdir(parents=True, exist_ok=True)
        for file, md5, found in zip(FILES, MD5[name], _found(root, name), strict=True):
            if found is None:
                folder.write(raw / f"{file}.gz", _fetched(getattr(datasets, name).mirrors, f"{file}.gz", md5))
    except (ImportError, OSError, RuntimeError) as error:
        rule = f"must hold {', '.join(f'{file}.gz' for file in FILES)}; they are not there and could not be downloaded"
        remedy = "put them there, or name another folder with the option data-dir"
        raise ValueError(f"{raw} {rule} ({error}); {remedy}") from error


def _fetched(mirrors: Sequence[str], file: str, md5: str) -> bytes:
    """A file from the first mirror that gives it whole.

    Raises:
        OSError: where none does, with the reason of each.
    """
    reasons = []
    for mirror in mirrors:
        try:
            with (
                urlopen(f"{mirror}{file}", timeout=SILENCE) as response,
                bar.reading(response, f"downloading {file}", response.length) as shown,
            ):
                content = b"".join(iter(partial(shown.read, CHUNK), b""))
        except (OSError, HTTPException) as error:
            reasons.append(f"{mirror}{file}: {error}")
            continue
        got = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if got == md5:
            return content
        reasons.append(f"{mirror}{file}: {len(content)} bytes with the md5 {got}, must be {md5}")
    raise OSError("; ".join(reasons))


def _idx(path: Path) -> npt.NDArray[Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} must be a file that can be read ({error.strerror})") from error
    if path.suffix == ".gz":
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        published = MD5[path.parts[-3]][FILES.index(path.stem)]
        if md5 != published:
            raise ValueError(f"{path} has the md5 {md5}, must have {published}; delete it, to download it again")
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
