"""The parameters of both ResNets of He et al. 2016 without torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lthcheck.zoo.layout import Layout, biased, norm, units, weight

if TYPE_CHECKING:
    from lthcheck.run import Network

# Blocks of each stage of the ResNets for ImageNet, by depth (He et al. 2016, table 1).
STAGES = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


def depth(network: Network) -> int:
    """20 of resnet20."""
    return int(network.name.removeprefix("resnet"))


def shortcut(network: Network) -> str:
    """conv, pad or noresidual."""
    return dict(network.options).get("shortcut", "conv")


def cifar_blocks(network: Network) -> list[tuple[str, int, int, int]]:
    """(name, channels in, channels out, stride) of each basic block; the stem is as wide as the first stage."""
    channels = [units(full, network.width) for full in (16, 32, 64)]
    blocks = []
    before = channels[0]
    for stage, after in enumerate(channels):
        for block in range((depth(network) - 2) // 6):
            stride = 2 if stage > 0 and block == 0 else 1
            blocks.append((f"stages.{stage}.{block}", before, after, stride))
            before = after
    return blocks


def cifar(network: Network) -> Layout:
    """See `lthcheck.zoo.resnet`."""
    blocks = cifar_blocks(network)
    stem, head = blocks[0][1], blocks[-1][2]
    layout = weight("stem", (stem, network.shape[0], 3, 3), "first_conv") | norm("stem_norm", stem)
    for name, before, after, stride in blocks:
        layout |= weight(f"{name}.conv1", (after, before, 3, 3), "conv") | norm(f"{name}.norm1", after)
        layout |= weight(f"{name}.conv2", (after, after, 3, 3), "conv") | norm(f"{name}.norm2", after)
        if stride > 1 and shortcut(network) == "conv":
            layout |= weight(f"{name}.shortcut.0", (after, before, 1, 1), "shortcut")
            layout |= norm(f"{name}.shortcut.1", after)
    return layout | biased("classifier", (network.classes, head), "classifier")


class Conv(NamedTuple):
    """A convolution without bias, padded to keep the size at stride 1."""

    before: int
    after: int
    kernel: int
    stride: int = 1


class Block(NamedTuple):
    """The convolutions of a block, each followed by BN, and that of its shortcut where it has one."""

    stage: int
    convs: tuple[Conv, ...]
    downsample: Conv | None


def stem_for(shape: tuple[int, ...]) -> str:
    """The stem that fits an input: that for ImageNet halves the image twice, which only large ones can lose."""
    return "3x3" if min(shape[-2:], default=0) < 100 else "7x7"


def stem(network: Network) -> Conv:
    """The first convolution."""
    kernel, stride = (7, 2) if dict(network.options)["stem"] == "7x7" else (3, 1)
    return Conv(network.shape[0], units(64, network.width), kernel, stride)


def imagenet_blocks(network: Network) -> list[Block]:
    """Basic blocks, or bottlenecks from ResNet-50 on, with the stride in the 3x3 convolution as torchvision has it."""
    blocks = []
    bottleneck = depth(network) >= 50
    before = stem(network).after
    for stage, count in enumerate(STAGES[depth(network)]):
        inner = units(64 * 2**stage, network.width)
        after = units(256 * 2**stage, network.width) if bottleneck else inner
        for block in range(count):
            stride = 2 if stage > 0 and block == 0 else 1
            convs: tuple[Conv, ...] = (Conv(before, inner, 3, stride), Conv(inner, inner, 3))
            if bottleneck:
                convs = (Conv(before, inner, 1), Conv(inner, inner, 3, stride), Conv(inner, after, 1))
            # told by the full network, so that equal channels at a small width make no other depth
            changes = block == 0 and (stage > 0 or bottleneck) and shortcut(network) == "conv"
            blocks.append(Block(stage + 1, convs, Conv(before, after, 1, stride) if changes else None))
            before = after
    return blocks


def imagenet(network: Network) -> Layout:
    """See `lthcheck.zoo.imagenet_resnet`."""
    first, blocks = stem(network), imagenet_blocks(network)
    layout = weight("conv1", (first.after, first.before, first.kernel, first.kernel), "first_conv")
    layout |= norm("bn1", first.after)
    places = [0] * 5
    for stage, convs, downsample in blocks:
        name = f"layer{stage}.{places[stage]}"
        places[stage] += 1
        for i, conv in enumerate(convs, start=1):
            layout |= weight(f"{name}.conv{i}", (conv.after, conv.before, conv.kernel, conv.kernel), "conv")
            layout |= norm(f"{name}.bn{i}", conv.after)
        if downsample:
            layout |= weight(f"{name}.downsample.0", (downsample.after, downsample.before, 1, 1), "shortcut")
            layout |= norm(f"{name}.downsample.1", downsample.after)
    return layout | biased("fc", (network.classes, blocks[-1].convs[-1].after), "classifier")
