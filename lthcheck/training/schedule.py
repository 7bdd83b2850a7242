"""The learning rate's factor by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lthcheck.run import Schedule, Training


def factors(schedule: Schedule, steps: NDArray[np.int64], total: int) -> NDArray[np.float64]:
    """What the learning rate is multiplied with at `steps`, an array of any shape, of a training of `total` steps.

    The cosine runs from the end of the warm-up to `total`; milestones count from step 0.
    """
    at = steps.astype(np.float64)
    match schedule.name:
        case "constant":
            factor: NDArray[np.float64] = np.ones_like(at)
        case "step":
            passed = np.searchsorted(np.array(schedule.milestones), steps, side="right")
            factor = np.power(schedule.factor, passed.astype(np.float64))
        case "cosine":
            done = np.clip((at - schedule.warmup) / max(1, total - schedule.warmup), 0, 1)
            factor = np.asarray((1 + np.cos(np.pi * done)) / 2)
    if schedule.warmup:
        factor = factor * np.minimum(1.0, (at + 1) / schedule.warmup)
    return np.asarray(factor, dtype=np.float64)


def learning_rates(training: Training, first: int, last: int) -> NDArray[np.float64]:
    """The learning rates of steps `first` to `last - 1`: shape `(last - first,)`."""
    return training.lr * factors(training.schedule, np.arange(first, last), training.steps)
