"""Stacks: which runs train together, and which come next."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Mapping

from lthcheck import zoo
from lthcheck.execute.plan import Job
from lthcheck.run import Run

# Replicas in one stack. Measured (300-100 MLP, batch 100, one core of an EPYC, best of 5): .40 ms a replica-step alone,
# .34 with 5 or 8, .36 to .43 with 12; a 64-32 MLP: .12 alone, .054 with 8, .050 with 12.
LARGEST_STACK = 8
# Networks that are replayed side by side on a GPU; `lthcheck.training.width` measures how many of them at once.
LARGEST_ON_A_GPU = 16


def largest_stack(run: Run) -> int:
    """How many replicas of a run's network a stack may hold; one where each trains by itself.

    A trainer that finds that they do not train in one backend (as where their data are streamed) trains them in turn.
    """
    if zoo.is_mlp(run.network):
        return LARGEST_STACK
    return 1 if run.training.device == "cpu" or zoo.draws(run.network) else LARGEST_ON_A_GPU


def signature(job: Job) -> tuple[object, ...]:
    """What two jobs must share to train in one stack; their lr, decay, schedule, start, mask and seed may differ."""
    run, training = job.run, job.run.training
    adam = (training.optimiser.betas, training.optimiser.eps) if training.optimiser.name == "adam" else ()
    return (
        run.network.key,
        run.data.key,
        training.objective.key,
        training.optimiser.name,
        adam,
        training.batch,
        training.last_batch,
        training.first_step,
        training.steps,
        training.trains,
        training.precision,
        training.device,
        training.threads,
        job.until,
    )


class Ready:
    """The runs that wait for nothing, in the order in which they are trained.

    Of a study of thousands, a stack is found without a look at all of them: each kind of run has a heap of its own.

    Args:
        priority: by key, the steps on the longest way from there (`Plan.priorities`).
        signatures: by key, what the runs of one stack share (`signature`); of two runs of equal priority the one that
            stands first here is first.
    """

    def __init__(self, priority: Mapping[str, int], signatures: Mapping[str, object]) -> None:
        self._place = {key: (-priority[key], index) for index, key in enumerate(signatures)}
        self._signatures = signatures
        self._heaps: dict[object, list[tuple[tuple[int, int], str]]] = {}  # with those that were taken back
        self._keys: dict[object, set[str]] = {}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def add(self, key: str) -> None:
        """A run that can be trained now; nothing happens where it is known."""
        kind = self._signatures[key]
        if key not in self._keys.setdefault(kind, set()):
            self._keys[kind].add(key)
            heapq.heappush(self._heaps.setdefault(kind, []), (self._place[key], key))

    def discard(self, key: str) -> None:
        """Takes a run back, if it is there."""
        kind = self._signatures[key]
        if key in self._keys.get(kind, ()):
            self._keys[kind].discard(key)
            self._tidy(kind)

    def next(self, *, largest: Callable[[str], int], trainers: int) -> list[str]:
        """Takes out the next stack: what the longest way waits for, with what can be trained beside it.

        Args:
            largest: by key, how many replicas of its network a stack may hold.
            trainers: that the runs are shared out to.
        """
        if not self._keys:
            return []
        kind = min(self._keys, key=lambda kind: self._heaps[kind][0])
        alike = self._keys[kind]
        size = min(largest(self._heaps[kind][0][1]), math.ceil(len(alike) / trainers))
        stack: list[str] = []
        while len(stack) < size:
            key = heapq.heappop(self._heaps[kind])[1]
            alike.discard(key)
            stack.append(key)
            self._tidy(kind)
        return stack

    def _tidy(self, kind: object) -> None:
        """At the head of a heap stands a run that is there, or the heap goes."""
        heap, alike = self._heaps[kind], self._keys[kind]
        while heap and heap[0][1] not in alike:
            heapq.heappop(heap)
        if not alike:
            del self._heaps[kind], self._keys[kind]
