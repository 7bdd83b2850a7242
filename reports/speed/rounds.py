"""Bursts of all sides in turn, so that a busy moment of the machine hits each of them, within a budget of time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reports.speed.case import Steps

EPOCH_AT_MOST = 5  # bursts' length, for an epoch to be measured as a whole


@dataclass(frozen=True)
class Side:
    """What trains: "plain", "good", or "ours" with so many replicas and in a precision."""

    name: str
    replicas: int
    precision: str
    steps: Steps

    @property
    def title(self) -> str:
        return f"{self.name} {self.precision}, {self.replicas}"


@dataclass(frozen=True)
class Row:
    """What was measured of a side.

    Attributes:
        epoch: steps of an epoch.
        burst: steps of each replica between two looks at the clock.
        seconds: a replica-step, one number a round.
        faster: times a plain loop and times a good loop of the same round; one pair a round, 0 where there is none.
    """

    model: str
    side: str
    replicas: int
    precision: str
    epoch: int
    burst: int
    seconds: tuple[float, ...]
    faster: tuple[tuple[float, float], ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Budget:
    """Seconds, from now on."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "began", self.clock())

    @property
    def left(self) -> float:
        return self.seconds - (self.clock() - self.began)


def taken(steps: Steps, count: int) -> float:
    """Seconds that so many steps take."""
    began = time.perf_counter()
    steps(count)
    return time.perf_counter() - began


def pace(steps: Steps, seconds: float) -> float:
    """Seconds a step, warm: what a side does first is left out."""
    count = 1
    steps(count)
    while (spent := taken(steps, count)) < seconds / 4:
        count *= 4
    return spent / count


def burst(step: float, epoch: int, seconds: float) -> int:
    """Steps: whole epochs where these are short, since what a side does once an epoch is part of it."""
    if step * epoch <= EPOCH_AT_MOST * seconds:
        return epoch * max(1, round(seconds / (step * epoch)))
    return max(1, round(seconds / step))


def fitting(costs: Mapping[str, float], needed: Sequence[str], left: float) -> list[str]:
    """What fits into the seconds that are left: the dearest goes first, what is needed never; [] where that is dear."""
    kept = dict(costs)
    while sum(kept.values()) > left:
        others = [name for name in kept if name not in needed]
        if not others:
            return []
        del kept[max(others, key=kept.__getitem__)]
    return list(kept) if set(kept) - set(needed) else []


def interleaved(model: str, sides: Sequence[tuple[Side, int]], epoch: int, rounds: int) -> list[Row]:
    """Measures each side once a round, by as many steps as stand beside it."""
    seconds: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for (side, count), found in zip(sides, seconds, strict=True):
            found.append(taken(side.steps, count) / (count * side.replicas))
    loops = {side.name: found for (side, _), found in zip(sides, seconds, strict=True)}
    rows = []
    for (side, count), found in zip(sides, seconds, strict=True):
        others = [loops.get(name, [0.0] * rounds) for name in ("plain", "good")]
        faster = tuple((plain / own, good / own) for own, plain, good in zip(found, *others, strict=True))
        rows.append(Row(model, side.name, side.replicas, side.precision, epoch, count, tuple(found), faster))
    return rows
