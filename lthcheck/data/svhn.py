"""SVHN's cropped digits (Netzer et al. 2011), 73 257 for training and 26 032 for testing, in torchvision's files.

The 531 131 easier images of the extra set are left out, as in the usual protocol without extra data.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lthcheck.data import download, folder
from lthcheck.data.arrays import Arrays

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Address and md5 as torchvision publishes them
MIRROR = "http://ufldl.stanford.edu/housenumbers/"
FILES = {
    "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
    "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
}


def files(data_dir: Path | None) -> list[Path]:
    """Both files, downloaded where one is absent."""
    root = folder.given(data_dir)
    paths = [root / file for file in FILES]
    if not all(path.exists() for path in paths):
        with download.or_told(root, FILES):
            for path in paths:
                download.fetch(path, [f"{MIRROR}{path.name}"], FILES[path.name])
    return paths


def read(paths: Sequence[Path]) -> Arrays:
    """uint8 images of shape (n, 3, 32, 32); the label 10 of the files stands for the digit 0, and is 0 here."""
    (x_train, y_train), (x_test, y_test) = (_part(path) for path in paths)
    return Arrays.of_images(x_train, y_train, x_test, y_test)


def _part(path: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    from scipy.io import loadmat

    content = download.content(path)
    download.refuse_other(path, content, FILES[path.name])
    table: dict[str, Any] = loadmat(io.BytesIO(content), variable_names=["X", "y"])
    labels = table["y"].astype(np.int64).reshape(-1)
    return np.ascontiguousarray(table["X"].transpose(3, 2, 0, 1)), np.where(labels == 10, 0, labels)
