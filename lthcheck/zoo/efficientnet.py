"""EfficientNet-B0 of Tan and Le 2019 on CIFAR: sixteen inverted bottlenecks with squeeze-and-excitation.

The stem has stride 1 and 32 channels, there is no last 1x1 convolution, and 32x32 pixels are 2x2 at the end, as in
public code for CIFAR (kuangliu/pytorch-cifar). With 10 classes it has 3 599 686 parameters. Among them are 1088 of an
expansion in the first block, to as many channels as come in; public code makes these and never uses them. Here they are
used, since a weight that takes no part in the output would be a ticket's to keep.

Blocks are dropped a sample at a time, at rates that grow with depth up to 0.2, and so are a fifth of the classifier's
inputs. Both draw from torch's global generator, which the trainer seeds by run and step (`Family.draws`). Images of any
size do, from one pixel on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import dropout, silu

from lthcheck.zoo.conv_norm import ConvNorm
from lthcheck.zoo.depthwise_layout import Inverted, efficientnet_sizes

if TYPE_CHECKING:
    from lthcheck.run import Network

DROPPED = 0.2  # of the classifier's inputs; block i of n, from 0 on, drops i / n of that


class Block(nn.Module):
    """An inverted bottleneck whose channels are weighed by what all pixels hold; a shortcut where the shape stays.

    Args:
        dropped: rate at which a sample goes around the block in training.
    """

    def __init__(self, sizes: Inverted, dropped: float) -> None:
        super().__init__()
        self.dropped, self.around = dropped, sizes.shortcut == "identity"
        self.expand = ConvNorm(sizes.before, sizes.hidden, 1)
        self.depthwise = ConvNorm(sizes.hidden, sizes.hidden, sizes.kernel, sizes.stride, groups=sizes.hidden)
        self.squeeze = nn.Conv2d(sizes.hidden, sizes.squeezed, 1)
        self.excite = nn.Conv2d(sizes.squeezed, sizes.hidden, 1)
        self.project = ConvNorm(sizes.hidden, sizes.after, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / stride, width / stride), rounded up."""
        y = silu(self.depthwise(silu(self.expand(x))))
        weighed = torch.sigmoid(self.excite(silu(self.squeeze(y.mean((2, 3), keepdim=True)))))
        y = self.project(y * weighed)
        if not self.around:
            return y  # type: ignore[no-any-return]
        if self.training:
            y = y * dropout(y.new_ones(len(y), 1, 1, 1), self.dropped)  # a sample's is 0 or 1 / (1 - rate)
        return x + y  # type: ignore[no-any-return]


class EfficientNet(nn.Module):
    """Stem, blocks, mean over the pixels, classifier."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        stem, blocks = efficientnet_sizes(network)
        self.stem = ConvNorm(network.shape[0], stem, 3)
        self.blocks = nn.Sequential(*(Block(sizes, DROPPED * i / len(blocks)) for i, sizes in enumerate(blocks)))
        self.classifier = nn.Linear(blocks[-1].after, network.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        x = self.blocks(silu(self.stem(x))).mean((2, 3))
        return self.classifier(dropout(x, DROPPED, self.training))  # type: ignore[no-any-return]


def build(network: Network) -> EfficientNet:
    """A fresh module."""
    return EfficientNet(network)
