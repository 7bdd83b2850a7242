"""A data set as tensors on the device that trains."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from lthcheck.data.augmentation import DRAWN, crop_flip_by, fractions, resized_crop_flip_by, words
from lthcheck.data.images import augmentable
from lthcheck.data.moments import Moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lthcheck.data.arrays import Arrays

# Bytes that both splits may take as float32 where uint8 images are kept as floats, normalised once: MNIST takes 220 MB,
# CIFAR-10 would take 737 MB in every trainer. To normalise 128 of its images takes 0.3 ms of one core of an EPYC (best
# of 40), a step of resnet8 on them 190 ms (best of 5); a stack of MLPs, which makes rows of all samples, begins 0.5 s
# later.
FLOAT_LIMIT = 2**28


@dataclass(frozen=True, eq=False)
class Resident:
    """Training and test data on one device; see `samples.Samples`.

    Attributes:
        x_train: (n, *shape), normalised and of `dtype`, or uint8 images that are normalised batch by batch.
        y_train: int64 of shape (n,).
        x_test: as `x_train`.
        y_test: as `y_train`.
        dtype: of the batches.
        moments: what batches are normalised by; None where `x_train` and `x_test` are normalised.
        augmentation: of training batches, by name (`lthcheck.run.AUGMENTATIONS`).
        black: (channel, 1, 1), what black is in `x_train`; (1, 1, 1) and 0 for floats, whose black is not known.
    """

    x_train: torch.Tensor
    y_train: torch.Tensor
    x_test: torch.Tensor
    y_test: torch.Tensor
    dtype: torch.dtype
    moments: Moments | None = None
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
        moments = None
        black = torch.zeros(max(1, len(arrays.mean)), 1, 1, dtype=x_train.dtype)
        if x_train.dtype == torch.uint8:
            moments = Moments.of(arrays.mean, arrays.std, "cpu", dtype)
            if 4 * (x_train.numel() + x_test.numel()) < FLOAT_LIMIT:
                x_train, x_test, black = (moments.normalised(x) for x in (x_train, x_test, black))
                moments = None
            else:
                moments = Moments.of(arrays.mean, arrays.std, device, dtype)
        else:
            x_train, x_test, black = (x.to(dtype) for x in (x_train, x_test, black))
        x_train, y_train, x_test, y_test = (tensor.to(device) for tensor in (x_train, y_train, x_test, y_test))
        return cls(x_train, y_train, x_test, y_test, dtype, moments, augmentation, black.to(device))

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
        return self.augmented_batch(index, self.drawn(index, seed=seed, epoch=epoch))

    def drawn(self, index: torch.Tensor, *, seed: int, epoch: int) -> torch.Tensor:
        """What the augmentation of training samples is made of: float64 of shape (sample, draws), on the device."""
        count = DRAWN.get(self.augmentation, 0)
        if not count:
            return torch.empty(len(index), 0, dtype=torch.float64, device=self.device)
        return fractions(words(seed, epoch, index), count)

    def augmented_batch(self, index: torch.Tensor, drawn: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """`train_batch` by what was drawn before: (batch,) and (batch, draws); nothing is read back to the host."""
        if self.augmentation == "none":
            return self.plain_batch(index)
        if self.augmentation == "crop-flip":
            assert self.black is not None
            x = self._ready(crop_flip_by(drawn, self.x_train[index], self.black))
        else:
            x = resized_crop_flip_by(drawn, self._ready(self.x_train[index]))
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
        return x if self.moments is None else self.moments.normalised(x)
