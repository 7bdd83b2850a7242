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
        layout |= _biased(f"layers.{i}", (sizes[i + 1], sizes[i]), role)
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
        _biased("conv1", (first, network.shape[0], 5, 5), "first_conv")
        | _biased("conv2", (second, first, 5, 5), "conv")
        | _biased("linear1", (third, flat), "linear")
        | _biased("linear2", (fourth, third), "linear")
        | _biased("classifier", (network.classes, fourth), "classifier")
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
        layout |= _biased(f"convs.{i}", (after, before, 3, 3), "conv" if i else "first_conv")
    return (
        layout
        | _biased("linear1", (hidden, flat), "linear")
        | _biased("linear2", (hidden, hidden), "linear")
        | _biased("classifier", (network.classes, hidden), "classifier")
    )


def resnet_blocks(network: Network) -> list[tuple[str, int, int, int]]:
    """(name, channels in, channels out, stride) of each basic block; the stem is as wide as the first stage."""
    channels = [units(full, network.width) for full in (16, 32, 64)]
    blocks = []
    before = channels[0]
    for stage, after in enumerate(channels):
        for block in range((int(network.name.removeprefix("resnet")) - 2) // 6):
            stride = 2 if stage > 0 and block == 0 else 1
            blocks.append((f"stages.{stage}.{block}", before, after, stride))
            before = after
    return blocks


def resnet(network: Network) -> Layout:
    """See `lthcheck.zoo.resnet`."""
    blocks = resnet_blocks(network)
    stem, head = blocks[0][1], blocks[-1][2]
    layout = _weight("stem", (stem, network.shape[0], 3, 3), "first_conv") | _norm("stem_norm", stem)
    for name, before, after, stride in blocks:
        layout |= _weight(f"{name}.conv1", (after, before, 3, 3), "conv") | _norm(f"{name}.norm1", after)
        layout |= _weight(f"{name}.conv2", (after, after, 3, 3), "conv") | _norm(f"{name}.norm2", after)
        if stride > 1 and dict(network.options).get("shortcut") != "pad":
            layout |= _weight(f"{name}.shortcut.0", (after, before, 1, 1), "shortcut")
            layout |= _norm(f"{name}.shortcut.1", after)
    return layout | _biased("classifier", (network.classes, head), "classifier")


def _weight(name: str, shape: tuple[int, ...], role: Role) -> Layout:
    return {f"{name}.weight": Parameter(shape, role)}


def _biased(name: str, shape: tuple[int, ...], role: Role) -> Layout:
    return _weight(name, shape, role) | {f"{name}.bias": Parameter(shape[:1], "bias")}


def _norm(name: str, channels: int) -> Layout:
    return {f"{name}.{part}": Parameter((channels,), "norm") for part in ("weight", "bias")}


def _after_lenet5(size: int) -> int:
    return ((size + 2 * lenet5_padding(size) - 4) // 2 - 4) // 2
