"""Trainer processes by fork: each runs the pool's program as a fresh one does, but has imported torch already.

Importing it takes most of the time that a tiny study takes; what a process imported before is not what is tested here.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PARENT = """
import json, os, signal, socket, sys
import lthcheck.execute.worker
orders = socket.socket(fileno=int(sys.argv[1]))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
while True:
    order, channels, _, _ = socket.recv_fds(orders, 2**16, 1)
    if not order:
        break
    if os.fork() == 0:
        orders.close()
        program, arguments = json.loads(order)
        sys.argv = ["-c", str(channels[0]), *arguments]
        exec(program, {"__name__": "__main__"})
    os.close(channels[0])
"""


class Forked:
    """Stands in for `subprocess.Popen` where the pool starts a trainer."""

    DEVNULL = subprocess.DEVNULL

    def __init__(self, orders: socket.socket) -> None:
        self.orders = orders

    def Popen(self, command: list[str], *, pass_fds: list[int], **_: object) -> Forked:  # noqa: N802 (subprocess's)
        """Sends the program and its arguments to the parent of all trainers."""
        _, _, program, _, *arguments = command
        socket.send_fds(self.orders, [json.dumps([program, arguments]).encode()], pass_fds)
        return self

    def wait(self, timeout: float | None = None) -> int:
        """A trainer ends when its channel is closed."""
        return 0


@contextmanager
def parent() -> Iterator[Forked]:
    """A process that has imported what a trainer imports, until the block ends."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-c", PARENT, str(theirs.fileno())]
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=os.environ | one_thread)
    theirs.close()
    with ours:
        yield Forked(ours)
    process.wait()
