"""CIFAR ResNets of He et al. 2016, sec. 4.2: depth 6n + 2, three stages of n basic blocks, 16, 32 and 64 channels.

A block that changes shape has a 1x1 convolution with BN as its shortcut, or with ("shortcut", "pad") strided zero
padding without parameters (their option A). ResNet-20 on CIFAR-10 has 272 474 parameters, padded 269 722.
With ("shortcut", "noresidual") no block has a shortcut: ResNet-32, twice as wide, of Ma et al. 2021, fig. 5, which has
1 849 898 parameters on CIFAR-10. Depths 50 and 152 are those of `lthcheck.zoo.imagenet_resnet`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import pad

from lthcheck.zoo import resnet_layout

if TYPE_CHECKING:
    from lthcheck.run import Network


class PaddedShortcut(nn.Module):
    """Every second pixel, with channels of zeros on both sides."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.sides = ((after - before) // 2, after - before - (after - before) // 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / 2, width / 2), halves rounded up."""
        return pad(x[:, :, ::2, ::2], (0, 0, 0, 0, *self.sides))


class Block(nn.Module):
    """Two 3x3 convolutions with BN, and a shortcut around them."""

    def __init__(self, before: int, after: int, stride: int, shortcut: str) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.shortcut: nn.Module | None = nn.Identity()
        if shortcut == "noresidual":
            self.shortcut = None
        elif stride > 1 and shortcut == "pad":
            self.shortcut = PaddedShortcut(before, after)
        elif stride > 1:
            conv = nn.Conv2d(before, after, 1, stride, bias=False)
            self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(after))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / stride, width / stride), rounded up."""
        y = torch.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return torch.relu(y if self.shortcut is None else y + self.shortcut(x))


class ResNet(nn.Module):
    """Stem, three stages, mean over the pixels, classifier."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        shortcut = resnet_layout.shortcut(network)
        blocks = resnet_layout.cifar_blocks(network)
        stem, head = blocks[0][1], blocks[-1][2]
        self.stem = nn.Conv2d(network.shape[0], stem, 3, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(stem)
        stages: list[list[nn.Module]] = [[], [], []]
        for name, before, after, stride in blocks:
            stages[int(name.split(".")[1])].append(Block(before, after, stride, shortcut))
        self.stages = nn.Sequential(*(nn.Sequential(*stage) for stage in stages))
        self.classifier = nn.Linear(head, network.classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        x = self.stages(torch.relu(self.stem_norm(self.stem(x))))
        return self.classifier(x.mean((2, 3)))  # type: ignore[no-any-return]


def build(network: Network) -> ResNet:
    """A fresh module."""
    return ResNet(network)
