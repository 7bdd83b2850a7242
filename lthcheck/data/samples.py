"""What a backend asks of a data set, wherever its samples lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch


class Samples(Protocol):
    """Training and test samples for one device: resident there, or streamed to it from files.

    Attributes:
        shape: of one input.
        y_train: the training labels, int64 of shape (n,), on the device.
        device: of every batch.
        dtype: of the inputs in every batch.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def y_train(self) -> torch.Tensor: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def dtype(self) -> torch.dtype: ...

    def train_batch(self, index: torch.Tensor, *, seed: int, epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Training samples as a step sees them, augmented as a function of (seed, epoch, sample).

        Args:
            index: the samples' numbers, int64 of shape (batch,).

        Returns:
            Inputs (batch, *shape) and labels (batch,).
        """

    def plain_batch(self, index: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Training samples without augmentation: int64 of any shape -> (*index.shape, *shape), index.shape."""

    def ahead(self, index: torch.Tensor, *, seed: int, epoch: int) -> None:
        """Says which training batch is asked for soon, so that it may be read meanwhile."""

    def test_batches(self, size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """The test split in order, `size` samples at a time; the last batch may be smaller."""

    def digest_of_test(self) -> str:
        """sha256 of the test split as it is read: equal before and after a run, or the run wrote to it."""
