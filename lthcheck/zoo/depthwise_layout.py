"""The parameters of networks of depthwise convolutions without torch, as in `lthcheck.zoo.layout`.

MobileNet-v1 and -v2, PNASNet-A and -B, EfficientNet-B0, as they are on CIFAR.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from lthcheck.zoo.layout import Layout, biased, norm, units, weight

if TYPE_CHECKING:
    from lthcheck.run import Network, Role


class Inverted(NamedTuple):
    """An inverted bottleneck (Sandler et al. 2018, sec. 3.3): to more channels, each filtered alone, to few again.

    Attributes:
        before: channels in.
        hidden: channels of the depthwise convolution.
        after: channels out.
        squeezed: channels of the squeeze-and-excitation, where there is one.
        kernel: pixels a side of the depthwise convolution.
        stride: of the depthwise convolution.
        shortcut: around the block; the same at every width, so that the narrow network has the same depth.
    """

    name: str
    before: int
    hidden: int
    after: int
    squeezed: int
    kernel: int
    stride: int
    shortcut: Literal["none", "identity", "conv"]


class Cell(NamedTuple):
    """A cell of PNASNet."""

    name: str
    before: int
    after: int
    stride: int


# Expansion, channels out, blocks, kernel and stride of the first block, a stage each: Sandler et al. 2018, Table 2, but
# for the second stage's stride, which is 1 for 32x32 pixels.
_MOBILENET_V2 = (
    (1, 16, 1, 3, 1),
    (6, 24, 2, 3, 1),
    (6, 32, 3, 3, 2),
    (6, 64, 4, 3, 2),
    (6, 96, 3, 3, 1),
    (6, 160, 3, 3, 2),
    (6, 320, 1, 3, 1),
)
# Likewise: Tan and Le 2019, Table 1.
_EFFICIENTNET_B0 = (
    (1, 16, 1, 3, 1),
    (6, 24, 2, 3, 2),
    (6, 40, 2, 5, 2),
    (6, 80, 3, 3, 2),
    (6, 112, 3, 5, 1),
    (6, 192, 4, 5, 2),
    (6, 320, 1, 3, 1),
)
# Channels out and stride, a block each: Howard et al. 2017, Table 1, with the stride of the stem 1 for 32x32 pixels.
_MOBILENET_V1 = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip


def mobilenet_v1_sizes(network: Network) -> tuple[int, list[tuple[int, int]]]:
    """Channels of the stem, and (channels, stride) of each block."""
    return units(32, network.width), [(units(full, network.width), stride) for full, stride in _MOBILENET_V1]


def mobilenet_v1(network: Network) -> Layout:
    """See `lthcheck.zoo.mobilenet_v1`."""
    before, blocks = mobilenet_v1_sizes(network)
    layout = _conv("stem", (before, network.shape[0], 3, 3), "first_conv")
    for i, (after, _) in enumerate(blocks):
        layout |= _conv(f"blocks.{i}.depthwise", (before, 1, 3, 3)) | _conv(
            f"blocks.{i}.pointwise", (after, before, 1, 1)
        )
        before = after
    return layout | biased("classifier", (network.classes, before), "classifier")


def mobilenet_v2_sizes(network: Network) -> tuple[int, list[Inverted], int]:
    """Channels of the stem, the blocks, and channels of the last convolution."""
    return units(32, network.width), _inverted(network, _MOBILENET_V2, projects=True), units(1280, network.width)


def mobilenet_v2(network: Network) -> Layout:
    """See `lthcheck.zoo.mobilenet_v2`."""
    stem, blocks, last = mobilenet_v2_sizes(network)
    layout = _conv("stem", (stem, network.shape[0], 3, 3), "first_conv")
    for block in blocks:
        layout |= _filters(block) | _conv(f"{block.name}.project", (block.after, block.hidden, 1, 1))
        if block.shortcut == "conv":
            layout |= _conv(f"{block.name}.shortcut", (block.after, block.before, 1, 1), "shortcut")
    layout |= _conv("last", (last, blocks[-1].after, 1, 1))
    return layout | biased("classifier", (network.classes, last), "classifier")


def efficientnet_sizes(network: Network) -> tuple[int, list[Inverted]]:
    """Channels of the stem, and the blocks."""
    return units(32, network.width), _inverted(network, _EFFICIENTNET_B0, projects=False)


def efficientnet(network: Network) -> Layout:
    """See `lthcheck.zoo.efficientnet`."""
    stem, blocks = efficientnet_sizes(network)
    layout = _conv("stem", (stem, network.shape[0], 3, 3), "first_conv")
    for block in blocks:
        layout |= _filters(block)
        layout |= biased(f"{block.name}.squeeze", (block.squeezed, block.hidden, 1, 1), "conv")
        layout |= biased(f"{block.name}.excite", (block.hidden, block.squeezed, 1, 1), "conv")
        layout |= _conv(f"{block.name}.project", (block.after, block.hidden, 1, 1))
    return layout | biased("classifier", (network.classes, blocks[-1].after), "classifier")


def pnasnet_cells(network: Network) -> list[Cell]:
    """Six cells, one that halves the pixels and doubles the channels, six, another such, six.

    A depthwise convolution that doubles the channels has two filters for each, so the later stages have exactly two
    and four times the channels of the first, which alone are rounded.
    """
    first = units(44 if network.name == "pnasnet-a" else 32, network.width)
    cells: list[Cell] = []
    before = first
    for stage in range(3):
        for cell in range(7 if stage else 6):
            cells.append(Cell(f"cells.{len(cells)}", before, first << stage, 2 if stage and not cell else 1))
            before = first << stage
    return cells


def pnasnet(network: Network) -> Layout:
    """See `lthcheck.zoo.pnasnet`."""
    cells = pnasnet_cells(network)
    layout = _conv("stem", (cells[0].before, network.shape[0], 3, 3), "first_conv")
    for name, before, after, stride in cells:
        for kernel in (7,) if network.name == "pnasnet-a" else (7, 3, 5):
            layout |= _conv(f"{name}.depthwise{kernel}", (after, 1, kernel, kernel))
        if stride > 1:
            layout |= _conv(f"{name}.pooled", (after, before, 1, 1))
        if network.name == "pnasnet-b":
            layout |= _conv(f"{name}.reduce", (after, 2 * after, 1, 1))
    return layout | biased("classifier", (network.classes, cells[-1].after), "classifier")


def _inverted(
    network: Network, stages: tuple[tuple[int, int, int, int, int], ...], *, projects: bool
) -> list[Inverted]:
    blocks: list[Inverted] = []
    before = 32
    for expansion, after, count, kernel, first_stride in stages:
        for i in range(count):
            stride = first_stride if i == 0 else 1
            shortcut: Literal["none", "identity", "conv"] = "none"
            if stride == 1 and (projects or before == after):
                shortcut = "identity" if before == after else "conv"
            wide = (before, expansion * before, after, before // 4)
            channels, hidden, out, squeezed = (units(full, network.width) for full in wide)
            name = f"blocks.{len(blocks)}"
            blocks.append(Inverted(name, channels, hidden, out, squeezed, kernel, stride, shortcut))
            before = after
    return blocks


def _filters(block: Inverted) -> Layout:
    layout = _conv(f"{block.name}.expand", (block.hidden, block.before, 1, 1))
    return layout | _conv(f"{block.name}.depthwise", (block.hidden, 1, block.kernel, block.kernel))


def _conv(name: str, shape: tuple[int, ...], role: Role = "conv") -> Layout:
    """See `lthcheck.zoo.conv_norm`."""
    return weight(f"{name}.conv", shape, role) | norm(f"{name}.norm", shape[0])
