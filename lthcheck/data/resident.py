"""A data set as tensors on the device that trains."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lthcheck.data.arrays import Arrays

# Bytes: uint8 images are kept as floats, normalised once, as long as both splits take less than this as float32.
FLOAT_LIMIT = 2**30


@dataclass(frozen=True, eq=False)
class Resident:
    """Training and test data on one device.

    Attributes:
        x_train: (n, *shape), normalised and of `dtype`, or uint8 images that are normalised batch by batch.
        y_train: int64 of shape (n,).
        x_test: as `x_train`.
        y_test: as `y_train`.
        dtype: of the batches.
        mean: (channel, 1, 1), in units of 255; None where `x_train` and `x_test` are normalised.
        std: likewise.
    """

    x_train: torch.Tensor
    y_train: torch.Tensor
    x_test: torch.Tensor
    y_test: torch.Tensor
    dtype: torch.dtype
    mean: torch.Tensor | None = None
    std: torch.Tensor | None = None

    @classmethod
    def put(cls, arrays: Arrays, device: torch.device | str, dtype: torch.dtype = torch.float32) -> Resident:
        """Copies the arrays to a device."""
        x_train, y_train, x_test, y_test = (
            torch.from_numpy(np.array(array, order="C"))  # a copy: trained on, it must not change with the array
            for array in (arrays.x_train, arrays.y_train, arrays.x_test, arrays.y_test)
        )
        mean = std = None
        if x_train.dtype == torch.uint8:
            exact = _exact(dtype)
            mean, std = (torch.tensor(v, dtype=exact).view(-1, 1, 1) for v in (arrays.mean, arrays.std))
            if 4 * (x_train.numel() + x_test.numel()) < FLOAT_LIMIT:
                # On the CPU, so that every device gets the same bits.
                x_train, x_test = (_normalised(x, mean, std, dtype) for x in (x_train, x_test))
                mean = std = None
            else:
                mean, std = mean.to(device), std.to(device)
        else:
            x_train, x_test = x_train.to(dtype), x_test.to(dtype)
        x_train, y_train, x_test, y_test = (tensor.to(device) for tensor in (x_train, y_train, x_test, y_test))
        return cls(x_train, y_train, x_test, y_test, dtype, mean, std)

    def train_batch(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Training samples by their numbers: int64 of any shape -> (*index.shape, *shape), index.shape."""
        return self._ready(self.x_train[index]), self.y_train[index]

    def test_batches(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """The test split in order, `size` samples at a time; the last batch may be smaller."""
        for x, y in zip(torch.split(self.x_test, size), torch.split(self.y_test, size), strict=True):
            yield self._ready(x), y

    def digest_of_test(self) -> str:
        """sha256 of the test split as it lies on the device: equal before and after a run, or the run wrote to it."""
        digest = hashlib.sha256()
        for tensor in (self.x_test, self.y_test):
            digest.update(tensor.cpu().contiguous().view(torch.uint8).numpy().data)
        return digest.hexdigest()

    def _ready(self, x: torch.Tensor) -> torch.Tensor:
        if self.mean is None or self.std is None:
            return x
        return _normalised(x, self.mean, self.std, self.dtype)


def _exact(dtype: torch.dtype) -> torch.dtype:
    return torch.float64 if dtype == torch.float64 else torch.float32


def _normalised(x: torch.Tensor, mean: torch.Tensor, std: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return x.to(_exact(dtype)).div_(255).sub_(mean).div_(std).to(dtype)
