"""The trainer pool: as many trainers as cores, each with one thread, or one a GPU, whatever asks for them."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path

from lthcheck import gpus
from lthcheck.cores import cores
from lthcheck.execute.error import Refused, TrainerError
from lthcheck.execute.plan import Job, Plan
from lthcheck.execute.progress import Progress
from lthcheck.execute.registered import Packed
from lthcheck.execute.spawn import spawn
from lthcheck.execute.stacking import Ready, largest_stack, signature
from lthcheck.protocol import ProtocolViolation
from lthcheck.run import described
from lthcheck.store import Store
from lthcheck.training import realise

BUSY_SECONDS = 0.3  # until a run that another process trains is looked at again
CRASHES = 3  # a stack that killed so many trainers is given up
CLOSING_SECONDS = 5.0  # until a trainer that was told to end is killed


@dataclass
class _Trainer:
    process: subprocess.Popen[bytes]
    connection: Connection
    gpu: int | None
    jobs: list[Job] = field(default_factory=list)


class Pool:
    """Trains plans, until it is closed.

    Args:
        on: the numbers of the GPUs to train on, where a plan asks for one; all that there are, where none is named.

    Raises:
        ValueError: for a store that cannot be written.
    """

    def __init__(
        self,
        store: Store,
        *,
        data_dir: Path | None = None,
        trainers: int | None = None,
        registered: Packed | None = None,
        on: tuple[int, ...] = (),
    ) -> None:
        store.check_writable()
        self.store, self.data_dir, self.registered = store, data_dir, registered
        self.size = trainers or cores()
        self.on = on
        self.gpus: tuple[int, ...] = ()
        self._trainers: list[_Trainer] = []

    def close(self) -> None:
        """Ends the trainers."""
        for trainer in self._trainers:
            trainer.connection.close()  # a trainer ends when its other side is gone
        try:
            until = time.monotonic() + CLOSING_SECONDS
            for trainer in self._trainers:
                trainer.process.wait(max(until - time.monotonic(), 0))
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            for trainer in self._trainers:
                trainer.process.kill()
                trainer.process.wait()
        self._trainers.clear()

    def train(self, plan: Plan, progress: Progress, show: Callable[[Progress], None] = lambda progress: None) -> None:
        """Trains all jobs of a plan, but those that wait for a run that broke the protocol.

        Raises:
            NotYetRun: for an expression that this version cannot train.
            Refused: if a network or data of the user's own cannot be loaded.
            TrainerError: if a trainer failed; what was finished is in the store.
            OSError: if the store cannot be read or written.
        """
        for job in plan.jobs.values():
            realise.check(job.run)
        if any(job.run.training.device == "cuda" for job in plan.jobs.values()):
            self.gpus = self.on or tuple(range(gpus.count()))
            self.size = len(self.gpus)  # one process a GPU
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
        taken = {trainer.gpu for trainer in self._trainers}
        gpu = next((number for number in self.gpus if number not in taken), None)
        process, connection = spawn("trainer.Trainer", self.store.root, self.data_dir, self.registered, gpu=gpu)
        return _Trainer(process, connection, gpu)


class _Training:
    """One plan on its way through the pool."""

    def __init__(self, pool: Pool, plan: Plan, progress: Progress, show: Callable[[Progress], None]) -> None:
        self.pool, self.plan, self.progress, self.show = pool, plan, progress, show
        self.left = dict(plan.jobs)
        self.waits = {key: set(before) for key, before in plan.waits.items()}
        self.followers = plan.followers()
        self.ready = Ready(plan.priorities(), {key: signature(job) for key, job in plan.jobs.items()})
        for key, before in plan.waits.items():
            if not before:
                self.ready.add(key)
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
        while self.ready and (trainer := self.pool.idle(wanted=True)):
            stack = trainer.jobs = self._stack()
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
                self._again(key)

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
        """The next stack that can be trained."""
        return [self.left[key] for key in self.ready.next(largest=self._largest, trainers=self.pool.size)]

    def _again(self, key: str) -> None:
        """A run can be trained now, unless it was, waits, or is elsewhere."""
        if key in self.left and not self.waits[key] and key not in self.running and key not in self.busy:
            self.ready.add(key)

    def _largest(self, key: str) -> int:
        return largest_stack(self.left[key].run)

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
            case ("refused", text):
                raise Refused(text)
            case ("stopped", text):
                raise TrainerError(text)
            case ("error", line, text):
                raise TrainerError(f"a trainer failed: {line}; what was finished is kept{self._noted(text)}")
            case ("idle",):
                jobs, trainer.jobs = trainer.jobs, []
                self.running -= {job.run.key for job in jobs}
                for job in jobs:
                    self._again(job.run.key)

    def _noted(self, text: str) -> str:
        path = self.pool.store.root / "trainer-error.txt"
        with contextlib.suppress(OSError):
            path.write_text(text)
            return f"; its traceback is in {path}"
        return ""

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
            self._again(key)
        self.progress.told.append(f"a trainer died (exit code {code}); its {len(trainer.jobs)} runs start again")

    def _done(self, key: str) -> None:
        job = self.left.pop(key, None)
        self.running.discard(key)
        self.ready.discard(key)
        if job is None:
            return
        result = self.pool.store.result(key)
        diverged = result is not None and bool(result["diverged"])
        for follower in self.followers[key]:
            self.waits[follower].discard(key)
            if diverged and follower in self.left:
                self._diverged(follower)
            self._again(follower)

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
        self.ready.discard(key)
        if job is not None:
            self.progress.planned -= 1
            self.progress.due -= job.until - job.run.training.first_step
        for follower in self.followers[key]:
            if follower in self.left:
                self._drop(follower)
