"""A convolution without bias and its batch normalisation, which most networks of depthwise convolutions are made of."""

from __future__ import annotations

import torch
from torch import nn


class ConvNorm(nn.Module):
    """Padded, so that n pixels a side become n / stride, rounded up.

    Args:
        groups: channels are filtered in so many groups; as many as there are channels in a depthwise convolution.
    """

    def __init__(self, before: int, after: int, kernel: int, stride: int = 1, *, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / stride, width / stride), rounded up."""
        return self.norm(self.conv(x))  # type: ignore[no-any-return]
