"""Evidence that was never trained."""

from __future__ import annotations

from lthcheck.evidence import Row


def row(slot, accuracy, *, diverged=False):
    """The row of a study in a slot."""
    return Row(
        slot.arm,
        slot.lr,
        accuracy,
        slot.method,
        slot.sparsity,
        seed=slot.seed,
        epochs=slot.epochs,
        diverged=diverged,
    )
