"""Conv-2, Conv-4 and Conv-6 of Frankle and Carbin 2019, fig. 2: VGG in small, without BN.

Pairs of 3x3 convolutions with 64, 128 and 256 channels, each pair followed by max pooling, and three linear layers. On
CIFAR-10 they have 4 301 642, 2 425 930 and 2 262 602 parameters.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import max_pool2d

from lthcheck.zoo.layout import conv_sizes

if TYPE_CHECKING:
    from lthcheck.run import Network


class Conv(nn.Module):
    """Pairs of convolutions with pooling, and three linear layers."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        channels, flat, hidden = conv_sizes(network)
        sizes = pairwise([network.shape[0], *channels])
        self.convs = nn.ModuleList(nn.Conv2d(before, after, 3, padding=1) for before, after in sizes)
        self.linear1 = nn.Linear(flat, hidden)
        self.linear2 = nn.Linear(hidden, hidden)
        self.classifier = nn.Linear(hidden, network.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        for i, conv in enumerate(self.convs):
            x = torch.relu(conv(x))
            x = max_pool2d(x, 2) if i % 2 else x
        x = torch.relu(self.linear1(x.flatten(1)))
        return self.classifier(torch.relu(self.linear2(x)))  # type: ignore[no-any-return]


def build(network: Network) -> Conv:
    """A fresh module."""
    return Conv(network)
