"""The plan: from runs that are wanted to jobs without duplicates, in an order that can be trained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lthcheck.run import Run, needs
from lthcheck.store import Store


def _names(keep: frozenset[int], evaluate: frozenset[int]) -> dict[str, int]:
    return {f"step-{step}": step for step in keep} | {f"correct-{step}": step for step in evaluate}


@dataclass(frozen=True)
class Demand:
    """A run that is wanted, the steps whose weights are to be kept, and those at which it is evaluated on the way."""

    run: Run
    keep: frozenset[int] = frozenset()
    evaluate: frozenset[int] = frozenset()

    @property
    def names(self) -> dict[str, int]:
        """The files that are asked for beside the result, each with its step."""
        return _names(self.keep, self.evaluate)


@dataclass(frozen=True)
class Job:
    """A run to train.

    Attributes:
        keep: the steps whose weights are still to be kept.
        until: where to stop: the run's last step, or an earlier one if only what is asked for up to there is missing.
        evaluate: the steps at which it is still to be evaluated.
    """

    run: Run
    keep: frozenset[int]
    until: int
    evaluate: frozenset[int] = frozenset()

    @property
    def names(self) -> dict[str, int]:
        """The files to make beside the result, each with its step."""
        return _names(self.keep, self.evaluate)


@dataclass
class Plan:
    """The jobs of some demands, and what each waits for.

    Attributes:
        jobs: by run key.
        waits: by run key, the keys of the jobs that must be done before.
        requested: how many demands there were, before duplicates were removed.
        cached: keys of wanted runs that the store holds.
        diverged: keys of those among them that diverged.
        doomed: keys of jobs that build on one of these, and so cannot be trained.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    waits: dict[str, set[str]] = field(default_factory=dict)
    requested: int = 0
    cached: set[str] = field(default_factory=set)
    diverged: set[str] = field(default_factory=set)
    doomed: set[str] = field(default_factory=set)

    def priorities(self) -> dict[str, int]:
        """By run key, the steps on the longest way from the run's first step to the end of what waits for it."""
        followers = self.followers()
        length: dict[str, int] = {}
        for key in reversed(self.order()):
            job = self.jobs[key]
            own = job.until - job.run.training.first_step
            length[key] = own + max((length[follower] for follower in followers[key]), default=0)
        return length

    def followers(self) -> dict[str, list[str]]:
        """By run key, the jobs that wait for it."""
        found: dict[str, list[str]] = defaultdict(list)
        for key, before in self.waits.items():
            for parent in before:
                found[parent].append(key)
        return found

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

    def without(self, keys: Iterable[str]) -> None:
        """Takes these jobs out as done: what waits for them waits no longer."""
        gone = {key for key in keys if self.jobs.pop(key, None)}
        self.waits = {key: before - gone for key, before in self.waits.items() if key not in gone}

    def drop(self, keys: Iterable[str]) -> None:
        """Takes these jobs out, and all that wait for them."""
        pending = [key for key in keys if key in self.jobs]
        followers = self.followers() if pending else {}
        while pending:
            key = pending.pop()
            if self.jobs.pop(key, None):
                self.waits.pop(key)
                pending += followers[key]


def plan(demands: Iterable[Demand], store: Store) -> Plan:
    """Removes duplicates, unites the demands on a run, adds the runs that it builds on, drops what is stored."""
    made = Plan()
    wanted: dict[str, dict[str, int]] = defaultdict(dict)  # by key: files, each with its step
    results: dict[str, dict[str, Any] | None] = {}
    looked_at: set[tuple[str, str]] = set()  # (key, file) that a run builds on
    pending: list[tuple[Demand, bool]] = []  # True: weights that a run builds on, so they must be sound
    for demand in demands:
        made.requested += 1
        pending.append((demand, False))
    while pending:
        demand, built_on = pending.pop()
        run, key = demand.run, demand.run.key
        files = {(key, name) for name in demand.names}
        if key in results and (files <= looked_at if built_on else demand.names.keys() <= wanted[key].keys()):
            continue
        if built_on:
            looked_at |= files
        wanted[key] |= demand.names
        if key not in results:
            results[key] = store.result(key)
        result = results[key]
        if built_on and result is not None:
            for name in [*demand.names, *(["mask"] if result["layers"] else [])]:
                store.sound(key, name)  # sets aside what is not, so that it counts as missing
        if result is not None and result["diverged"]:
            made.diverged.add(key)
        missing = _missing(result, wanted[key], key, store)
        if result is not None and not missing:
            made.cached.add(key)
            continue
        made.cached.discard(key)
        made.jobs[key] = Job(
            run,
            keep=frozenset(step for name, step in missing.items() if name.startswith("step-")),
            until=max(missing.values()) if result is not None else run.training.steps,
            evaluate=frozenset(step for name, step in missing.items() if name.startswith("correct-")),
        )
        made.waits[key] = set()
        for parent, step in needs(run):
            made.waits[key].add(parent.key)
            pending.append((Demand(parent, frozenset({step})), True))
    for key, before in made.waits.items():
        if before & made.diverged:
            made.doomed.add(key)
        made.waits[key] = before & set(made.jobs)
    return made


def _missing(result: dict[str, Any] | None, names: dict[str, int], key: str, store: Store) -> dict[str, int]:
    """The files still to be made, each with its step; weights without the mask they were trained under do not count."""
    if result is None:
        return names
    if result["diverged"]:
        return {}
    maskless = bool(result["layers"]) and not store.has(key, "mask")
    return {
        name: step
        for name, step in names.items()
        if not store.has(key, name) or (maskless and name.startswith("step-"))
    }
