"""LeNet-5 of LeCun et al. 1998, with ReLU and max pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import max_pool2d

from lthcheck.zoo.layout import lenet5_padding, lenet5_sizes

if TYPE_CHECKING:
    from lthcheck.run import Network


class LeNet5(nn.Module):
    """Two 5x5 convolutions, each followed by pooling, and three linear layers."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        channels, height, width = network.shape
        first, second, flat, third, fourth = lenet5_sizes(network)
        self.conv1 = nn.Conv2d(channels, first, 5, padding=(lenet5_padding(height), lenet5_padding(width)))
        self.conv2 = nn.Conv2d(first, second, 5)
        self.linear1 = nn.Linear(flat, third)
        self.linear2 = nn.Linear(third, fourth)
        self.classifier = nn.Linear(fourth, network.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        x = max_pool2d(torch.relu(self.conv1(x)), 2)
        x = max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.linear1(x.flatten(1)))
        return self.classifier(torch.relu(self.linear2(x)))  # type: ignore[no-any-return]


def build(network: Network) -> LeNet5:
    """A fresh module."""
    return LeNet5(network)
