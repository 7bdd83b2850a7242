"""Data sets in the style of torchvision, read into memory once."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lthcheck.data.arrays import Arrays


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


def _part(name: str, samples: Images) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    pairs = [samples[index] for index in range(len(samples))]
    if not pairs:
        raise ValueError(f"the {name} set must hold samples, and is empty")
    x, y = [_array(image) for image, _ in pairs], np.array([int(label) for _, label in pairs], np.int64)
    kinds = sorted({f"{image.dtype} {image.shape}" for image in x})
    if len(kinds) > 1:
        raise ValueError(f"the {name} set's samples must be alike, not {' and '.join(kinds)}; resize them")
    if not np.array_equal(x[0], _array(samples[0][0])):
        raise ValueError(f"the {name} set gives another image each time; drop its random transforms")
    return np.stack(x), y


def _array(image: Any) -> npt.NDArray[Any]:
    array = np.asarray(image)
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    if array.dtype != np.uint8:
        raise ValueError(f"samples of {array.dtype} must be images of 8 bits a pixel, or floating-point; convert them")
    if array.ndim == 2:
        return array[None]
    from_pil = not hasattr(image, "numpy") and not isinstance(image, np.ndarray)
    return np.ascontiguousarray(array.transpose(2, 0, 1)) if from_pil else array
