"""From questions to evidence: plans and trains until the studies want nothing more."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lthcheck import audit, protocol, sequel, zoo
from lthcheck.evidence import Row
from lthcheck.execute.discard import discard
from lthcheck.execute.error import Interrupted, TrainerError, refuse_inside_a_trainer
from lthcheck.execute.plan import plan
from lthcheck.execute.progress import Progress
from lthcheck.execute.registered import packed
from lthcheck.execute.wants import Wants, ancestors, lean
from lthcheck.quantity import count
from lthcheck.run import Network, Run
from lthcheck.store import Store, ledger
from lthcheck.study import Question, Study

ROUNDS = 10  # a study that still wants runs after so many for each of its stages has no end


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
        entry: the study as it is on record.
        layers: of each ticket, by run: weights that stay and weights in all of each prunable layer, in network order.
        stage: the lrs and seeds of the evidence, to which the study has grown.
    """

    study: Study
    rows: list[Row] = field(default_factory=list)
    violations: list[protocol.ProtocolViolation] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)
    test_size: int | None = None
    cost: dict[str, Any] = field(default_factory=dict)
    entry: ledger.Entry | None = None
    layers: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    stage: sequel.Stage | None = None

    def as_json(self) -> dict[str, Any]:
        """The study for the record, with what it has grown to."""
        grown = self.stage or sequel.first(self.study)
        return self.study.as_json(lrs=grown.lrs, seeds=grown.seeds)


def answer(
    asked: Mapping[Study, Iterable[Question]],
    store: Store,
    *,
    data_dir: Path | None = None,
    trainers: int | None = None,
    on: tuple[int, ...] = (),
    show: Callable[[Progress], None] = lambda progress: None,
) -> tuple[list[Answer], Progress]:
    """Trains what the questions need and the store does not hold, and reads the evidence.

    Args:
        on: the numbers of the GPUs to train on, for studies on cuda; all, where none is named.

    Raises:
        ValueError: for a study that cannot be run, or a store that lacks results and cannot be written, before anything
            is trained.
        TrainerError: if a trainer failed; what was finished is in the store.
        OSError: if the store cannot be read or written.
        Interrupted: on Ctrl-C; what was finished is in the store.
    """
    refuse_inside_a_trainer()
    open_studies = {study: (_Open(study, store, data_dir), list(questions)) for study, questions in asked.items()}
    registered = packed({study.model for study in open_studies}, {study.dataset for study in open_studies})
    for opened, _ in open_studies.values():
        opened.put_on_record()
    progress = Progress()
    pool = None
    try:
        rounds = ROUNDS * max((sequel.most_stages(study) for study in open_studies), default=1)
        for _ in range(rounds):
            made = plan((d for each, questions in open_studies.values() for d in each.demands(questions)), store)
            made.drop({violation.run for violation in progress.violations})
            if not made.jobs:
                break
            if pool is None:
                # torch is needed from here on, and only here: a study that is in the store is judged without it
                from lthcheck.execute.pool import Pool

                pool = Pool(store, data_dir=data_dir, trainers=trainers, registered=registered, on=on)
            pool.train(made, progress, show)
        else:
            raise TrainerError(f"the studies still want runs after {rounds} rounds of planning")
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted after {count(progress.trained, 'training')}; what was finished is kept in the store "
            f"{store.root}, what was begun goes on from its last checkpoint: run the same command again"
        ) from None
    finally:
        if pool is not None:
            pool.close()
    answers = [each.answer(progress) for each, _ in open_studies.values()]
    discard(store, (violation for each in answers for violation in each.violations), progress.finished)
    return answers, progress


class _Open(Wants):
    """A study while it is being answered."""

    def __init__(self, study: Study, store: Store, data_dir: Path | None) -> None:
        super().__init__(study, store, data_dir)
        for arrays in self.arms.given.values():
            store.keep_given(arrays)
        self.id = ledger.identity(self.arms.made.values())
        self._below: dict[Network, int | None] = {}
        self.on_record = 0

    def put_on_record(self) -> ledger.Entry:
        """Before the store is looked at: what a study on record needs is not removed."""
        made = ledger.entry(self.id, self.study, self.arms.made)
        if self.store.writable:
            ledger.keep(self.store.root, made)
        self.on_record = len(made.runs)
        return made

    def _noticed(self) -> None:
        if len(self.arms.made) > self.on_record:  # the study has wanted more than could be known before
            self.put_on_record()

    def answer(self, progress: Progress) -> Answer:
        """The evidence as it stands, held against the protocol's rules between runs.

        Whatever the store holds of the study counts, asked for or not: a selection must not make a report poorer. Of a
        study that grows, what the stage asks for that it is judged at: what lies beyond, or was left behind on the way,
        must not change a verdict.
        """
        self.demands(self.study.questions())
        judged = sequel.evidence(self.arms.course(self.rows)) if self.study.grows else None
        rows = [self.rows[slot] for slot in (self.rows if judged is None else judged.slots)]
        runs = {record["key"]: record for record in self.records.values()}
        for key in ancestors(self.slots[slot] for slot in self.records):
            record = runs.get(key) or self.store.result(key)
            if record is not None:
                runs[key] = lean(record)
        arms = {
            tuple(slot): (run, runs[run.key])
            for each in self.records
            for slot in (each, *self.arms.rounds_before(each))
            if (run := self.arms.run(slot)) is not None and run.key in runs
        }
        steps = sum(record["steps"] for record in runs.values())
        return Answer(
            self.study,
            sorted(rows, key=_place),
            self._violations(arms, progress),
            self._checked(arms),
            self.test_size,
            {
                "requested": len(rows),
                "trainings": len(runs),
                "cached": len(runs) - len(progress.finished & set(runs)),
                "replica_steps": steps,
                "seconds": sum(record["seconds"] for record in runs.values()),
            },
            self.put_on_record(),
            # a ticket whose dense network diverged was never pruned
            {
                record["key"]: record["layers"]
                for slot, record in self.records.items()
                if slot.arm == "lt" and record["layers"]
            },
            sequel.first(self.study) if judged is None else judged.stage,
        )

    def _violations(self, arms: audit.Records, progress: Progress) -> list[protocol.ProtocolViolation]:
        own = {run.key for run in self.slots.values()} | ancestors(self.slots.values()).keys()
        during = [violation for violation in progress.violations if violation.run in own]
        return during + audit.audit(arms, self._narrower)

    def _narrower(self, run: Run) -> int | None:
        """Parameters of the network one step narrower than a run's; None if there is none."""
        if run.network not in self._below:
            widths = zoo.widths(self.arms.network)
            smaller = replace(run.network, width=widths[max(0, bisect_left(widths, run.network.width) - 1)])
            size, count = (sum(zoo.parameter_counts(network).values()) for network in (run.network, smaller))
            self._below[run.network] = count if count < size else None
        return self._below[run.network]

    def _checked(self, arms: Mapping[Any, tuple[Run, Mapping[str, Any]]]) -> dict[str, int]:
        counts = dict.fromkeys(protocol.RULES, 0)
        for _, record in arms.values():
            for rule in record["checks"]:
                counts[rule] += 1
        return counts | audit.audited(arms)


def _place(row: Row) -> tuple[Any, ...]:
    return (row.arm, row.method or "", row.sparsity or 0.0, row.lr, row.epochs, row.seed)
