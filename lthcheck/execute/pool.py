"""The trainer pool: as many trainers as cores, each with one thread, whatever asks for them."""

from __future__ import annotations

import math
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from lthcheck.execute.error import TrainerError
from lthcheck.execute.plan import Job, Plan
from lthcheck.execute.progress import Progress
from lthcheck.protocol import ProtocolViolation
from lthcheck.run import described
from lthcheck.store import Store
from lthcheck.training import realise
from lthcheck.training.contract import stack_signature
from lthcheck.training.train import stackable

# Replicas in one stack. Measured (300-100 MLP, batch 100, one core of an EPYC, best of 5): .40 ms a replica-step alone,
# .34 with 5 or 8, .36 to .43 with 12; a 64-32 MLP: .12 alone, .054 with 8, .050 with 12.
LARGEST_STACK = 8
BUSY_SECONDS = 0.3  # until a run that another process trains is looked at again
CRASHES = 3  # a stack that killed so many trainers is given up

PROGRAM = (  # of a trainer
    "import sys; from pathlib import Path; from lthcheck.execute.trainer import Place, main; "
    "main(int(sys.argv[1]), Place(Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3] else None))"
)


@dataclass
class _Trainer:
    process: subprocess.Popen[bytes]
    connection: Connection
    jobs: list[Job] = field(default_factory=list)


class Pool:
    """Trains plans, until it is closed."""

    def __init__(self, store: Store, *, data_dir: Path | None = None, trainers: int | None = None) -> None:
        self.store, self.data_dir = store, data_dir
        self.size = trainers or cores()
        self._trainers: list[_Trainer] = []

    def close(self) -> None:
        """Ends the trainers."""
        for trainer in self._trainers:
            trainer.connection.close()  # a trainer ends when its other side is gone
        for trainer in self._trainers:
            trainer.process.wait()
        self._trainers.clear()

    def train(self, plan: Plan, progress: Progress, show: Callable[[Progress], None] = lambda progress: None) -> None:
        """Trains all jobs of a plan, but those that wait for a run that broke the protocol.

        Raises:
            NotYetRun: for an expression that this version cannot train.
            TrainerError: if a trainer failed; what was finished is in the store.
        """
        for job in plan.jobs.values():
            realise.check(job.run)
        if any(job.run.training.device == "cuda" for job in plan.jobs.values()):
            self.size = 1  # one process a GPU
        _Training(self, plan, progress, show).go()

    def idle(self, wanted: bool) -> _Trainer | None:
        """A trainer with nothing to do, started if there are not yet as many as cores."""
        for trainer in self._trainers:
            if not trainer.jobs:
                return trainer
        if wanted and len(self._trainers) < self.size:
            self._trainers.append(self._started())
            return self._trainers[-1]
        return None

    def _started(self) -> _Trainer:
        ours, theirs = socket.socketpair()
        arguments = [str(theirs.fileno()), str(self.store.root), str(self.data_dir or "")]
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            pass_fds=[theirs.fileno()],
            env=os.environ | one_thread | {"TQDM_DISABLE": "1"},  # this process tells the progress
            start_new_session=True,  # Ctrl-C is for the process that listens
            stdin=subprocess.DEVNULL,
        )
        theirs.close()
        return _Trainer(process, Connection(ours.detach()))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Training:
    """One plan on its way through the pool."""

    def __init__(self, pool: Pool, plan: Plan, progress: Progress, show: Callable[[Progress], None]) -> None:
        self.pool, self.plan, self.progress, self.show = pool, plan, progress, show
        self.left = dict(plan.jobs)
        self.waits = {key: set(before) for key, before in plan.waits.items()}
        self.priority = plan.priorities()
        self.signature = {key: (stack_signature(job.run), job.until) for key, job in plan.jobs.items()}
        self.running: set[str] = set()
        self.busy: dict[str, float] = {}
        self.crashes: dict[str, int] = {}
        self.failed: set[str] = set()
        progress.planned += len(plan.jobs)
        progress.due += sum(job.until - job.run.training.first_step for job in plan.jobs.values())

    def go(self) -> None:
        for key in self.plan.doomed:
            if key in self.left:
                self._diverged(key)
        while self.left:
            # one whose stack is done says so in a moment: the next stack is for it, not for a new trainer
            if not any(t.jobs and not any(job.run.key in self.left for job in t.jobs) for t in self.pool._trainers):
                self._assign()
            if not self.left:
                break
            trainers = {trainer.connection: trainer for trainer in self.pool._trainers if trainer.jobs}
            if trainers:
                for connection in wait(list(trainers), timeout=BUSY_SECONDS):
                    assert isinstance(connection, Connection)
                    self._hear(trainers[connection])
            else:
                time.sleep(BUSY_SECONDS)
            self.show(self.progress)

    def _assign(self) -> None:
        self._look_at_busy()
        while stack := self._stack():
            trainer = self.pool.idle(wanted=True)
            if trainer is None:
                return
            trainer.jobs = stack
            self.running |= {job.run.key for job in stack}
            try:
                trainer.connection.send(stack)
            except OSError:  # it died while it waited
                self._lost(trainer)

    def _look_at_busy(self) -> None:
        for key, until in list(self.busy.items()):
            if time.monotonic() >= until:
                del self.busy[key]
                if key in self.left and self.pool.store.result(key) is not None and self._kept(self.left[key]):
                    self._found(key)

    def _found(self, key: str) -> None:
        """Another process trained it."""
        if key in self.left:
            job = self.left[key]
            self.progress.elsewhere += 1
            self.progress.due -= job.until - job.run.training.first_step
        self._done(key)

    def _kept(self, job: Job) -> bool:
        return all(self.pool.store.has(job.run.key, name) for name in job.names)

    def _stack(self) -> list[Job]:
        """The next stack: what the longest way waits for, with what can be trained beside it."""
        ready = [key for key in self.left if not self.waits[key] and key not in self.running and key not in self.busy]
        if not ready:
            return []
        ready.sort(key=lambda key: -self.priority[key])
        alike = [key for key in ready if self.signature[key] == self.signature[ready[0]]]
        largest = LARGEST_STACK if stackable(self.left[ready[0]].run.network) else 1
        return [self.left[key] for key in alike[: min(largest, math.ceil(len(alike) / self.pool.size))]]

    def _hear(self, trainer: _Trainer) -> None:
        try:
            message = trainer.connection.recv()
        except (EOFError, OSError):
            self._lost(trainer)
            return
        match message:
            case ("progress", steps):
                self.progress.replica_steps += steps
            case ("done", key):
                self.progress.trained += 1
                self.progress.finished.add(key)
                self._done(key)
            case ("kept", key):
                self.progress.trained += 1
                self._done(key)
            case ("resumed", steps):
                self.progress.due -= steps
            case ("found", key):
                self._found(key)
            case ("busy", key):
                self.busy[key] = time.monotonic() + BUSY_SECONDS
                self.running.discard(key)
            case ("violation", rule, run, where, detail):
                self.progress.violations.append(ProtocolViolation(rule, run, where, detail))
                self._fail(run)
            case ("told", text):
                self.progress.told.append(text)
            case ("missing", text):
                # weights that the plan had seen turned out not to be sound: what waits for them is planned anew
                self.progress.told.append(text)
                for job in trainer.jobs:
                    self._drop(job.run.key)
            case ("error", text):
                raise TrainerError(f"a trainer failed; what was finished is kept in the store\n{text}")
            case ("idle",):
                self.running -= {job.run.key for job in trainer.jobs}
                trainer.jobs = []

    def _lost(self, trainer: _Trainer) -> None:
        """A trainer died: its jobs go back, and go on from their checkpoints."""
        self.pool._trainers.remove(trainer)
        code = trainer.process.wait()
        for job in trainer.jobs:
            key = job.run.key
            self.running.discard(key)
            self.crashes[key] = self.crashes.get(key, 0) + 1
            if self.crashes[key] >= CRASHES:
                raise TrainerError(
                    f"run {key[:12]} ended its trainer {CRASHES} times (exit code {code}); is memory short?"
                )
        self.progress.told.append(f"a trainer died (exit code {code}); its {len(trainer.jobs)} runs start again")

    def _done(self, key: str) -> None:
        job = self.left.pop(key, None)
        self.running.discard(key)
        if job is None:
            return
        result = self.pool.store.result(key)
        diverged = result is not None and bool(result["diverged"])
        for follower in [other for other, before in self.waits.items() if key in before]:
            self.waits[follower].discard(key)
            if diverged and follower in self.left:
                self._diverged(follower)

    def _diverged(self, key: str) -> None:
        """Records a run that waits for one that diverged: it has nothing to begin from."""
        run = self.left[key].run
        self.pool.store.write_result(
            key,
            {
                "key": key, "accuracy": 1 / run.network.classes, "loss": None, "diverged": True, "untrained": True,
                "steps": 0, "params": None, "layers": {}, "digests": {}, "checks": [], "seconds": 0.0, "stack": 0,
                "expression": described(run),
            },
        )  # fmt: skip
        self.progress.planned -= 1
        self.progress.due -= self.left[key].until - run.training.first_step
        self._done(key)

    def _fail(self, key: str) -> None:
        self.failed.add(key)
        self._drop(key)

    def _drop(self, key: str) -> None:
        """Gives up a run, and all that wait for it."""
        job = self.left.pop(key, None)
        if job is not None:
            self.progress.planned -= 1
            self.progress.due -= job.until - job.run.training.first_step
        for follower, before in self.waits.items():
            if key in before and follower in self.left:
                self._drop(follower)
