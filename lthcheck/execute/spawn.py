"""Processes that compute with one thread each, at the other end of a socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection


def spawn(program: str, *arguments: str) -> tuple[subprocess.Popen[bytes], Connection]:
    """Starts a Python program; its `sys.argv[1]` is the file descriptor of its end, `arguments` follow.

    The program should end when the other side is gone.
    """
    ours, theirs = socket.socketpair()
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(theirs.fileno()), *arguments],
        pass_fds=[theirs.fileno()],
        env=os.environ | one_thread,
        start_new_session=True,  # Ctrl-C is for the process that listens
        stdin=subprocess.DEVNULL,
    )
    theirs.close()
    return process, Connection(ours.detach())
