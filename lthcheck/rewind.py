"""Rewinding: from a training to the one that takes up its weights at an early step."""

from __future__ import annotations

from dataclasses import replace

from lthcheck.run import Mask, Run, Weights


def not_done(rewind: str) -> tuple[str, ...]:
    """What a study leaves out of a recipe that rewinds, in words.

    >>> not_done("8 epochs"), not_done("")
    (('rewinding to the weights after 8 epochs; lt begins at theta_0',), ())
    """
    return (f"rewinding to the weights after {rewind}; lt begins at theta_0",) if rewind else ()


def rewound(run: Run, step: int, mask: Mask) -> Run:
    """The training that begins with the weights of `run` at `step`, under a mask, and takes the rest of its steps.

    Schedule, data order and augmentation go on as in `run`; the optimiser's state and the statistics of norms begin
    anew, as with every training.

    Args:
        step: as `Recipe.rewind_step` gives it.
        mask: e.g. `Pruned(run, 0.8)`.

    Raises:
        ValueError: if the step is no step of the run.
    """
    return replace(run, training=run.training.starting_at(step), start=Weights(run, at=step), mask=mask)
