"""Pace: how long training takes on this machine, as far as it was measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from lthcheck import zoo
from lthcheck.execute.plan import Job
from lthcheck.execute.stacking import largest_stack
from lthcheck.run import Run


@dataclass(frozen=True)
class Pace:
    """One stack on a core, while the other cores did the same.

    Attributes:
        replicas: in the stack.
        step: seconds a step of the stack.
        around: seconds a stack takes beside its steps: start, checks, evaluation, files.
        load: seconds that a trainer takes once: until it has the data set, and what else only its first stack needs.
    """

    replicas: int
    step: float
    around: float
    load: float


@dataclass
class Paces:
    """The paces of some networks; those between in size are read off a line.

    Attributes:
        start: seconds until a process has imported torch.
    """

    start: float = 0.0
    _measured: dict[object, dict[int, list[Pace]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, run: Run, pace: Pace) -> None:
        """Keeps what was measured on a run like this."""
        self._measured[kind(run)].setdefault(size(run), []).append(pace)

    def has(self, jobs: Iterable[Job]) -> bool:
        """Whether something like each of the jobs was measured."""
        return {kind(job.run) for job in jobs} <= self._measured.keys()

    def largest(self, run: Run) -> int:
        """How many replicas a stack may hold: one, where more were asked for and only one was trained."""
        paces = [pace for paces in self._measured[kind(run)].values() for pace in paces]
        return largest_stack(run) if any(pace.replicas > 1 for pace in paces) else 1

    def load(self, run: Run) -> float:
        """Seconds until a trainer has the data set."""
        return max(pace.load for paces in self._measured[kind(run)].values() for pace in paces)

    def seconds(self, job: Job, replicas: int) -> float:
        """What a stack of so many jobs like this takes."""
        known = self._measured[kind(job.run)]
        sizes, parameters = sorted(known), size(job.run)
        above = next((each for each in sizes if each >= parameters), sizes[-1])
        below = next((each for each in reversed(sizes) if each <= parameters), sizes[0])
        steps = job.until - job.run.training.first_step
        ends = [_stack(known[each], replicas, steps) for each in (below, above)]
        return ends[0] + (ends[1] - ends[0]) * ((parameters - below) / (above - below) if above > below else 0)


def kind(run: Run) -> tuple[object, ...]:
    """What runs share whose pace differs by their width alone."""
    training = run.training
    return (
        replace(run.network, width=1.0).key,
        run.data.key,
        training.optimiser.name,
        training.batch,
        training.precision,
        training.device,
        training.threads,
    )


def size(run: Run) -> int:
    """Parameters of the network."""
    return sum(zoo.parameter_counts(run.network).values())


def _stack(paces: list[Pace], replicas: int, steps: int) -> float:
    """Between and beyond two stacks, time is a line over the replicas."""
    few, many = min(paces, key=lambda pace: pace.replicas), max(paces, key=lambda pace: pace.replicas)
    ends = [pace.around + pace.step * steps for pace in (few, many)]
    if few.replicas == many.replicas:
        return ends[0]
    return ends[0] + (ends[1] - ends[0]) * (replicas - few.replicas) / (many.replicas - few.replicas)
