"""A trainer: a process that takes stacks of jobs, trains them and puts what they give into the store.

It holds the lock of each run that it trains, and ends with the process that started it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from torch import Tensor

from lthcheck import data, protocol, zoo
from lthcheck.data.placed import placed
from lthcheck.data.resident import Resident
from lthcheck.data.streamed import Streamed
from lthcheck.execute.error import Refused
from lthcheck.execute.plan import Job
from lthcheck.run import Data, Given, Permuted, Pruned, Run, described
from lthcheck.store import Store
from lthcheck.training import order as orders
from lthcheck.training import realise
from lthcheck.training.contract import Backend, Evaluation, Replica, State
from lthcheck.training.saliency import Batch, batch
from lthcheck.training.train import EAGER, backend, together, train

CHECKPOINT_SECONDS = float(os.environ.get("LTHCHECK_CHECKPOINT_SECONDS", "15"))


@dataclass(frozen=True)
class Place:
    """Where a trainer works."""

    store: Path
    data_dir: Path | None


class Trainer:
    """Trains stacks; `tell` gets what there is to say, as tuples that begin with a word."""

    def __init__(self, place: Place, tell: Any) -> None:
        self.store = Store(place.store, lambda text: tell(("told", text)))
        self.data_dir, self.tell = place.data_dir, tell
        self._placed: dict[tuple[str, str, str], Resident | Streamed] = {}
        self.library = realise.Library(self._fetch, self._given, self._batch)

    def work(self, jobs: list[Job]) -> None:
        """Trains the jobs, which share a stack signature; those that another process trains are told as "busy"."""
        locks: list[FileLock] = []
        try:
            mine: dict[int, list[tuple[Job, Replica, State | None]]] = {}
            for job in jobs:
                lock = self.store.hold(job.run.key)
                if lock is None:
                    self.tell(("busy", job.run.key))
                    continue
                locks.append(lock)
                if satisfied(self.store, job):
                    self.tell(("found", job.run.key))
                    continue
                first, state = self._latest(job)
                self.tell(("resumed", first - job.run.training.first_step))
                mine.setdefault(first, []).append((job, realise.replica(job.run, self.library), state))
            for first, stack in mine.items():
                size = len(stack) if together(stack[0][0].run, self._samples_of(stack[0][0].run)) else 1
                for begin in range(0, len(stack), size):
                    self._train(first, stack[begin : begin + size])
        finally:
            for lock in locks:
                lock.release()

    def _train(self, first: int, stack: list[tuple[Job, Replica, State | None]]) -> None:
        jobs, replicas = [job for job, _, _ in stack], [replica for _, replica, _ in stack]
        engine = backend(replicas, self._samples_of(jobs[0].run))
        order, test = engine.order, engine.digest_of_test()
        before = [0.0 if state is None else float(state.get("order/seconds", 0.0)) for _, _, state in stack]
        began = time.perf_counter()
        held = self._begin(stack, engine)
        sound = list(held)
        counted, saved = first, time.monotonic()

        def seconds(index: int) -> float:
            return before[index] + (time.perf_counter() - began) / len(stack)

        def at(step: int) -> None:
            for index in sound:
                if step in jobs[index].keep:
                    self._keep(jobs[index].run, f"step-{step}", engine.state(index), order, step)
            asked = [index for index in sound if step in jobs[index].evaluate]
            for index, evaluation in enumerate(engine.evaluate() if asked else []):
                if index in asked:
                    self._keep_evaluation(jobs[index].run, step, evaluation)

        def beat(step: int) -> None:
            nonlocal counted, saved
            self.tell(("progress", (step - counted) * len(stack)))
            counted = step
            if time.monotonic() - saved >= CHECKPOINT_SECONDS and step < jobs[0].until:
                for index in sound:
                    state = engine.state(index) | {"order/seconds": torch.tensor(seconds(index), dtype=torch.float64)}
                    self._keep(jobs[index].run, "checkpoint", state, order, step)
                saved = time.monotonic()

        train(
            engine,
            first,
            jobs[0].until,
            stops=sorted(set().union(*(job.keep | job.evaluate for job in jobs))),
            at=at,
            beat=beat,
        )
        spent = [seconds(index) for index in range(len(stack))]
        finished = jobs[0].until == jobs[0].run.training.steps
        evaluations = engine.evaluate() if finished else []
        written = engine.digest_of_test() != test
        if written:
            self._placed.clear()
        asked = {step for index in sound for step in jobs[index].evaluate if first <= step <= jobs[0].until}
        looks_due = len(stack) * (len(asked) + finished)
        for index in sound:
            job, replica = jobs[index], replicas[index]
            # what was handed out here, and what was trained before the state that it went on from
            steps = order.handed_out + first - job.run.training.first_step
            try:
                protocol.check_test(job.run, written=written, looks=engine.looks, due=looks_due)
                protocol.check_augmented(job.run, order.not_augmented(index, first, job.until))
                if not finished:
                    self.store.drop(job.run.key, "checkpoint")
                    self.tell(("kept", job.run.key))
                    continue
                evaluation, state = evaluations[index], engine.state(index)
                rules = protocol.check_end(
                    replica, state, steps=steps, loss=evaluation.loss, diverged=not evaluation.finite
                )
                rules = [*held[index], "test", *rules]
                self._finish(job, replica, evaluation, rules, order, spent[index], len(stack), test)
            except protocol.ProtocolViolation as violation:
                self._refuse(violation)

    def _begin(self, stack: list[tuple[Job, Replica, State | None]], engine: Backend) -> dict[int, list[str]]:
        """Checks where each replica begins, and lets it go on from its state; by place in the stack, the rules held."""
        held: dict[int, list[str]] = {}
        for index, (job, replica, state) in enumerate(stack):
            try:
                held[index] = self._checked_start(replica, engine.state(index))
            except protocol.ProtocolViolation as violation:
                self._refuse(violation)
                continue
            if replica.mask:
                self.store.write_tensors(job.run.key, "mask", dict(replica.mask))
            if state is not None:
                engine.load(index, {name: tensor for name, tensor in state.items() if not name.startswith("order/")})
                engine.order.digests[job.run.seed] |= _epochs(state)
        return held

    def _refuse(self, violation: protocol.ProtocolViolation) -> None:
        """Tells a violation, and keeps nothing that a later try could go on from."""
        self.store.forget(violation.run)
        self.tell(("violation", violation.rule, violation.run, violation.where, violation.detail))

    def _finish(
        self,
        job: Job,
        replica: Replica,
        evaluation: Evaluation,
        rules: list[str],
        order: orders.Order,
        seconds: float,
        stack: int,
        test: str,
    ) -> None:
        run = job.run
        self._keep_evaluation(run, run.training.steps, evaluation)
        layers = {name: [int(mask.sum()), mask.numel()] for name, mask in replica.mask.items()}
        total = sum(weight.numel() for weight in replica.weights.values())
        result: dict[str, Any] = {
            "key": run.key,
            "accuracy": evaluation.accuracy if evaluation.finite else 1 / run.network.classes,
            "loss": evaluation.loss if evaluation.finite else None,
            "diverged": not evaluation.finite,
            "untrained": False,
            "steps": run.training.steps - run.training.first_step,
            "steps_per_epoch": order.steps_per_epoch,
            "params": total - sum(size - stay for stay, size in layers.values()),
            "params_dense": total,
            "layers": layers,
            "digests": {
                "theta0": protocol.digest(replica.theta0),
                "start": protocol.digest(replica.weights),
                "mask": protocol.digest(replica.mask),
                "order": orders.digest(order.digests[run.seed]),
                "test": test,
            },
            "checks": rules,
            "seconds": seconds,
            "stack": stack,
            "torch": torch.__version__,
            "expression": described(run),
        }
        kept = self.store.tensors(run.key, f"correct-{run.training.steps}")
        if kept is not None and not result["diverged"]:
            protocol.check_accuracy(run, result["accuracy"], kept["correct"])
        self.store.write_result(run.key, result)
        self.store.drop(run.key, "checkpoint")
        self.tell(("done", run.key))

    def _checked_start(self, replica: Replica, state: State) -> list[str]:
        run, library = replica.run, self.library
        recomputed = realise.start(run.start, run.network, library)
        parent: Mapping[str, Tensor] = {}
        ranked: Mapping[str, Tensor] = {}
        derivative = None
        if isinstance(run.mask, Pruned):
            ranked, parent = realise.source(run.mask.of, run.network, library)
            if run.mask.score.name == "snip":
                slope = realise.slope(run.mask, run.network, library)
                ranked = {name: weight * slope[name] for name, weight in ranked.items()}
                if not run.network.fingerprint:  # a network of the user's may have gradients of its own making
                    derivative = realise.slope_along_mask(run.mask, run.network, library)
        elif isinstance(run.mask, Permuted):
            parent = realise.mask(run.mask.mask, run.network, library)
        elif isinstance(run.mask, Given):
            parent = self._given(run.mask.sha256)
        return protocol.check_start(replica, state, recomputed, parent, ranked, derivative)

    def _fetch(self, run: Run, step: int) -> realise.Trained:
        state = self.store.tensors(run.key, f"step-{step}")
        if state is None:
            raise MissingWeights(run.key, step)
        weights = {name.removeprefix("weights/"): t for name, t in state.items() if name.startswith("weights/")}
        order = zoo.roles(run.network)  # a file keeps no order
        result = self.store.result(run.key)
        mask = self.store.tensors(run.key, "mask") if result and result["layers"] else {}
        if mask is None:
            raise MissingWeights(run.key, step)
        return {name: weights[name] for name in order}, {name: mask[name] for name in order if name in mask}

    def _given(self, sha256: str) -> Mapping[str, Tensor]:
        arrays = self.store.given(sha256)
        if arrays is None:
            raise MissingWeights(sha256, 0)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    def _batch(self, data: Data, seed: int) -> Batch:
        return batch(self._data(data, "float64", "cpu"), seed)

    def _latest(self, job: Job) -> tuple[int, State | None]:
        """The latest step to go on from that still passes all that is asked for, and the state there."""
        first = job.run.training.first_step
        asked = [step for name, step in job.names.items() if not self.store.sound(job.run.key, name)]
        limit = min([job.until, *asked])
        # the weights at the last step stand without the optimiser: nothing goes on from them
        names = [f"step-{step}" for step in self.store.steps(job.run.key) if step < job.run.training.steps]
        best: tuple[int, State | None] = (first, None)
        for name in [*names, "checkpoint"]:
            state = self.store.tensors(job.run.key, name)
            if state is not None and "order/step" in state and best[0] < int(state["order/step"]) <= limit:
                best = (int(state["order/step"]), state)
        return best

    def _keep(self, run: Run, name: str, state: State, order: orders.Order, step: int) -> None:
        if step == run.training.steps:
            state = {key: tensor for key, tensor in state.items() if not key.startswith("optimiser/")}
        if any(not bool(torch.isfinite(t).all()) for key, t in state.items() if not key.startswith("optimiser/")):
            return  # a diverged run is trained to its end, but nothing can go on from it
        epochs = order.digests[run.seed]
        state["order/step"] = torch.tensor(step)
        state["order/epochs"] = torch.tensor(sorted(epochs), dtype=torch.int64)
        state["order/digests"] = torch.tensor(
            [list(bytes.fromhex(epochs[e])) for e in sorted(epochs)], dtype=torch.uint8
        )
        self.store.write_tensors(run.key, name, state)

    def _keep_evaluation(self, run: Run, step: int, evaluation: Evaluation) -> None:
        loss = torch.tensor(evaluation.loss, dtype=torch.float64)
        self.store.write_tensors(run.key, f"correct-{step}", {"correct": evaluation.correct, "loss": loss})

    def _samples_of(self, run: Run) -> Resident | Streamed:
        found = self._data(run.data, run.training.precision, run.training.device)
        if isinstance(found, Streamed) and zoo.is_mlp(run.network):  # its backend holds all samples as rows
            rule = f"must be convolutional for {run.data.name}, which is streamed from disk"
            raise Refused(f"model={run.network.name!r} {rule}; take resnet18")
        if isinstance(found, Streamed) and run.training.precision not in EAGER:
            rule = f"must be float32 for {run.data.name}, which is streamed from disk"
            raise Refused(f"precision={run.training.precision!r} {rule}; leave it out")
        return found

    def _data(self, wanted: Data, precision: str, device: str) -> Resident | Streamed:
        key = (wanted.key, precision, device)
        if key not in self._placed:
            name = data.name_of(wanted.name, wanted.fingerprint)
            try:
                read = data.load(name, data_dir=self.data_dir)
                made = placed(read, torch.device(device), realise.DTYPES[precision], wanted.augmentation)
            except ValueError as error:
                raise Refused(str(error)) from error
            if read.fingerprint != wanted.fingerprint:
                rule = f"must be what it was when the study was planned, {wanted.fingerprint[:12]}"
                remedy = "start again; a loader of your own must give the same data whenever it is called"
                raise Refused(f"dataset={name!r} has the fingerprint {read.fingerprint[:12]}, {rule}; {remedy}")
            self._placed[key] = made
        return self._placed[key]


class MissingWeights(Exception):
    """The weights that a run begins from are not in the store, or not sound."""

    def __init__(self, key: str, step: int) -> None:
        self.key, self.step = key, step
        super().__init__(f"weights of run {key[:12]} at step {step} are missing")


def satisfied(store: Store, job: Job) -> bool:
    """Whether the store holds the run's result and all that is asked for beside it; a diverged run has no weights."""
    result = store.result(job.run.key)
    if result is None:
        return False
    if result["diverged"]:
        return True
    masked = job.keep and result["layers"]  # weights are of no use without the mask they were trained under
    return all(store.sound(job.run.key, name) for name in [*job.names, *(["mask"] if masked else [])])


def _epochs(state: State) -> dict[int, str]:
    rows = zip(state["order/epochs"].tolist(), state["order/digests"].tolist(), strict=True)
    return {epoch: bytes(row).hex() for epoch, row in rows}
