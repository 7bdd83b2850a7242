"""What a study wants to be trained, as far as a store does not hold it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from lthcheck import data, sequel
from lthcheck.arms import Arms
from lthcheck.evidence import Row
from lthcheck.execute.plan import Demand
from lthcheck.folds import check, counts
from lthcheck.run import Run, needs
from lthcheck.store import Store
from lthcheck.store.store import CORRECT
from lthcheck.study import Question, Slot, Study

# Of a result: what it was written out for people, and the digests that `lthcheck.audit` compares.
UNREAD = ("expression", "loss", "torch", "stack", "steps_per_epoch", "params_dense")
AUDITED = ("theta0", "mask", "order")


class Wants:
    """A study beside a store.

    Attributes:
        slots: the trainings that were asked for so far, by their place in the evidence.
        records: the results among them that the store holds.
        rows: the same as evidence.
        test_size: samples that accuracy is measured on.
    """

    def __init__(self, study: Study, store: Store, data_dir: Path | None) -> None:
        info = data.describe(study.dataset, data_dir=data_dir)
        self.arms, self.test_size, self.store = Arms(study, info), info.test_size, store
        self.study = self.arms.study  # of a recipe in steps, with the epochs that they are on this data
        self.slots: dict[Slot, Run] = {}
        self.records: dict[Slot, dict[str, Any]] = {}
        self.rows: dict[Slot, Row] = {}
        self._first: dict[str, Slot] = {}  # by run, where it was read for
        # every run is written down once, so that bad input is told before training
        for place in sequel.places(self.study, self.study.methods):
            for slot in sequel.grid(self.study, place, self.study.recipe.lrs, self.study.recipe.seeds):
                self.arms.run(slot)

    def demands(self, questions: list[Question]) -> list[Demand]:
        """The trainings wanted next."""
        while True:
            more = self.arms.next(questions, self._read())
            new = {slot: run for slot, run in more.items() if slot not in self.slots}
            self.slots |= new
            self._noticed()
            if not new or not any(self._record(slot) for slot in new):
                break
        return [demand(slot, run) for slot, run in self.slots.items() if slot not in self.records]

    def later(self) -> dict[Slot, Run]:
        """What may be wanted once more is known, at most; where an lr is not known, at that which leaves most to do."""

        @cache
        def missing(slot: Slot) -> bool:
            run = self.arms.run(slot)
            return run is not None and slot not in self.records and self.store.result(run.key) is None

        *_, last = self.arms.course(self._read())
        slots = sequel.later(self.study, self.rows, missing, last, self.test_size)
        runs = {slot: self.arms.run(slot) for slot in slots if slot not in self.slots and missing(slot)}
        return {slot: run for slot, run in runs.items() if run is not None}

    def _noticed(self) -> None:
        """Called when the study has wanted more, before the store is asked for it."""

    def _read(self) -> dict[Slot, Row]:
        for slot in self.slots:
            self._record(slot)
        return self.rows

    def _record(self, slot: Slot) -> bool:
        if slot not in self.records:
            key = self.slots[slot].key
            twin = self._first.get(key)  # round one of IMP is OMP
            record = self.store.result(key) if twin is None else self.records[twin]
            if record is None:
                return False
            self.records[slot] = lean(record) if twin is None else record
            self.rows[slot] = self._row(slot, self._folds(slot) if twin is None else self.rows[twin].folds)
            self._first.setdefault(key, slot)
        return True

    def _row(self, slot: Slot, folds: tuple[int, ...] | None) -> Row:
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
            folds=folds,
        )

    def _folds(self, slot: Slot) -> tuple[int, ...] | None:
        """None of a diverged run, whose accuracy is chance and no count, and where the store does not tell."""
        record = self.records[slot]
        correct = None if record["diverged"] else self.store.correct(record["key"], self.slots[slot].training.steps)
        if correct is None or correct.size < 2:
            return None
        by_fold = counts(correct)
        try:
            check(by_fold, record["accuracy"], self.test_size)
        except ValueError as error:  # left by a second training, of other bits, that was killed before its result
            self.store.tell(f"run {record['key'][:12]}: {error}; the run counts without {CORRECT}")
            return None
        return by_fold


def demand(slot: Slot, run: Run) -> Demand:
    """Dense networks and tickets keep their weights, since masks are taken from them."""
    return Demand(run, frozenset({run.training.steps}) if slot.arm in ("dense", "lt") else frozenset())


def lean(record: dict[str, Any]) -> dict[str, Any]:
    """What evidence and audit read of a result: of thousands, the rest would fill memory.

    The runs of a replicate share digests, and all runs the names of their checks: each is held once.
    """
    kept = {name: value for name, value in record.items() if name not in UNREAD}
    if "digests" in kept:
        kept["digests"] = {name: sys.intern(value) for name, value in kept["digests"].items() if name in AUDITED}
    if "checks" in kept:
        kept["checks"] = tuple(map(sys.intern, kept["checks"]))
    return kept


def ancestors(runs: Iterable[Run]) -> dict[str, Run]:
    """The runs that these build on, by key."""
    seen: dict[str, Run] = {}
    pending = list(runs)
    while pending:
        for parent, _ in needs(pending.pop()):
            if parent.key not in seen:
                seen[parent.key] = parent
                pending.append(parent)
    return seen
