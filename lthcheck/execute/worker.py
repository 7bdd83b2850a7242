"""The process that trains: what a trainer, or what measures a pace, needs around it."""

from __future__ import annotations

import os
import queue
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

import torch

from lthcheck import data
from lthcheck.execute.error import Refused
from lthcheck.execute.registered import unpacked
from lthcheck.execute.trainer import MissingWeights, Place
from lthcheck.store import OtherVersion

Tell = Callable[[tuple[Any, ...]], None]


def main(channel: int, place: Place, worker: Callable[[Place, Any], Any]) -> None:
    """Works for the process at the other end of the socket `channel` (a file descriptor), until that ends."""
    torch.backends.cudnn.deterministic = True  # the same run gives the same bits
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False  # float32 means float32
    connection = Connection(channel)
    tell_lock = threading.Lock()

    def tell(message: tuple[Any, ...]) -> None:
        with tell_lock:
            try:
                connection.send(message)
            except OSError:  # the other side is gone
                os._exit(0)

    def told(message: Warning | str, *_: object, **__: object) -> None:
        tell(("told", str(message)))

    warnings.showwarning = told
    made = None
    with _failures(tell):
        registered, names = connection.recv()
        data.adopt({}, names)
        unpacked(registered)
        made = worker(place, tell)
    inbox = _inbox(connection)
    while True:
        jobs = inbox.get()
        with _failures(tell):
            if made is not None:
                made.work(jobs)
        tell(("idle",))


@contextmanager
def _failures(tell: Tell) -> Iterator[None]:
    """Tells what goes wrong inside the block."""
    try:
        yield
    except MissingWeights as missing:
        tell(("missing", str(missing)))
    except Refused as refusal:
        tell(("refused", str(refusal)))
    except (OSError, OtherVersion) as error:
        tell(("stopped", str(error)))
    except Exception as error:
        tell(("error", " ".join(traceback.format_exception_only(error)[-1].split()), traceback.format_exc()))


def _inbox(connection: Connection[Any, Any]) -> queue.Queue[Any]:
    """The work that arrives; the process ends at once when the other side is gone, in mid-training too."""
    messages: queue.Queue[Any] = queue.Queue()

    def receive() -> None:
        try:
            while True:
                messages.put(connection.recv())
        except (EOFError, OSError):
            os._exit(0)

    threading.Thread(target=receive, daemon=True).start()
    return messages
