"""ResNet-18, 34, 50, 101 and 152 of He et al. 2016 as torchvision has them, at any width.

With ("stem", "7x7") they are torchvision's: parameter names, initial weights and outputs are equal to the bit, so that
weights go either way by `load_state_dict`. ("stem", "3x3") is the stem that small images get: stride 1 and no pooling.
ResNet-18 and 50 have 11 689 512 and 25 557 032 parameters on ImageNet, and 11 173 962 and 23 520 842 on CIFAR-10.
("shortcut", "noresidual") leaves out all shortcuts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import max_pool2d

from lthcheck.zoo import resnet_layout

if TYPE_CHECKING:
    from lthcheck.run import Network


class Block(nn.Module):
    """Two or three convolutions with BN, and a shortcut around them."""

    def __init__(self, block: resnet_layout.Block, residual: bool) -> None:
        super().__init__()
        self.depth = len(block.convs)
        for i, conv in enumerate(block.convs, start=1):
            self.add_module(f"conv{i}", _conv(conv))
            self.add_module(f"bn{i}", nn.BatchNorm2d(conv.after))
        self.downsample: nn.Module | None = nn.Identity() if residual else None
        if block.downsample:
            self.downsample = nn.Sequential(_conv(block.downsample), nn.BatchNorm2d(block.downsample.after))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, before, height, width) -> (batch, after, height / stride, width / stride), rounded up."""
        y = x
        for i in range(1, self.depth + 1):
            y = torch.relu(y) if i > 1 else y
            y = self.get_submodule(f"bn{i}")(self.get_submodule(f"conv{i}")(y))
        return torch.relu(y if self.downsample is None else y + self.downsample(x))


class ResNet(nn.Module):
    """Stem, four stages, mean over the pixels, classifier."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        stem, blocks = resnet_layout.stem(network), resnet_layout.imagenet_blocks(network)
        residual = resnet_layout.shortcut(network) != "noresidual"
        self.conv1 = _conv(stem)
        self.bn1 = nn.BatchNorm2d(stem.after)
        for stage in range(1, 5):
            modules = (Block(block, residual) for block in blocks if block.stage == stage)
            self.add_module(f"layer{stage}", nn.Sequential(*modules))
        self.fc = nn.Linear(blocks[-1].convs[-1].after, network.classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, channel, height, width) -> (batch, classes)."""
        x = torch.relu(self.bn1(self.conv1(x)))
        if self.conv1.stride == (2, 2):
            x = max_pool2d(x, 3, 2, padding=1)
        for stage in range(1, 5):
            x = self.get_submodule(f"layer{stage}")(x)
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


def build(network: Network) -> ResNet:
    """A fresh module."""
    return ResNet(network)


def _conv(conv: resnet_layout.Conv) -> nn.Conv2d:
    return nn.Conv2d(conv.before, conv.after, conv.kernel, conv.stride, padding=conv.kernel // 2, bias=False)
