"""A data set in memory, known to be sound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lthcheck.data.bar import bar
from lthcheck.expression import canonical_json

CHUNK = 2**24  # bytes hashed between two looks at the clock
# Images counted at once, since numpy makes int64 of their levels first: CIFAR-10 takes 0.3 s of a core so, else 1.7 s.
COUNTED = 512


@dataclass(frozen=True, eq=False)
class Arrays:
    """Training and test data.

    Attributes:
        x_train: float32 inputs of shape (n, ...), already normalised, or uint8 images (n, channel, height, width).
        y_train: int64 labels in [0, classes) of shape (n,).
        x_test: as `x_train`.
        y_test: as `y_train`.
        mean: of each channel over the training images in units of 255; empty for float inputs.
        std: likewise.
    """

    x_train: npt.NDArray[Any]
    y_train: npt.NDArray[Any]
    x_test: npt.NDArray[Any]
    y_test: npt.NDArray[Any]
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            x, y = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
            _check_inputs(f"x_{part}", x)
            if y.dtype != np.int64 or y.ndim != 1:
                raise ValueError(f"y_{part} of {y.dtype} {y.shape} must be int64 of shape (n,); use y.astype('int64')")
            if not len(x) == len(y) > 0:
                raise ValueError(
                    f"x_{part} of {len(x)} and y_{part} of {len(y)} samples must be as many, and not empty"
                )
        if (self.x_train.dtype, self.shape) != (self.x_test.dtype, self.x_test.shape[1:]):
            train, test = (f"{x.dtype} {x.shape[1:]}" for x in (self.x_train, self.x_test))
            raise ValueError(f"x_train of {train} and x_test of {test} must be alike; prepare both in one way")
        if self.y_train.min() > 0:
            span = f"from {self.y_train.min()} to {self.y_train.max()}"
            raise ValueError(f"y_train {span} must begin at 0; number the classes from 0")
        for name, y in (("y_train", self.y_train), ("y_test", self.y_test)):
            if y.min() < 0 or y.max() >= self.classes:
                rule = f"must be in [0, {self.classes}), the classes of y_train; number the classes from 0"
                raise ValueError(f"{name} from {y.min()} to {y.max()} {rule}")
        channels = self.shape[0] if self.x_train.dtype == np.uint8 else 0
        sound = len(self.mean) == len(self.std) == channels and all(std > 0 for std in self.std)
        if not sound or not np.isfinite((*self.mean, *self.std)).all():
            rule = f"must be {channels} finite numbers each, std above 0"
            raise ValueError(f"mean={self.mean}, std={self.std} {rule}; drop channels that are constant")

    @classmethod
    def of_images(
        cls,
        x_train: npt.NDArray[np.uint8],
        y_train: npt.NDArray[np.int64],
        x_test: npt.NDArray[np.uint8],
        y_test: npt.NDArray[np.int64],
    ) -> Arrays:
        """uint8 images (n, channel, height, width), normalised by the training images' mean and deviation."""
        levels = np.arange(256)
        mean, std = [], []
        for counts in _counts(x_train):
            # Whole numbers up to here, so that the moments do not depend on the order of summation.
            first, second = (int(counts @ levels**power) / max(1, counts.sum()) for power in (1, 2))
            mean.append(float(first / 255))
            std.append(float(np.sqrt(second - first**2) / 255))
        return cls(x_train, y_train, x_test, y_test, tuple(mean), tuple(std))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        return self.x_train.shape[1:]

    @cached_property
    def classes(self) -> int:
        """As many as the training labels count."""
        return int(self.y_train.max()) + 1

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over all arrays and the normalisation, 64 hex digits."""
        digest = hashlib.sha256(canonical_json([self.mean, self.std]).encode())
        arrays = (self.x_train, self.y_train, self.x_test, self.y_test)
        with bar("fingerprint of the data", sum(array.nbytes for array in arrays)) as shown:
            for array in arrays:
                digest.update(canonical_json([array.dtype.str, array.shape]).encode())
                content = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
                for at in range(0, len(content), CHUNK):
                    digest.update(content[at : at + CHUNK])
                    shown.update(len(content[at : at + CHUNK]))
        return digest.hexdigest()


def _counts(x: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """How often each level occurs: (n, channel, height, width) -> (channel, 256)."""
    counts = np.zeros((x.shape[1], 256), np.int64)
    for at in range(0, len(x), COUNTED):
        for channel in range(x.shape[1]):
            counts[channel] += np.bincount(x[at : at + COUNTED, channel].ravel(), minlength=256)
    return counts


def channels_first(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array itself, unless it looks like images whose channels come last."""
    if x.ndim == 4 and x.shape[-1] in (1, 3, 4) and x.shape[1] not in (1, 3, 4):
        raise ValueError(f"images of {x.shape} must be (n, channel, height, width); use x.transpose(0, 3, 1, 2)")
    return x


def _check_inputs(name: str, x: npt.NDArray[Any]) -> None:
    got = f"{name} of {x.dtype} {x.shape}"
    if x.dtype == np.uint8:
        if x.ndim != 4:
            raise ValueError(f"{got} must be (n, channel, height, width); give what is no image as float32")
    elif x.dtype != np.float32 or x.ndim < 2:
        raise ValueError(f"{got} must be float32 (n, ...) or uint8 images; use x.astype('float32')")
    elif not np.isfinite(x).all():
        bad = np.count_nonzero(~np.isfinite(x))
        raise ValueError(f"{got} must be finite, {bad} numbers are not; remove those samples")
