"""The process that measures a pace: it trains as a trainer does, a little, in a store of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import count, islice
from typing import Any

import torch

from lthcheck import zoo
from lthcheck.data.resident import Resident
from lthcheck.data.streamed import Streamed
from lthcheck.execute.calibrate import Burst
from lthcheck.execute.pace import Pace
from lthcheck.execute.plan import Job
from lthcheck.execute.trainer import Place, Trainer
from lthcheck.run import Dense, Init, Pruned, Run, Score
from lthcheck.training import realise
from lthcheck.training.train import backend, together

TESTED = {True: 4000, False: 200}  # samples, of networks that stack and others; more of them take more in proportion


class Gauge:
    """Measures paces; `tell` gets them, and first how long this process took to start.

    What a process does once is timed on the processor: from a cold disk it takes longer, but not a second time.
    """

    def __init__(self, place: Place, tell: Any) -> None:
        self.trainer, self.tell = _Brief(place, lambda message: None), tell
        self.seeds, self.bursts = count(), count()
        tell(("started", time.process_time()))

    def work(self, burst: Burst) -> None:
        """Tells the pace of a run."""
        began = time.perf_counter()
        data = self.trainer.whole(burst.run)
        load = time.perf_counter() - began
        if not next(self.bursts):
            load += self._first(burst.run)
        replicas = burst.replicas if together(burst.run, data) else 1
        step, tested = self._step(burst, replicas, data)
        around = self._around(burst.run, replicas) - step
        self.tell(("pace", Pace(replicas, step, max(around, 0.0) + tested, load)))

    def _first(self, run: Run) -> float:
        """Seconds by which the first stack takes longer: torch imports some of itself when it is used."""
        spent = []
        for _ in range(2):
            began = time.process_time()
            self._around(run, 1)
            spent.append(time.process_time() - began)
        return max(spent[0] - spent[1], 0.0)

    def _step(self, burst: Burst, replicas: int, data: Resident | Streamed) -> tuple[float, float]:
        """Seconds a step, and those that testing takes on what `_around` leaves out."""
        runs = islice(_alike(burst.run, burst.run.training.steps, self.seeds), replicas)
        brief = self.trainer._samples_of(burst.run)
        engine = backend([realise.replica(run, realise.Library()) for run in runs], brief)
        engine.advance(0, 1)  # what is first takes longer
        engine.evaluate()
        ahead, steps, spent = 1, 0, 0.0
        while spent < burst.seconds:
            began = time.perf_counter()
            engine.advance(0, ahead)
            if burst.run.training.device == "cuda":
                torch.cuda.synchronize()
            spent += time.perf_counter() - began
            steps += ahead
            ahead = min(2 * ahead, burst.run.training.steps)
        left_out = len(data.y_test) / len(brief.y_test) - 1
        began = time.perf_counter()
        engine.evaluate()
        for _ in range(2):
            engine.digest_of_test()
        return spent / steps, left_out * (time.perf_counter() - began)

    def _around(self, run: Run, replicas: int) -> float:
        """Seconds of a stack that trains for one step and is finished then."""
        jobs = [Job(each, frozenset({1}), 1) for each in islice(_alike(run, 1, self.seeds), replicas)]
        began = time.perf_counter()
        self.trainer.work(jobs)
        return time.perf_counter() - began


class _Brief(Trainer):
    """Tests on few samples."""

    def whole(self, run: Run) -> Resident | Streamed:
        return super()._samples_of(run)

    def _samples_of(self, run: Run) -> Resident | Streamed:
        data, few = self.whole(run), TESTED[zoo.is_mlp(run.network)]
        if isinstance(data, Streamed):
            return data.brief(few)
        return replace(data, x_test=data.x_test[:few], y_test=data.y_test[:few])


def _alike(run: Run, steps: int, seeds: Iterator[int]) -> Iterator[Run]:
    """Runs that take as long a step as this one, and wait for none."""
    for seed in seeds:
        init = Init(run.network, "own", seed)
        like = replace(run.mask, of=init, score=Score()) if isinstance(run.mask, Pruned) else Dense()
        training = replace(run.training, first_step=0, steps=steps)
        yield Run(run.network, run.data, training, init, like, seed)
