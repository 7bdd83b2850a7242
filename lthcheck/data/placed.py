"""A data set on the device that trains: resident where it fits, else streamed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from lthcheck.data.arrays import Arrays
from lthcheck.data.resident import Resident
from lthcheck.data.streamed import Streamed

if TYPE_CHECKING:
    from lthcheck.data.index import Index


def placed(
    read: Arrays | Index, device: torch.device | str, dtype: torch.dtype = torch.float32, augmentation: str = "none"
) -> Resident | Streamed:
    """What was read, as a backend asks for it; see `lthcheck.data.samples.Samples`.

    Raises:
        ValueError: for an augmentation that such data do not take.
    """
    if isinstance(read, Arrays):
        return Resident.put(read, device, dtype, augmentation)
    return Streamed(read, device, dtype, augmentation=augmentation)
