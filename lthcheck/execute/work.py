"""Work: what studies ask for, by arm, with what of it is still to be trained and what that takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lthcheck import zoo
from lthcheck.evidence import ARMS
from lthcheck.execute.estimate import makespan
from lthcheck.execute.pace import Paces
from lthcheck.execute.plan import Job, plan
from lthcheck.execute.wants import Wants, ancestors, demand
from lthcheck.run import Dense, Pruned
from lthcheck.store import Store
from lthcheck.study import Slot

# Bytes that a file, a tensor in it, and a result need beside the numbers; measured.
FILE_BYTES, TENSOR_BYTES, RESULT_BYTES = 300, 90, 2500
# Seconds of a command beside its trainers, measured on an EPYC: Python and the plan, and a report with its figures.
COMMAND_SECONDS, REPORT_SECONDS = 0.6, 2.0


@dataclass(frozen=True)
class Cost:
    """What is to be trained, and what it takes.

    Attributes:
        trainings: distinct runs, rounds of IMP included, as far as they are known.
        later: how many more there may be: probes at lrs that are not known yet, and what a study may grow by.
        stored: of `trainings`, those that the store holds.
        to_train: of `trainings`, those that do not follow from the store; a few may be stored without their weights.
        replica_steps: of all that is still to be trained, the later ones included.
        bytes: by which the store grows.
    """

    trainings: int
    later: int
    stored: int
    to_train: int
    replica_steps: int
    bytes: int


class Work:
    """What some studies ask of a store.

    Attributes:
        arms: by run key, the arm of each run, "lt imp" or "dense"; rounds of IMP are "lt imp".
        known: the keys of those that are asked for now, or stored.
        stored: of `known`, those that need not be trained again.
        now: the plan of what can be asked for now.
        later: the plan of what may be asked for once more is known.
    """

    def __init__(self, wants: Sequence[Wants], store: Store) -> None:
        self.store, self.studies = store, len(wants)
        self.now = plan((each for want in wants for each in want.demands(want.study.questions())), store)
        self.now.drop(self.now.doomed)
        may = [want.later() for want in wants]
        self.later = plan((demand(*item) for runs in may for item in runs.items()), store)
        self.later.drop(self.later.doomed)
        self.later.without(self.now.jobs)
        self.arms: dict[str, str] = {}
        self.tested: dict[str, int] = {}  # by data set, its test samples
        for want, runs in zip(wants, may, strict=True):
            for slot, run in sorted((want.slots | runs).items(), key=lambda item: _place(item[0])):
                arm = "probe" if slot.epochs != want.study.recipe.epochs else " ".join(filter(None, slot[:2]))
                for key in (run.key, *ancestors([run])):
                    self.arms.setdefault(key, arm)
                self.tested[run.data.key] = want.test_size
        self.known = {key for want in wants for run in want.slots.values() for key in (run.key, *ancestors([run]))}
        held = {record["key"] for want in wants for record in want.records.values()}
        left = self.known - self.now.jobs.keys()
        self.stored = {key for key in left if key in held or store.result(key) is not None}

    @property
    def jobs(self) -> list[Job]:
        """All that may have to be trained."""
        return [*self.now.jobs.values(), *self.later.jobs.values()]

    def seconds(self, paces: Paces, trainers: int) -> float | None:
        """Of a command that does the work; None where the pace of some of it was not measured."""
        if not self.jobs:
            return 0.0
        if not paces.has(self.jobs):
            return None
        # torch is imported by the command first, and by the trainers then
        return (
            COMMAND_SECONDS
            + self.studies * REPORT_SECONDS
            + paces.start
            + makespan((self.now, self.later), paces, trainers)
        )

    def by_arm(self) -> dict[str, Cost]:
        """The cost of each arm."""
        return {
            name: self.cost({key for key, arm in self.arms.items() if arm == name})
            for name in dict.fromkeys(self.arms.values())
        }

    def cost(self, keys: Collection[str] | None = None) -> Cost:
        """The cost of some of the runs, or of all."""
        chosen = self.arms.keys() if keys is None else keys
        known = self.known.intersection(chosen)
        now = [self.now.jobs[key] for key in known if key in self.now.jobs]
        later = [self.later.jobs[key] for key in chosen if key in self.later.jobs]
        jobs = now + later
        return Cost(
            trainings=len(known),
            later=len(later),
            stored=len(self.stored & known),
            to_train=len(now),
            replica_steps=sum(job.until - job.run.training.first_step for job in jobs),
            bytes=sum(self._bytes(job) for job in jobs),
        )

    def _bytes(self, job: Job) -> int:
        """Of the files that a training leaves."""
        run = job.run
        counts, roles = zoo.parameter_counts(run.network), zoo.roles(run.network)
        number = 8 if run.training.precision == "float64" else 4
        norms = sum(counts[name] for name, role in roles.items() if role == "norm")  # their running mean and variance
        weights = FILE_BYTES + TENSOR_BYTES * len(counts) + number * (sum(counts.values()) + norms)
        masked = [
            counts[name] for name, role in roles.items() if isinstance(run.mask, Pruned) and role in run.mask.roles
        ]
        mask = 0 if isinstance(run.mask, Dense) else FILE_BYTES + sum(masked) + TENSOR_BYTES * len(masked)
        correct = FILE_BYTES + self.tested[run.data.key]
        return len(job.keep) * weights + mask + correct + RESULT_BYTES


def _place(slot: Slot) -> tuple[int, int, str, float]:
    """T before 2T, and a round of IMP that is OMP as well is IMP's."""
    return slot.epochs, ARMS.index(slot.arm), slot.method or "", slot.sparsity or 0.0
