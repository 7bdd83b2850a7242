"""The digits of scikit-learn (Alpaydin and Kaynak 1998): 1 797 grey images of 8x8 pixels, ten classes.

They come without a split of their own; here 1 000 are for training and 797 for testing, drawn once for all.
"""

from __future__ import annotations

import gzip
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lthcheck.data.arrays import Arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

TRAIN, TEST = 1_000, 797


def files(_: Path | None) -> list[Path]:
    """The file that `sklearn.datasets.load_digits` reads; to import it would take a second in every process."""
    found = find_spec("sklearn")
    path = Path(found.origin or "" if found else "").parent / "datasets" / "data" / "digits.csv.gz"
    if not path.is_file():
        raise ValueError("dataset='digits' needs scikit-learn; pip install \"lthcheck[digits]\"")
    return [path]


def read(paths: Sequence[Path]) -> Arrays:
    """uint8 images of shape (n, 1, 8, 8), the levels 0 to 16 as 0 to 240."""
    from lthcheck import draws

    (path,) = paths
    try:
        with gzip.open(path, "rt") as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.int64)  # (n, 64 pixels and the label)
        x, y = table[:, :-1].reshape(TRAIN + TEST, 1, 8, 8), table[:, -1]
    except (EOFError, OSError, ValueError, IndexError, zlib.error) as error:
        rule = f"must hold {TRAIN + TEST} images of 8x8 pixels with their labels"
        raise ValueError(f"{path} {rule} ({error}); install scikit-learn anew") from error
    order = draws.permutation(draws.stream(0, "digits"), TRAIN + TEST).numpy()
    images, train, test = (15 * x).astype("uint8"), order[:TRAIN], order[TRAIN:]
    return Arrays.of_images(images[train], y[train], images[test], y[test])
