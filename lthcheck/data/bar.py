"""Bars on standard error for what takes a while before anything is trained."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

# Set in a process that works for another one, which has the terminal: a trainer, a worker of pytest-xdist.
QUIET = ("TQDM_DISABLE", "PYTEST_XDIST_WORKER")
SECONDS = 1.0  # what is done sooner shows no bar


def bar(what: str, total: int | None = None, *, done: int = 0) -> tqdm[Any]:
    """A bar that is wiped away when it is closed; there is none where standard error is not a terminal.

    Args:
        what: "reading own.npz".
        total: bytes; without, the words are shown alone, and at once.
        done: of them, before the bar began.
    """
    from tqdm import tqdm

    shape = {"bar_format": "{desc}"} if total is None else {"delay": SECONDS, "mininterval": SECONDS / 10}
    quiet = any(os.environ.get(name) for name in QUIET)
    return tqdm(
        desc=f"lthcheck: {what}",
        total=total,
        initial=done,
        unit="B",
        unit_scale=True,
        leave=False,
        disable=quiet or None,  # None: where it is no terminal
        **shape,
    )


@contextmanager
def reading(file: IO[bytes], what: str, total: int | None) -> Iterator[Any]:
    """The file, with a bar of the bytes that were read from it."""
    from tqdm.utils import CallbackIOWrapper

    with bar(what, total) as shown:
        yield CallbackIOWrapper(shown.update, file, "read")
