"""GPUs: how many there are, which ones a user names, and what a process is to see of them; all without torch."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

CUBLAS_WORKSPACE = ":4096:8"
"""What CUBLAS_WORKSPACE_CONFIG must be before CUDA starts, for cuBLAS to add in the same order each time."""
DRIVER = Path("/proc/driver/nvidia/gpus")
LISTING_SECONDS = 10.0


def named(text: str) -> tuple[int, ...]:
    """The numbers of GPUs in "cuda:0,cuda:2"; none in "cuda", which means all, and in "cpu".

    Raises:
        ValueError: with the rule, without the value.

    >>> named("cuda:0,cuda:2"), named("cuda")
    ((0, 2), ())
    """
    if ":" not in text:
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("cuda:[0-9]{1,3}", part) for part in parts) or len(set(parts)) < len(parts):
        raise ValueError("must name each GPU once, e.g. cuda:0,cuda:2; write cuda for all")
    return tuple(int(part.removeprefix("cuda:")) for part in parts)


def kind(text: str) -> str:
    """What of a device is in a run's key: its kind, "cpu" or "cuda".

    >>> kind("cuda:0,cuda:2")
    'cuda'
    """
    return text.partition(":")[0]


def count() -> int:
    """How many GPUs a process started from here would see, one at least; as torch says, where it is loaded anyway."""
    torch = sys.modules.get("torch")
    if torch is not None:
        return max(1, int(torch.cuda.device_count()))
    shown = _shown()
    return max(1, _there() if shown is None else len(shown))


def visible(number: int) -> str:
    """What CUDA_VISIBLE_DEVICES must be for a process that is to see one GPU alone, by its number here."""
    shown = _shown()
    return str(number) if shown is None else shown[number]


def _shown() -> list[str] | None:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves; None where it is not set. CUDA stops at the first that is none."""
    text = os.environ.get("CUDA_VISIBLE_DEVICES")
    if text is None:
        return None
    shown: list[str] = []
    for part in map(str.strip, text.split(",")):
        if not part or part.startswith("-"):
            break
        shown.append(part)
    return shown


def _there() -> int:
    """GPUs of the machine, by the driver's folder or else its own tool, which takes some tenths of a second."""
    try:
        return sum(1 for _ in DRIVER.iterdir())
    except OSError:
        pass
    try:
        listed = subprocess.run(
            ["nvidia-smi", "-L"], capture_output=True, text=True, timeout=LISTING_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
