"""VGG-11, 13, 16 and 19 of Simonyan and Zisserman 2015 for small images: with BN, and one linear layer.

3x3 convolutions without bias, of 64 channels up to 512, in five groups that end in max pooling; then the mean over the
pixels, one at 32x32. Pooling rounds halves up, so that any image fits. On CIFAR-10, VGG-11, 16 and 19 have 9 228 362,
14 724 042 and 20 035 018 parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import max_pool2d

from lthcheck.zoo.layout import vgg_sizes

if TYPE_CHECKING:
    from lthcheck.run import Network


class Layer(nn.Module):
    """A convolution with BN, and pooling where a group ends."""

    def __init__(self, before: int, after: int, pools: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(after)
        self.pools = pools

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height, width), or half of them rounded up."""
        x = torch.relu(self.norm(self.conv(x)))
        return max_pool2d(x, 2, ceil_mode=True) if self.pools else x


class VGG(nn.Module):
    """Convolutions, mean over the pixels, classifier."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        sizes = vgg_sizes(network)
        self.layers = nn.Sequential(*(Layer(*size) for size in sizes))
        self.classifier = nn.Linear(sizes[-1][1], network.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        return self.classifier(self.layers(x).mean((2, 3)))  # type: ignore[no-any-return]


def build(network: Network) -> VGG:
    """A fresh module."""
    return VGG(network)
