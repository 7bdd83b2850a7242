"""Steps: how many an epoch has, and at which one a part or a moment of a training lies; exact, in whole numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

MOST_PARTS = 10**9  # a fraction such as 80/150 is a float of 16 digits; so many parts tell it from its neighbours


def steps_per_epoch(samples: int, batch: int, last_batch: Literal["drop", "keep"]) -> int:
    """Full batches in an epoch, and the partial one where it is kept.

    Raises:
        ValueError: for fewer samples than a batch, none of which would ever be seen if the partial batch is dropped.

    >>> steps_per_epoch(50_000, 128, "drop"), steps_per_epoch(50_000, 128, "keep")
    (390, 391)
    """
    full, left = divmod(samples, batch)
    if last_batch == "keep":
        return full + (left > 0)
    if not full:
        raise ValueError(f"batch={batch} must not exceed the {samples} training samples; take smaller batches")
    return full


def part(fraction: float, steps: int) -> int:
    """The step at which a fraction of a training is over, to the nearest one, halves to the even one.

    80 of 150 epochs are step 80 * steps_per_epoch, though 80 / 150 is no float.

    >>> part(80 / 150, 150 * 391) == 80 * 391
    True
    """
    return round(Fraction(fraction).limit_denominator(MOST_PARTS) * steps)


@dataclass(frozen=True)
class Moment:
    """A moment of a training, counted from its beginning in epochs or in steps."""

    count: int
    unit: Literal["epochs", "steps"]

    def step(self, steps_per_epoch: int, total: int) -> int:
        """The step that it is: so many steps have been taken.

        Args:
            total: steps of the training.

        Raises:
            ValueError: if it lies after the end.
        """
        step = self.count * (steps_per_epoch if self.unit == "epochs" else 1)
        if step > total:
            length = f"the training, which has {total} steps (an epoch has {steps_per_epoch})"
            raise ValueError(f"rewind='{self.count} {self.unit}' must lie in {length}; rewind to an earlier one")
        return step


def moment(text: str) -> Moment:
    """The moment that a text names.

    Raises:
        TypeError: for what is no text.
        ValueError: for a text that names none.

    >>> moment("8 epochs"), moment("500 steps")
    (Moment(count=8, unit='epochs'), Moment(count=500, unit='steps'))
    """
    if not isinstance(text, str):
        raise TypeError(f"rewind={text!r} must be a text, e.g. '8 epochs'")
    found = re.fullmatch(r"([0-9]{1,12}) (epoch|step)s?", text)
    if found is None:
        raise ValueError(f"rewind={text!r} must be a whole number of epochs or steps; write '8 epochs' or '500 steps'")
    return Moment(int(found[1]), "epochs" if found[2] == "epoch" else "steps")
