"""MobileNet-v1 of Howard et al. 2017 on CIFAR: thirteen blocks of a depthwise and a pointwise convolution.

The stem has stride 1, so that 32x32 pixels are 2x2 at the end; the layout is that of public code for CIFAR
(kuangliu/pytorch-cifar). With 10 classes it has 3 217 226 parameters, with 100 classes 3 309 476. Images of any size
do, from one pixel on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lthcheck.zoo.conv_norm import ConvNorm
from lthcheck.zoo.depthwise_layout import mobilenet_v1_sizes

if TYPE_CHECKING:
    from lthcheck.run import Network


class Block(nn.Module):
    """Each channel filtered alone, then all of them mixed."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.depthwise = ConvNorm(before, before, 3, stride, groups=before)
        self.pointwise = ConvNorm(before, after, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / stride, width / stride), rounded up."""
        return torch.relu(self.pointwise(torch.relu(self.depthwise(x))))


class MobileNetV1(nn.Module):
    """Stem, blocks, mean over the pixels, classifier."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        before, blocks = mobilenet_v1_sizes(network)
        self.stem = ConvNorm(network.shape[0], before, 3)
        self.blocks = nn.Sequential()
        for after, stride in blocks:
            self.blocks.append(Block(before, after, stride))
            before = after
        self.classifier = nn.Linear(before, network.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        x = self.blocks(torch.relu(self.stem(x)))
        return self.classifier(x.mean((2, 3)))  # type: ignore[no-any-return]


def build(network: Network) -> MobileNetV1:
    """A fresh module."""
    return MobileNetV1(network)
