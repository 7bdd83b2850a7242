"""The user's own arrays in an .npz file."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lthcheck.data import bar
from lthcheck.data.arrays import Arrays, channels_first

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES = ("x_train", "y_train", "x_test", "y_test")


def files(name: str) -> list[Path]:
    """The file itself."""
    if not os.path.isfile(name):  # Path.is_file raises for names that are too long
        raise ValueError(f"dataset={name!r} must be a file; write it with numpy.savez, arrays {', '.join(NAMES)}")
    return [Path(name)]


def read(paths: Sequence[Path]) -> Arrays:
    """The arrays `x_train`, `y_train`, `x_test` and `y_test`.

    uint8 inputs are images, (n, height, width) or (n, channel, height, width), and are normalised; float inputs are
    taken as they are.
    """
    (path,) = paths
    try:
        with (
            path.open("rb") as file,  # here, so that it is closed
            bar.reading(file, f"reading {path.name}", path.stat().st_size) as shown,
            np.load(shown, allow_pickle=False) as kept,
        ):
            x_train, y_train, x_test, y_test = (kept[name] for name in NAMES)
    except (
        AttributeError,
        EOFError,
        KeyError,
        OSError,
        TypeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        rule = f"must be a whole .npz file of numbers ({error})"
        raise ValueError(f"{path} {rule}; write it with numpy.savez, arrays {', '.join(NAMES)}") from error
    arrays = _inputs(x_train), _labels(y_train), _inputs(x_test), _labels(y_test)
    if arrays[0].dtype == np.uint8 and arrays[0].ndim == 4:
        return Arrays.of_images(*arrays)
    return Arrays(*arrays)


def _inputs(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    x = x.astype("float32") if x.dtype.kind == "f" else x
    return channels_first(x[:, None] if x.ndim == 3 else x)


def _labels(y: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return y.astype("int64") if y.dtype.kind in "iu" else y
