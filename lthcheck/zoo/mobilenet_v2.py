"""MobileNet-v2 of Sandler et al. 2018 on CIFAR: seventeen inverted bottlenecks.

Stem and second stage have stride 1, so that 32x32 pixels are 4x4 at the end. As in public code for CIFAR
(kuangliu/pytorch-cifar), and unlike the paper, the first block has an expansion too (to as many channels as come in),
a block of stride 1 that changes the channels has a 1x1 convolution with BN as its shortcut, ReLU is not cut at 6, and
there is no dropout. With 10 classes it has 2 296 922 parameters, with 100 classes 2 412 212. Images of any size do,
from one pixel on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from lthcheck.zoo.conv_norm import ConvNorm
from lthcheck.zoo.depthwise_layout import Inverted, mobilenet_v2_sizes

if TYPE_CHECKING:
    from lthcheck.run import Network


class Block(nn.Module):
    """An inverted bottleneck, with a shortcut where its stride is 1."""

    def __init__(self, sizes: Inverted) -> None:
        super().__init__()
        self.expand = ConvNorm(sizes.before, sizes.hidden, 1)
        self.depthwise = ConvNorm(sizes.hidden, sizes.hidden, sizes.kernel, sizes.stride, groups=sizes.hidden)
        self.project = ConvNorm(sizes.hidden, sizes.after, 1)
        self.shortcut: nn.Module | None = None
        if sizes.shortcut != "none":
            self.shortcut = ConvNorm(sizes.before, sizes.after, 1) if sizes.shortcut == "conv" else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / stride, width / stride), rounded up."""
        y: torch.Tensor = self.project(torch.relu(self.depthwise(torch.relu(self.expand(x)))))
        return y if self.shortcut is None else y + self.shortcut(x)


class MobileNetV2(nn.Module):
    """Stem, blocks, a last 1x1 convolution, mean over the pixels, classifier."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        stem, blocks, last = mobilenet_v2_sizes(network)
        self.stem = ConvNorm(network.shape[0], stem, 3)
        self.blocks = nn.Sequential(*map(Block, blocks))
        self.last = ConvNorm(blocks[-1].after, last, 1)
        self.classifier = nn.Linear(last, network.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        x = torch.relu(self.last(self.blocks(torch.relu(self.stem(x)))))
        return self.classifier(x.mean((2, 3)))  # type: ignore[no-any-return]


def build(network: Network) -> MobileNetV2:
    """A fresh module."""
    return MobileNetV2(network)
