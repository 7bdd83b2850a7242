"""A data set as tensors on the device that trains."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from lthcheck.data.augmentation import crop_flip, resized_crop_flip, words
from lthcheck.data.images import augmentable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lthcheck.data.arrays import Arrays

# Bytes: uint8 images are kept as floats, normalised once, as long as both splits take less than this as float32.
FLOAT_LIMIT = 2**30


@dataclass(frozen=True, eq=False)
class Resident:
    """Training and test data on one device; see `samples.Samples`.

    Attributes:
        x_train: (n, *shape), normalised and of `dtype`, or uint8 images that are normalised batch by batch.
        y_train: int64 of shape (n,).
        x_test: as `x_train`.
        y_test: as `y_train`.
        dtype: of the batches.
        mean: (channel, 1, 1), in units of 255; None where `x_train` and `x_test` are normalised.
        std: likewise.
        augmentation: of training batches, by name (`lthcheck.run.AUGMENTATIONS`).
        black: (channel, 1, 1), what black is in `x_train`; (1, 1, 1) and 0 for floats, whose black is not known.
    """

    x_train: torch.Tensor
    y_train: torch.Tensor
    x_test: torch.Tensor
    y_test: torch.Tensor
    dtype: torch.dtype
    mean: torch.Tensor | None = None
    std: torch.Tensor | None = None
    augmentation: str = "none"
    black: torch.Tensor | None = None

    @classmethod
    def put(
        cls,
        arrays: Arrays,
        device: torch.device | str,
        dtype: torch.dtype = torch.float32,
        augmentation: str = "none",
    ) -> Resident:
        """Copies the arrays to a device.

        Raises:
            ValueError: where what is no image is to be augmented.
        """
        augmentable(augmentation, arrays.shape, "arrays")
        x_train, y_train, x_test, y_test = (
            torch.from_numpy(np.array(array, order="C"))  # a copy: trained on, it must not change with the array
            for array in (arrays.x_train, arrays.y_train, arrays.x_test, arrays.y_test)
        )
        mean = std = None
        black = torch.zeros(max(1, len(arrays.mean)), 1, 1, dtype=x_train.dtype)
        if x_train.dtype == torch.uint8:
            exact = _exact(dtype)
            mean, std = (torch.tensor(v, dtype=exact).view(-1, 1, 1) for v in (arrays.mean, arrays.std))
            if 4 * (x_train.numel() + x_test.numel()) < FLOAT_LIMIT:
                # On the CPU, so that every device gets the same bits.
                x_train, x_test, black = (_normalised(x, mean, std, dtype) for x in (x_train, x_test, black))
                mean = std = None
            else:
                mean, std = mean.to(device), std.to(device)
        else:
            x_train, x_test, black = (x.to(dtype) for x in (x_train, x_test, black))
        x_train, y_train, x_test, y_test = (tensor.to(device) for tensor in (x_train, y_train, x_test, y_test))
        return cls(x_train, y_train, x_test, y_test, dtype, mean, std, augmentation, black.to(device))

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one input."""
        return tuple(self.x_train.shape[1:])

    @property
    def device(self) -> torch.device:
        """Where the data lie."""
        return self.x_train.device

    def train_batch(self, index: torch.Tensor, *, seed: int, epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Training samples as a step sees them: int64 of shape (batch,) -> (batch, *shape), (batch,)."""
        if self.augmentation == "none":
            return self.plain_batch(index)
        drawn = words(seed, epoch, index)
        if self.augmentation == "crop-flip":
            assert self.black is not None
            x = self._ready(crop_flip(self.x_train[index], drawn, self.black))
        else:
            x = resized_crop_flip(self._ready(self.x_train[index]), drawn)
        return x, self.y_train[index]

    def plain_batch(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Training samples without augmentation: int64 of any shape -> (*index.shape, *shape), index.shape."""
        return self._ready(self.x_train[index]), self.y_train[index]

    def ahead(self, index: torch.Tensor, *, seed: int, epoch: int) -> None:
        """Nothing is to be read: all samples are here."""

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
