"""The user's own weights and masks: files of named arrays, read without torch and known by their content.

A file is `.safetensors` or `.npz`, with one array a parameter under the name that the network's module gives it. The
names of `torch.nn.utils.prune` are read as well: `conv1.weight_orig` as weights, `conv1.weight_mask` as a mask.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lthcheck.names import known

Arrays = dict[str, npt.NDArray[Any]]
BUFFERS = ("running_mean", "running_var", "num_batches_tracked")  # of norm layers, which begin anew with every run


def digest(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    """sha256 over names, shapes, types and bytes, 64 hex digits."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name}{array.shape}{array.dtype.str}".encode())
        total.update(array.data)
    return total.hexdigest()


def of_replicate(pattern: str, seed: int) -> Path:
    """The file of one replicate: "{seed}" in a name stands for its number."""
    return Path(pattern.replace("{seed}", str(seed))).expanduser()


def read_mask(path: Path) -> Arrays:
    """A mask: bool arrays by parameter name, True where the weight stays.

    Raises:
        ValueError: for a file that cannot be read, or that holds anything but 0 and 1.
    """
    mask: Arrays = {}
    arrays = _read(path)
    # of a pruned module's state dict, the masks alone
    chosen = {name: array for name, array in arrays.items() if name.endswith("_mask")} or arrays
    for name, array in chosen.items():
        if array.dtype != np.bool_ and not np.isin(array, (0, 1)).all():
            raise ValueError(f"mask={str(path)!r}: {name} must hold 0 and 1 only; 1 is a weight that stays")
        mask[name.removesuffix("_mask")] = array.astype(np.bool_)
    if not any(layer.any() for layer in mask.values()):
        raise ValueError(f"mask={str(path)!r} must keep at least one weight; 1 is a weight that stays")
    return mask


def read_theta0(path: Path) -> Arrays:
    """Initial weights: float64 arrays by parameter name.

    Raises:
        ValueError: for a file that cannot be read, or that holds a number that is not finite.
    """
    weights: Arrays = {}
    for name, array in _read(path).items():
        if name.endswith((*BUFFERS, "_mask")):
            continue
        if array.dtype.kind != "f" or not np.isfinite(array).all():
            raise ValueError(f"theta0={str(path)!r}: {name} of {array.dtype} must hold finite floating-point numbers")
        weights[name.removesuffix("_orig")] = array.astype(np.float64)
    return weights


def fit(
    what: str, arrays: Mapping[str, npt.NDArray[Any]], shapes: Mapping[str, tuple[int, ...]], *, whole: bool
) -> None:
    """Refuses arrays that are not of a network's parameters.

    Args:
        what: option and file, for the message.
        shapes: of the network's parameters, by name.
        whole: whether every parameter must be there.
    """
    for name, array in arrays.items():
        known(f"{what}: parameter", name, shapes)
        if array.shape != shapes[name]:
            raise ValueError(f"{what}: {name} of {array.shape} must be of {shapes[name]}, as in the network")
    missing = [name for name in shapes if name not in arrays]
    if whole and missing:
        raise ValueError(f"{what}: {', '.join(missing)} must be there; save the network's whole state dict")


def sparsity(mask: Mapping[str, npt.NDArray[Any]]) -> float:
    """Fraction of the weights under the mask that are gone."""
    total = sum(layer.size for layer in mask.values())
    return round(1 - sum(int(layer.sum()) for layer in mask.values()) / total, 12)


def _read(path: Path) -> Arrays:
    try:
        stamp = path.stat()
    except OSError as error:
        raise ValueError(f"{str(path)!r} must be a file that can be read ({error.strerror})") from error
    return dict(_content(path, stamp.st_size, stamp.st_mtime_ns))


@lru_cache(maxsize=64)
def _content(path: Path, size: int, changed: int) -> Arrays:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        if path.suffix == ".npz":
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
        else:
            arrays = load_file(path)
    except (OSError, SafetensorError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        rule = "must be a whole .safetensors or .npz file of numbers"
        raise ValueError(
            f"{str(path)!r} {rule} ({error}); safetensors.torch.save_file(module.state_dict(), path) writes one"
        ) from error
    if not arrays:
        raise ValueError(f"{str(path)!r} of {size} bytes must hold at least one array")
    return arrays
