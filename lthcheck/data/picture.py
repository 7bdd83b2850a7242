"""One picture, from its file to the size that a network takes: views are uint8 of shape (3, side, side)."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional

from lthcheck.data.augmentation import AREA, RATIO, TRIES, fractions, words

if TYPE_CHECKING:
    from collections.abc import Sequence

Box = tuple[int, int, int, int]
"""Top, left, height and width in pixels."""


def read(path: str, size: int) -> Image.Image:
    """A picture in RGB; a grey one has three equal channels.

    Args:
        size: bytes that the file must have.

    Raises:
        OSError: for a file that is gone, has another size, or is no picture.
    """
    content = Path(path).read_bytes()
    if len(content) != size:
        rule = f"must have the {size} it had when its folder was read"
        raise OSError(f"{path} has {len(content)} bytes, {rule}; restore it, or touch its folder to read that again")
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except (OSError, SyntaxError) as error:  # the latter for some PNGs that are cut off
        reason = "of no known kind" if isinstance(error, UnidentifiedImageError) else error
        raise OSError(f"{path} of {size} bytes must be a picture ({reason}); restore it") from error
    return image if image.mode == "RGB" else image.convert("RGB")


def central(image: Image.Image, side: int) -> Tensor:
    """The short side resized to 8/7 of `side`, as 256 is of 224, and the square of `side` cut from the middle."""
    short = -(-side * 8 // 7)
    height, width = (short * length // min(image.size) for length in (image.height, image.width))
    resized = _resized(image, (0, 0, image.height, image.width), height, width)
    top, left = round((height - side) / 2), round((width - side) / 2)
    return resized[:, top : top + side, left : left + side]


def resized_crop_flip(image: Image.Image, side: int, chances: Sequence[float]) -> Tensor:
    """A random part of the picture, resized to a square of `side` and flipped with probability 1/2."""
    box, flip = part(image.height, image.width, chances)
    cut = _resized(image, box, side, side)
    return cut.flip(2) if flip else cut


def chances(samples: Tensor, *, seed: int, epoch: int) -> list[list[float]]:
    """What the augmentation of each sample is made of, by its number: the draws of `lthcheck.data.augmentation`."""
    drawn: list[list[float]] = fractions(words(seed, epoch, samples.cpu()), 2 * TRIES + 3).tolist()
    return drawn


def part(height: int, width: int, chances: Sequence[float]) -> tuple[Box, bool]:
    """The box and the flip that the draws of one sample give.

    As `lthcheck.data.augmentation.parts`, for one picture, whose size is known once it is decoded: on one picture
    that takes the interpreter's lock for a tenth of the time in which another thread decodes one.
    """
    *tries, down, right, turn = chances
    flip, (low, high) = turn < 0.5, (math.log(ratio) for ratio in RATIO)
    for share, shape in zip(tries[:TRIES], tries[TRIES:], strict=True):
        area = height * width * (AREA[0] + (AREA[1] - AREA[0]) * share)
        ratio = math.exp(low + (high - low) * shape)  # width to height
        tall, wide = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
        if 0 < tall <= height and 0 < wide <= width:
            return (int((height - tall + 1) * down), int((width - wide + 1) * right), tall, wide), flip
    tall, wide = min(height, round(width / RATIO[0])), min(width, round(height * RATIO[1]))
    return ((height - tall) // 2, (width - wide) // 2, tall, wide), flip


def _resized(image: Image.Image, box: Box, height: int, width: int) -> Tensor:
    """A part of the picture, uint8 of shape (3, height, width): bilinear, over all pixels that a new one covers.

    In bytes: that takes a third of the time that floats take, and torch half of Pillow's.
    """
    top, left, tall, wide = box
    cut = image.crop((left, top, left + wide, top + tall))
    pixels = torch.frombuffer(bytearray(cut.tobytes()), dtype=torch.uint8).view(1, tall, wide, 3).permute(0, 3, 1, 2)
    if (tall, wide) == (height, width):
        return pixels[0]
    return functional.interpolate(pixels, (height, width), mode="bilinear", antialias=True)[0]
