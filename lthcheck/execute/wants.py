"""What a study wants to be trained, as far as a store does not hold it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lthcheck import data
from lthcheck.arms import Arms
from lthcheck.execute.plan import Demand
from lthcheck.run import Run, needs
from lthcheck.store import Store
from lthcheck.study import Question, Slot, Study


class Wants:
    """A study beside a store.

    Attributes:
        slots: the trainings that were asked for so far, by their place in the evidence.
        records: the results among them that the store holds.
        test_size: samples that accuracy is measured on.
    """

    def __init__(self, study: Study, store: Store, data_dir: Path | None) -> None:
        self.study, self.store = study, store
        info = data.describe(study.dataset, data_dir=data_dir)
        self.arms, self.test_size = Arms(study, info), info.test_size
        self.slots: dict[Slot, Run] = {}
        self.records: dict[Slot, dict[str, Any]] = {}
        for question in study.questions():  # every run is written down once, so that bad input is told before training
            for slot in self.arms.slots(question):
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
        """The probe, while the lr that it is trained at is not known: at the lr that leaves most of it to train."""
        known, epochs = self._read(), self.study.recipe.epochs
        if self.arms.probe(known):
            return {}
        grid = [slot for slot in self.slots if (slot.arm, slot.epochs) == ("dense", epochs)]
        most: dict[Slot, Run] = {}
        for best in self.study.recipe.lrs:
            probe = self.arms.probe({slot: float(slot.lr == best) for slot in grid})
            runs = {slot: self.arms.run(slot) for slot in probe}
            missing = {slot: run for slot, run in runs.items() if run and self.store.result(run.key) is None}
            most = max(most, missing, key=len)
        return most

    def _noticed(self) -> None:
        """Called when the study has wanted more, before the store is asked for it."""

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


def demand(slot: Slot, run: Run) -> Demand:
    """Dense networks and tickets keep their weights, since masks are taken from them."""
    return Demand(run, frozenset({run.training.steps}) if slot.arm in ("dense", "lt") else frozenset())


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
