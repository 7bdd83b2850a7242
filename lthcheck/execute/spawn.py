"""Processes that compute with one thread each, at the other end of a socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from lthcheck import data, gpus
from lthcheck.execute.error import INSIDE_A_TRAINER
from lthcheck.execute.registered import Packed
from lthcheck.memory import KEPT_WHEN_FREED

PROGRAM = (
    "import sys; from pathlib import Path; from lthcheck.execute.trainer import Place; "
    "from lthcheck.execute.worker import main; "
    "from lthcheck.execute.{module} import {worker}; "
    "main(int(sys.argv[1]), Place(Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3] else None), {worker})"
)


def spawn(
    worker: str, store: Path, data_dir: Path | None, registered: Packed | None, *, gpu: int | None = None
) -> tuple[subprocess.Popen[bytes], Connection]:
    """Starts a process that ends when the connection is closed.

    Args:
        worker: what works there, as module and name in `lthcheck.execute`: "trainer.Trainer".
        registered: the user's networks and data sets that it will need.
        gpu: the number of the one GPU that it is to see; None where it needs none.
    """
    module, _, name = worker.partition(".")
    program = PROGRAM.replace("{module}", module).replace("{worker}", name)
    ours, theirs = socket.socketpair()
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    # before CUDA starts there; the user's own word on cuBLAS stands
    on_gpu = {"CUBLAS_WORKSPACE_CONFIG": os.environ.get("CUBLAS_WORKSPACE_CONFIG", gpus.CUBLAS_WORKSPACE)}
    if gpu is not None:
        on_gpu["CUDA_VISIBLE_DEVICES"] = gpus.visible(gpu)
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(theirs.fileno()), str(store), str(data_dir or "")],
        pass_fds=[theirs.fileno()],
        env=KEPT_WHEN_FREED | os.environ | one_thread | on_gpu | {"TQDM_DISABLE": "1"} | {INSIDE_A_TRAINER: "1"},
        start_new_session=True,  # Ctrl-C is for the process that listens
        stdin=subprocess.DEVNULL,
        stdout=2,  # what a network of the user's prints must not stand among results
    )
    theirs.close()
    connection = Connection(ours.detach())
    connection.send((registered, data.names_of_own()))
    return process, connection
