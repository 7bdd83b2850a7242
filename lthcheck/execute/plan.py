"""The plan: from runs that are wanted to jobs without duplicates, in an order that can be trained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from lthcheck.run import Run, needs
from lthcheck.store import Store


@dataclass(frozen=True)
class Demand:
    """A run that is wanted, and the steps whose weights must be kept of it."""

    run: Run
    keep: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Job:
    """A run to train.

    Attributes:
        keep: the steps whose weights are still to be kept.
        until: where to stop: the run's last step, or an earlier one if only its weights there are missing.
    """

    run: Run
    keep: frozenset[int]
    until: int


@dataclass
class Plan:
    """The jobs of some demands, and what each waits for.

    Attributes:
        jobs: by run key.
        waits: by run key, the keys of the jobs that must be done before.
        requested: how many demands there were, before duplicates were removed.
        cached: keys of wanted runs that the store holds.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    waits: dict[str, set[str]] = field(default_factory=dict)
    requested: int = 0
    cached: set[str] = field(default_factory=set)

    def priorities(self) -> dict[str, int]:
        """By run key, the steps on the longest way from the run's first step to the end of what waits for it."""
        followers: dict[str, list[str]] = defaultdict(list)
        for key, before in self.waits.items():
            for parent in before:
                followers[parent].append(key)
        length: dict[str, int] = {}
        for key in reversed(self.order()):
            job = self.jobs[key]
            own = job.until - job.run.training.first_step
            length[key] = own + max((length[follower] for follower in followers[key]), default=0)
        return length

    def order(self) -> list[str]:
        """The run keys, each after what it waits for."""
        placed: dict[str, None] = {}
        pending = list(reversed(self.jobs))
        while pending:
            key = pending.pop()
            missing = [parent for parent in self.waits[key] if parent not in placed]
            if key in placed:
                continue
            if missing:
                pending += [key, *missing]
            else:
                placed[key] = None
        return list(placed)


def plan(demands: Iterable[Demand], store: Store) -> Plan:
    """Removes duplicates, unites the demands on a run, adds the runs that it builds on, drops what is stored."""
    made = Plan()
    keep: dict[str, frozenset[int]] = defaultdict(frozenset)
    results: dict[str, bool | None] = {}  # by key: None without a result, else whether it diverged
    pending: list[Demand] = []
    for demand in demands:
        made.requested += 1
        pending.append(demand)
    while pending:
        demand = pending.pop()
        run, key = demand.run, demand.run.key
        if key in results and demand.keep <= keep[key]:
            continue
        keep[key] |= demand.keep
        if key not in results:
            result = store.result(key)
            results[key] = None if result is None else bool(result["diverged"])
        diverged = results[key]
        missing = frozenset(step for step in keep[key] if not store.has(key, f"step-{step}"))
        if diverged or (diverged is not None and not missing):
            made.cached.add(key)
            continue
        made.cached.discard(key)
        made.jobs[key] = Job(run, missing, max(missing) if diverged is False else run.training.steps)
        made.waits[key] = set()
        for parent, step in needs(run):
            made.waits[key].add(parent.key)
            pending.append(Demand(parent, frozenset({step})))
    for key in made.waits:
        made.waits[key] &= set(made.jobs)
    return made
