"""What images are normalised by, with the same bits on every device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Moments:
    """Of each channel of a data set's images.

    Attributes:
        mean: (channel, 1, 1), in units of 255, in the precision that is computed in.
        std: likewise.
        full: a tensor of 255. CUDA multiplies by the rounded 1/255 where it is to divide by a number of Python's.
        dtype: of normalised images.
    """

    mean: Tensor
    std: Tensor
    full: Tensor
    dtype: torch.dtype

    @classmethod
    def of(
        cls, mean: Sequence[float], std: Sequence[float], device: torch.device | str, dtype: torch.dtype = torch.float32
    ) -> Moments:
        """Of images on a device."""
        exact = torch.float64 if dtype == torch.float64 else torch.float32

        def column(values: Sequence[float]) -> Tensor:
            return torch.tensor(values, dtype=exact, device=device).view(-1, 1, 1)

        return cls(column(mean), column(std), column([255.0]), dtype)

    def normalised(self, x: Tensor) -> Tensor:
        """uint8 images of shape (..., channel, height, width) as a network takes them."""
        return x.to(self.mean.dtype).div_(self.full).sub_(self.mean).div_(self.std).to(self.dtype)
