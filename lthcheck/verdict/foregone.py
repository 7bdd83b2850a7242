"""What can be said of a verdict before anything is trained: conditions that a recipe leaves no chance."""

from __future__ import annotations

from collections.abc import Collection

from lthcheck.grid import lrs_beyond
from lthcheck.quantity import count
from lthcheck.verdict.conditions import NON_TRIVIAL, reaches

INSIDE = 3  # lrs that a grid must have for one to lie inside


def foregone(
    lrs: Collection[float], sparsities: Collection[float], *, extend_lr: int = 0, assume_adequate: bool = False
) -> tuple[str, ...]:
    """What condition 1 will never say, a line for each, with the remedy.

    Args:
        lrs: of the dense network.
        sparsities: those that are asked for.
        extend_lr: lrs that the study may add.
        assume_adequate: the user vouches for the recipe, and its grid is not looked at.
    """
    said = []
    if sparsities and not any(reaches(sparsity, NON_TRIVIAL) for sparsity in sparsities):
        high = f"the highest sparsity, {max(sparsities):.3g}, is below {NON_TRIVIAL:.2f}"
        said.append(f"condition 1 is false of every ticket: {high}; ask for more, e.g. sparsity 0.672")
    if not assume_adequate and len(lrs) + extend_lr < INSIDE:
        said.extend(no_lr_inside(lrs))
    return tuple(said)


def no_lr_inside(lrs: Collection[float]) -> tuple[str, ...]:
    """Why condition 1 stays open on a grid of one or two lrs, in one line; nothing on any other.

    >>> no_lr_inside([0.1])
    ('condition 1 cannot hold: of 1 lr (0.1) none lies inside its grid; add lr 0.05 and 0.2',)
    """
    grid = sorted(lrs)
    if not 0 < len(grid) < INSIDE:
        return ()
    beyond = sorted({*lrs_beyond(grid, grid[0]), *lrs_beyond(grid, grid[-1])})
    shown, more = ", ".join(f"{lr:g}" for lr in grid), " and ".join(f"{lr:g}" for lr in beyond)
    return (f"condition 1 cannot hold: of {count(len(grid), 'lr')} ({shown}) none lies inside its grid; add lr {more}",)
