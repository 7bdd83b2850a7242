"""From questions to evidence: plans and trains until the studies want nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lthcheck import data, protocol, zoo
from lthcheck.evidence import Row
from lthcheck.execute.error import TrainerError, refuse_inside_a_trainer
from lthcheck.execute.plan import Demand, Plan, plan
from lthcheck.execute.progress import Progress
from lthcheck.execute.registered import packed
from lthcheck.run import Run, needs
from lthcheck.store import Store
from lthcheck.study import Arms, Question, Slot, Study

ROUNDS = 10  # a study that still wants runs after so many has no end


@dataclass
class Answer:
    """What is known of a study.

    Attributes:
        rows: the evidence.
        violations: of the protocol; where there are any, there is no verdict.
        checked: by rule, how many runs were held against it.
        test_size: samples that accuracy is measured on.
        cost: "requested": rows of the evidence; "trainings": distinct runs behind them, rounds of IMP included;
            "cached": of these, trained before this command; "replica_steps" and "seconds": of all of them, on one core.
    """

    study: Study
    rows: list[Row] = field(default_factory=list)
    violations: list[protocol.ProtocolViolation] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    test_size: int | None = None
    cost: dict[str, Any] = field(default_factory=dict)


def answer(
    asked: Mapping[Study, Iterable[Question]],
    store: Store,
    *,
    data_dir: Path | None = None,
    trainers: int | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
) -> tuple[list[Answer], Progress]:
    """Trains what the questions need and the store does not hold, and reads the evidence.

    Raises:
        ValueError: for a study that cannot be run, before anything is trained.
        TrainerError: if a trainer failed; what was finished is in the store.
    """
    refuse_inside_a_trainer()
    open_studies = {study: (_Open(study, store, data_dir), list(questions)) for study, questions in asked.items()}
    registered = packed({study.model for study in open_studies}, {study.dataset for study in open_studies})
    progress = Progress()
    pool = None
    try:
        for _ in range(ROUNDS):
            made = plan((d for each, questions in open_studies.values() for d in each.demands(questions)), store)
            made = _without(made, {violation.run for violation in progress.violations})
            if not made.jobs:
                break
            if pool is None:
                # torch is needed from here on, and only here: a study that is in the store is judged without it
                from lthcheck.execute.pool import Pool

                names = {each.arms.data.fingerprint: each.study.dataset for each, _ in open_studies.values()}
                pool = Pool(store, data_dir=data_dir, trainers=trainers, registered=registered, datasets=names)
            pool.train(made, progress, show)
        else:
            raise TrainerError(f"the studies still want runs after {ROUNDS} rounds of planning")
    finally:
        if pool is not None:
            pool.close()
    return [each.answer(progress) for each, _ in open_studies.values()], progress


def _without(made: Plan, broken: set[str]) -> Plan:
    """The plan without runs that broke the protocol, and without all that wait for them."""
    pending = [key for key in made.jobs if key in broken]
    while pending:
        key = pending.pop()
        if made.jobs.pop(key, None):
            made.waits.pop(key)
            pending += [follower for follower, before in made.waits.items() if key in before]
    return made


class _Open:
    """A study while it is being answered."""

    def __init__(self, study: Study, store: Store, data_dir: Path | None) -> None:
        self.study, self.store = study, store
        info = data.describe(study.dataset, data_dir=data_dir)
        self.arms, self.test_size = Arms(study, info), info.test_size
        self.slots: dict[Slot, Run] = {}
        self.records: dict[Slot, dict[str, Any]] = {}
        for question in study.questions():  # every run is written down once, so that bad input is told before training
            for slot in self.arms.slots(question):
                self.arms.run(slot)
        for arrays in self.arms.given.values():
            store.keep_given(arrays)

    def demands(self, questions: list[Question]) -> list[Demand]:
        """The trainings wanted next; dense networks and tickets keep their weights, since masks are taken from them."""
        while True:
            more = self.arms.next(questions, self._read())
            new = {slot: run for slot, run in more.items() if slot not in self.slots}
            self.slots |= new
            if not new or not any(self._record(slot) for slot in new):
                break
        missing = [(slot, run) for slot, run in self.slots.items() if slot not in self.records]
        return [
            Demand(run, frozenset({run.training.steps}) if slot.arm in ("dense", "lt") else frozenset())
            for slot, run in missing
        ]

    def _read(self) -> dict[Slot, float]:
        for slot in self.slots:
            self._record(slot)
        return {slot: float(record["accuracy"]) for slot, record in self.records.items()}

    def _record(self, slot: Slot) -> bool:
        if slot not in self.records:
            record = self.store.result(self.slots[slot].key)
            if record is None:
                return False
            self.records[slot] = record
        return True

    def answer(self, progress: Progress) -> Answer:
        """The evidence as it stands, held against the protocol's rules between runs.

        Whatever the store holds of the study counts, asked for or not: a selection must not make a report poorer.
        """
        self.demands(self.study.questions())
        arms = {tuple(slot): (self.slots[slot], record) for slot, record in self.records.items()}
        runs = {record["key"]: record for record in self.records.values()}
        for key in _ancestors(self.slots[slot] for slot in self.records):
            record = runs.get(key) or self.store.result(key)
            if record is not None:
                runs[key] = record
        steps = sum(record["steps"] for record in runs.values())
        return Answer(
            self.study,
            sorted((self._row(slot) for slot in self.records), key=_place),
            self._violations(arms, progress),
            self._checked(arms),
            self.test_size,
            {
                "requested": len(self.records),
                "trainings": len(runs),
                "cached": len(runs) - len(progress.finished & set(runs)),
                "replica_steps": steps,
                "seconds": sum(record["seconds"] for record in runs.values()),
            },
        )

    def _violations(self, arms: protocol.Records, progress: Progress) -> list[protocol.ProtocolViolation]:
        own = {run.key for run in self.slots.values()} | _ancestors(self.slots.values())
        during = [violation for violation in progress.violations if violation.run in own]
        return during + protocol.audit(arms, self._narrower)

    def _narrower(self, run: Run) -> int | None:
        """Parameters of the network one step narrower than a run's; None if there is none."""
        size = sum(zoo.parameter_counts(run.network).values())
        smaller = zoo.narrower(self.arms.network, 1)
        assert smaller is not None
        step = smaller.width
        width = run.network.width - step
        if width < step / 2:
            return None
        count = sum(zoo.parameter_counts(replace(run.network, width=width)).values())
        return count if count < size else None

    def _row(self, slot: Slot) -> Row:
        record = self.records[slot]
        return Row(
            arm=slot.arm,
            lr=slot.lr,
            accuracy=record["accuracy"],
            method=slot.method,
            sparsity=slot.sparsity,
            source_lr=slot.lr if slot.method in ("imp", "omp") else None,
            seed=slot.seed,
            epochs=slot.epochs,
            params=record["params"],
            diverged=record["diverged"],
            run=record["key"],
        )

    def _checked(self, arms: Mapping[Any, tuple[Run, Mapping[str, Any]]]) -> dict[str, int]:
        counts = dict.fromkeys(protocol.RULES, 0)
        for _, record in arms.values():
            for rule in record["checks"]:
                counts[rule] += 1
        return counts | protocol.audited(arms)


def _ancestors(runs: Iterable[Run]) -> set[str]:
    seen: dict[str, Run] = {}
    pending = list(runs)
    while pending:
        for parent, _ in needs(pending.pop()):
            if parent.key not in seen:
                seen[parent.key] = parent
                pending.append(parent)
    return set(seen)


def _place(row: Row) -> tuple[Any, ...]:
    return (row.arm, row.method or "", row.sparsity or 0.0, row.lr, row.epochs, row.seed)
