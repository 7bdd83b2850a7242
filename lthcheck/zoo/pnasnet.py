"""PNASNet-A and -B on CIFAR: small cells in the manner of Liu et al. 2018, "Progressive neural architecture search".

Twenty cells, of 44 channels at first in A and of 32 in B, as in public code for CIFAR (kuangliu/pytorch-cifar); the
cell that the paper finds, of five such sums, is not among them. With 10 classes they have 130 646 and 451 626
parameters. A cell has no identity around it: max pooling stands there, so they count as without residual connections.
Images of any size do, from one pixel on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import max_pool2d

from lthcheck.zoo.conv_norm import ConvNorm
from lthcheck.zoo.depthwise_layout import Cell, pnasnet_cells

if TYPE_CHECKING:
    from lthcheck.run import Network


class CellA(nn.Module):
    """A depthwise 7x7 convolution and max pooling, added up."""

    def __init__(self, sizes: Cell) -> None:
        super().__init__()
        self.stride = sizes.stride
        self.depthwise7 = _depthwise(sizes, 7)
        self.pooled = _after_pooling(sizes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / stride, width / stride), rounded up."""
        return torch.relu(self.depthwise7(x) + self.pooled(max_pool2d(x, 3, self.stride, padding=1)))


class CellB(nn.Module):
    """Depthwise 7x7 and 3x3 convolutions, added up, beside max pooling and a 5x5 one; a 1x1 convolution of both."""

    def __init__(self, sizes: Cell) -> None:
        super().__init__()
        self.stride = sizes.stride
        self.depthwise7 = _depthwise(sizes, 7)
        self.depthwise3 = _depthwise(sizes, 3)
        self.depthwise5 = _depthwise(sizes, 5)
        self.pooled = _after_pooling(sizes)
        self.reduce = ConvNorm(2 * sizes.after, sizes.after, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / stride, width / stride), rounded up."""
        left = torch.relu(self.depthwise7(x) + self.depthwise3(x))
        right = torch.relu(self.pooled(max_pool2d(x, 3, self.stride, padding=1)) + self.depthwise5(x))
        return torch.relu(self.reduce(torch.cat([left, right], 1)))


class PNASNet(nn.Module):
    """Stem, cells, mean over the pixels, classifier."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        cells = pnasnet_cells(network)
        self.stem = ConvNorm(network.shape[0], cells[0].before, 3)
        self.cells = nn.Sequential(*map(CellA if network.name == "pnasnet-a" else CellB, cells))
        self.classifier = nn.Linear(cells[-1].after, network.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        x = self.cells(torch.relu(self.stem(x)))
        return self.classifier(x.mean((2, 3)))  # type: ignore[no-any-return]


def build(network: Network) -> PNASNet:
    """A fresh module."""
    return PNASNet(network)


def _depthwise(sizes: Cell, kernel: int) -> ConvNorm:
    return ConvNorm(sizes.before, sizes.after, kernel, sizes.stride, groups=sizes.before)


def _after_pooling(sizes: Cell) -> nn.Module:
    """A 1x1 convolution where the channels change with the pixels."""
    return ConvNorm(sizes.before, sizes.after, 1) if sizes.stride > 1 else nn.Identity()
