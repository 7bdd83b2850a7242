"""The parameters of lthcheck's own networks without torch, so that a plan knows its counts before torch is there."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from lthcheck.run import Network, Role


class Parameter(NamedTuple):
    """Shape and role of one parameter."""

    shape: tuple[int, ...]
    role: Role

    @property
    def size(self) -> int:
        """Number of entries."""
        return math.prod(self.shape)


# By qualified name, in the order in which a module registers them.
Layout = dict[str, Parameter]


def units(full: int, width: float) -> int:
    """`full` units or channels at a width: `width * full` rounded half up, at least 1."""
    return max(1, math.floor(width * full + 0.5))


def weight(name: str, shape: tuple[int, ...], role: Role) -> Layout:
    """Of a layer without bias."""
    return {f"{name}.weight": Parameter(shape, role)}


def biased(name: str, shape: tuple[int, ...], role: Role) -> Layout:
    """Weight and bias of a layer."""
    return weight(name, shape, role) | {f"{name}.bias": Parameter(shape[:1], "bias")}


def norm(name: str, channels: int) -> Layout:
    """Weight and bias of a norm layer."""
    return {f"{name}.{part}": Parameter((channels,), "norm") for part in ("weight", "bias")}


def mlp_sizes(network: Network) -> list[int]:
    """Inputs, hidden units of each layer, classes: (40, 300, 100, 10) for mlp-300-100 on MNIST-1D."""
    hidden = [units(int(full), network.width) for full in network.name.split("-")[1:]]
    return [math.prod(network.shape), *hidden, network.classes]


def mlp(network: Network) -> Layout:
    """See `lthcheck.zoo.mlp`."""
    sizes = mlp_sizes(network)
    layout: Layout = {}
    for i in range(len(sizes) - 1):
        role: Role = "classifier" if i == len(sizes) - 2 else "linear"
        layout |= biased(f"layers.{i}", (sizes[i + 1], sizes[i]), role)
    return layout


def lenet5_sizes(network: Network) -> tuple[int, int, int, int, int]:
    """Channels of both convolutions, inputs and units of the first linear layer, units of the second."""
    first, second, third, fourth = (units(full, network.width) for full in (6, 16, 120, 84))
    _, height, width = network.shape
    return first, second, second * _after_lenet5(height) * _after_lenet5(width), third, fourth


def lenet5_padding(size: int) -> int:
    """Of the first convolution, so that 28 pixels give what 32 give, as in LeCun et al. 1998."""
    return 2 if size < 32 else 0


def lenet5(network: Network) -> Layout:
    """See `lthcheck.zoo.lenet`."""
    first, second, flat, third, fourth = lenet5_sizes(network)
    return (
        biased("conv1", (first, network.shape[0], 5, 5), "first_conv")
        | biased("conv2", (second, first, 5, 5), "conv")
        | biased("linear1", (third, flat), "linear")
        | biased("linear2", (fourth, third), "linear")
        | biased("classifier", (network.classes, fourth), "classifier")
    )


def conv_sizes(network: Network) -> tuple[list[int], int, int]:
    """Channels of the convolutions, inputs and units of the first linear layer; the second has as many units."""
    depth = int(network.name.removeprefix("conv"))
    channels = [units(full, network.width) for full in (64, 64, 128, 128, 256, 256)[:depth]]
    _, height, width = network.shape
    pooled = 2 ** (depth // 2)
    return channels, channels[-1] * (height // pooled) * (width // pooled), units(256, network.width)


def conv(network: Network) -> Layout:
    """See `lthcheck.zoo.conv`."""
    channels, flat, hidden = conv_sizes(network)
    layout: Layout = {}
    for i, (before, after) in enumerate(pairwise([network.shape[0], *channels])):
        layout |= biased(f"convs.{i}", (after, before, 3, 3), "conv" if i else "first_conv")
    return (
        layout
        | biased("linear1", (hidden, flat), "linear")
        | biased("linear2", (hidden, hidden), "linear")
        | biased("classifier", (network.classes, hidden), "classifier")
    )


# Convolutions before each of the five poolings (Simonyan and Zisserman 2015, table 1: A, B, D and E).
VGG_GROUPS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


def vgg_sizes(network: Network) -> list[tuple[int, int, bool]]:
    """(channels in, channels out, whether pooling follows) of each convolution."""
    sizes = []
    before = network.shape[0]
    groups = VGG_GROUPS[int(network.name.removeprefix("vgg"))]
    for full, convs in zip((64, 128, 256, 512, 512), groups, strict=True):
        after = units(full, network.width)
        for i in range(convs):
            sizes.append((before, after, i == convs - 1))
            before = after
    return sizes


def vgg(network: Network) -> Layout:
    """See `lthcheck.zoo.vgg`."""
    layout: Layout = {}
    sizes = vgg_sizes(network)
    for i, (before, after, _) in enumerate(sizes):
        layout |= weight(f"layers.{i}.conv", (after, before, 3, 3), "conv" if i else "first_conv")
        layout |= norm(f"layers.{i}.norm", after)
    return layout | biased("classifier", (network.classes, sizes[-1][1]), "classifier")


def _after_lenet5(size: int) -> int:
    return ((size + 2 * lenet5_padding(size) - 4) // 2 - 4) // 2
