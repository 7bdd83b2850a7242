"""Evidence that was never trained."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Facts:
    """What a study knows of its data."""

    name: str = "stand-in"
    fingerprint: str = "f" * 64
    shape: tuple[int, ...] = (40,)
    classes: int = 10
    train_size: int = 4000
    test_size: int = 1000
