"""Stacks: which runs train together, and which come next."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Collection, Mapping

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


def next_stack(
    ready: Collection[str],
    priority: Mapping[str, int],
    signatures: Mapping[str, object],
    *,
    largest: Callable[[str], int],
    trainers: int,
) -> list[str]:
    """The next stack: what the longest way waits for, with what can be trained beside it.

    Args:
        ready: keys of runs that wait for nothing.
        priority: by key, the steps on the longest way from there (`Plan.priorities`).
        signatures: by key, what the runs of one stack share (`signature`).
        largest: by key, how many replicas of its network a stack may hold.
        trainers: that the runs are shared out to.
    """
    if not ready:
        return []
    first = max(ready, key=priority.__getitem__)
    alike = [key for key in ready if signatures[key] == signatures[first]]
    size = min(largest(first), math.ceil(len(alike) / trainers))
    return heapq.nlargest(size, alike, key=priority.__getitem__)
