"""Calibration: a few seconds of training on every core at once, since trainers share memory and caches."""

from __future__ import annotations

import math
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import fmean
from typing import Any

from lthcheck import data
from lthcheck.execute.error import Refused, TrainerError
from lthcheck.execute.pace import Pace, Paces, kind, size
from lthcheck.execute.plan import Job
from lthcheck.execute.registered import Packed, packed
from lthcheck.execute.spawn import spawn
from lthcheck.execute.stacking import largest_stack
from lthcheck.run import Dense, Run

BURST_SECONDS = (0.1, 0.3)  # of one pace: fewest, and most
BURSTS_SECONDS = 1.5  # of all, while each has the fewest
LIMIT_SECONDS = 20.0  # what is not measured then, is not


@dataclass(frozen=True)
class Burst:
    """What to measure: a run's pace in a stack of so many replicas, by training them for so many seconds."""

    run: Run
    replicas: int
    seconds: float


def calibrate(jobs: Iterable[Job], *, data_dir: Path | None, trainers: int, gpus: Sequence[int] = ()) -> Paces:
    """Measures how long the jobs take when as many trainers work at once; the user's store is left alone.

    Args:
        gpus: their numbers, one a trainer; none where they train on the CPU.

    Raises:
        TrainerError: if training fails.
    """
    runs = [job.run for job in jobs]
    chosen, trainers = _bursts(runs, trainers), min(trainers, len(runs))
    paces, began = Paces(), time.monotonic()
    registered = packed(
        {run.network.name for run in runs}, {data.name_of(run.data.name, run.data.fingerprint) for run in runs}
    )
    with (
        tempfile.TemporaryDirectory(prefix="lthcheck-") as scratch,
        _gauges(Path(scratch), data_dir, registered, trainers, gpus) as all_,
    ):
        paces.start = fmean(_heard(gauge, "started") for gauge in all_)
        for burst in chosen:
            if time.monotonic() - began > LIMIT_SECONDS:
                break
            for gauge in all_:
                gauge.send(burst)
            heard: list[Pace] = [_heard(gauge, "pace") for gauge in all_]
            for gauge in all_:
                _heard(gauge, "idle")  # one that still has something to say must not be closed
            step, around, load = (fmean(getattr(pace, name) for pace in heard) for name in ("step", "around", "load"))
            paces.add(burst.run, Pace(heard[0].replicas, step, around, load))
    return paces


def _bursts(runs: list[Run], trainers: int) -> list[Burst]:
    """Of each kind the largest network, the smallest, and one between; alone, and in the largest stack there will be.

    A masked run stands for all, since most are.
    """
    kinds: dict[object, dict[int, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        kinds[kind(run)][size(run)].append(run)
    picked: list[tuple[Run, int]] = []
    for sizes in kinds.values():
        ordered = sorted(sizes, reverse=True)
        for each in dict.fromkeys((ordered[0], ordered[-1], ordered[len(ordered) // 2])):
            alike = sizes[each]
            run = next((run for run in alike if not isinstance(run.mask, Dense)), alike[0])
            largest = min(largest_stack(run), math.ceil(len(alike) / trainers))
            picked += [(run, replicas) for replicas in sorted({largest, 1}, reverse=True)]
    least, most = BURST_SECONDS
    seconds = min(most, max(least, BURSTS_SECONDS / len(picked)))
    return [Burst(run, replicas, seconds) for run, replicas in picked]


@contextmanager
def _gauges(
    scratch: Path, data_dir: Path | None, registered: Packed | None, trainers: int, gpus: Sequence[int]
) -> Iterator[list[Connection[Any, Any]]]:
    processes: list[subprocess.Popen[bytes]] = []
    connections: list[Connection[Any, Any]] = []
    try:
        for number in range(trainers):
            gpu = gpus[number] if gpus else None
            process, connection = spawn("gauge.Gauge", scratch / str(number), data_dir, registered, gpu=gpu)
            processes.append(process)
            connections.append(connection)
        yield connections
    finally:
        for connection in connections:
            connection.close()
        for process in processes:
            process.wait()


def _heard(gauge: Connection[Any, Any], word: str) -> Any:
    while True:
        try:
            message = gauge.recv()
        except (EOFError, OSError):
            raise TrainerError("the calibration ended before it was done; leave it out with --no-calibration") from None
        if message[0] == "refused":
            raise Refused(message[1])
        if message[0] in ("error", "stopped", "missing"):
            why = " ".join(message[1].split())
            raise TrainerError(f"the calibration failed ({why}); mend that, or leave it out with --no-calibration")
        if message[0] == word:
            return message[-1]
        if message[0] == "idle":
            raise TrainerError(f"the calibration told no {word}; leave it out with --no-calibration")
