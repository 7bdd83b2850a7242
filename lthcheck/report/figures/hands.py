"""Hands: processes that draw some of a record's pictures, where there are many."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lthcheck.cores import cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

ALONE = 8  # pictures that one process draws by itself; a hand takes as long to start as to draw one

PROGRAM = """
import json, sys
from pathlib import Path
record = json.load(sys.stdin)  # before matplotlib is there: who writes it waits until it is read
from lthcheck.report.figures import draw_some
draw_some(record, Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
"""


@contextmanager
def helped(record: str, folder: Path, stem: str, names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Has some pictures drawn by other processes while the block runs, and waits for them.

    A hand that fails leaves its pictures undrawn, and says nothing: who asked sees what is missing.

    Args:
        record: as JSON.
        names: of the files to draw.

    Yields:
        The names that are left to the caller.
    """
    count = min(cores(), len(names)) if len(names) > ALONE else 1
    helpers = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder), stem, *names[place::count]],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for place in range(1, count)
    ]
    try:
        for helper in helpers:
            assert helper.stdin is not None
            with contextlib.suppress(BrokenPipeError), helper.stdin as pipe:
                pipe.write(record.encode())
        yield names[::count]
        for helper in helpers:
            helper.wait()
    finally:
        for helper in helpers:
            helper.kill()
            helper.wait()
