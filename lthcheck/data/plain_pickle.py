"""Pickles of numbers, texts, lists, dictionaries and numpy arrays, and of nothing else."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import IO, Any

import numpy as np
import numpy.typing as npt


def _dtype(code: str, align: object = False, copy: object = False) -> np.dtype[Any]:
    # Pickles of Python 2 say 0 and 1, which numpy 2.4 warns of.
    return np.dtype(code, align=bool(align), copy=bool(copy))


def _array(kind: type[npt.NDArray[Any]], shape: tuple[int, ...], code: str | bytes) -> npt.NDArray[Any]:
    """An empty array, which takes its shape and content from the state that follows in the pickle."""
    return np.ndarray(shape, np.int8)


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): _array,
}


class _Plain(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is neither number, text, list, dictionary nor array")
        return _ALLOWED[module, name]


def load(file: IO[bytes]) -> Any:
    """What a pickle of Python 2 or 3 holds; texts of Python 2 as Latin-1, which keeps their bytes.

    Raises:
        pickle.UnpicklingError: if it asks for anything but an array; nothing is called then. Broken pickles raise
            what `pickle.load` lists.
    """
    return _Plain(file, encoding="latin1").load()
