"""What a trainer's process is given beside its work."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from typing import Any

import pytest

from lthcheck.execute import spawn as spawning
from lthcheck.memory import KEPT_WHEN_FREED

PIECES = 5
PIECE = 2**26  # bytes; above 2**25 the C library of Linux asks the system for pages at every malloc
FAULTS = f"""
import ctypes, resource
library = ctypes.CDLL(None)
library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
library.memset.argtypes, library.free.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t], [ctypes.c_void_p]

def faults():
    piece = library.malloc({PIECE})
    library.memset(piece, 1, {PIECE})
    library.free(piece)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

first = faults()
for _ in range({PIECES}):
    last = faults()
print(last - first)
"""


def faults(given: dict[str, str]) -> int:
    """The pages that a process is given anew, which takes and frees a piece of memory again and again."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    return int(
        subprocess.run([sys.executable, "-c", FAULTS], env=plain | given, capture_output=True, check=True).stdout
    )


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the words are those of the GNU C library")
def test_what_is_freed_is_kept_for_the_next_step() -> None:
    pages = PIECES * PIECE // os.sysconf("SC_PAGE_SIZE")
    assert faults({}) >= pages / 2
    assert faults(KEPT_WHEN_FREED) < pages / 100


def test_a_trainer_is_given_these_words_but_where_the_user_has_said_another(monkeypatch, tmp_path) -> None:
    seen: dict[str, str] = {}
    ends: list[int] = []

    def popen(command: list[str], *, env: dict[str, str], pass_fds: list[int], **_: Any) -> None:
        seen.update(env)
        ends.append(os.dup(pass_fds[0]))  # a process keeps its end open

    monkeypatch.setattr(spawning.subprocess, "Popen", popen)
    mine, theirs = KEPT_WHEN_FREED
    monkeypatch.setenv(mine, "65536")
    monkeypatch.delenv(theirs, raising=False)
    _, connection = spawning.spawn("trainer.Trainer", tmp_path, None, None)
    connection.close()
    os.close(ends[0])
    assert seen[mine] == "65536"
    assert seen[theirs] == KEPT_WHEN_FREED[theirs]
