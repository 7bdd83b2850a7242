"""Data sets in the style of torchvision, read into memory once."""

from __future__ import annotations

from operator import index
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lthcheck.data.arrays import Arrays, channels_first

READ_TWICE = 16  # samples; a flip with probability 1/2 goes unseen in 1 of 65 536 cases


class Images(Protocol):
    """What torchvision calls a data set: so many pairs of an image, or tensor, and its label."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> tuple[Any, Any]: ...


def materialised(train: Images, test: Images) -> Arrays:
    """Both sets as arrays.

    PIL images and uint8 tensors or arrays are images, (height, width), (height, width, channel) from PIL and (channel,
    height, width) else, and are normalised; floating-point ones are taken as they are.

    Raises:
        ValueError: for samples of several shapes, for other labels than whole numbers, and for random transforms.
    """
    (x_train, y_train), (x_test, y_test) = _part("training", train), _part("test", test)
    made = Arrays.of_images if x_train.dtype == np.uint8 else Arrays
    return made(x_train, y_train, x_test, y_test)


def augmentable(augmentation: str, shape: tuple[int, ...], name: str) -> None:
    """Refuses to augment what is no image.

    Args:
        shape: of one input.
        name: of the data set.

    Raises:
        ValueError: where samples are not (channel, height, width), and augmentation is asked for.
    """
    if augmentation != "none" and len(shape) != 3:
        rule = f"must be none for {name}, whose samples of shape {shape} are no images (channel, height, width)"
        raise ValueError(f"augmentation={augmentation!r} {rule}; give images, or take a recipe without augmentation")


def _part(name: str, samples: Images) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    if not len(samples):
        raise ValueError(f"the {name} set must hold samples, and is empty")
    x, y = zip(*(_sample(name, samples[place]) for place in range(len(samples))), strict=True)
    kinds = sorted({f"{image.dtype} {image.shape}" for image in x})
    if len(kinds) > 1:
        raise ValueError(f"the {name} set's samples must be alike, not {' and '.join(kinds[:3])}; resize them")
    if any(not np.array_equal(x[place], _sample(name, samples[place])[0]) for place in range(len(x))[:READ_TWICE]):
        raise ValueError(f"the {name} set gives another image each time; drop its random transforms")
    return channels_first(np.stack(x)), np.array(y, np.int64)


def _sample(name: str, sample: Any) -> tuple[npt.NDArray[Any], int]:
    try:
        image, label = sample
    except (TypeError, ValueError):
        rule = f"must give pairs of an image and a label, not {type(sample).__name__}"
        raise ValueError(f"the {name} set {rule}; wrap it") from None
    try:
        number = index(label)
    except TypeError:
        rule = f"must give whole numbers as labels, not {type(label).__name__} {label}"
        raise ValueError(f"the {name} set {rule}; number the classes from 0") from None
    return _array(image), number


def _array(image: Any) -> npt.NDArray[Any]:
    array = np.asarray(image)
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    if array.dtype != np.uint8 or getattr(image, "mode", "") == "P":  # a palette's numbers are no shades
        what = f"of {array.dtype}" if array.dtype != np.uint8 else "with a palette"
        raise ValueError(f"samples {what} must be images of 8 bits a channel, or floating-point; convert them")
    if array.ndim == 2:
        return array[None]
    from_pil = not hasattr(image, "numpy") and not isinstance(image, np.ndarray)
    return np.ascontiguousarray(array.transpose(2, 0, 1)) if from_pil else array
