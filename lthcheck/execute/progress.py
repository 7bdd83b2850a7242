"""What has been trained of what is planned."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from lthcheck.duration import duration
from lthcheck.protocol import ProtocolViolation


@dataclass
class Progress:
    """What the pool has done so far.

    Attributes:
        planned: trainings that the plan holds.
        trained: trainings finished here.
        finished: their run keys.
        elsewhere: trainings that another process on the same store finished.
        replica_steps: optimiser steps, over all replicas.
        due: replica steps of all planned trainings.
    """

    planned: int = 0
    trained: int = 0
    elsewhere: int = 0
    replica_steps: int = 0
    due: int = 0
    began: float = field(default_factory=time.monotonic)
    finished: set[str] = field(default_factory=set)
    violations: list[ProtocolViolation] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Since the pool began."""
        return time.monotonic() - self.began

    def __str__(self) -> str:
        """One line: trainings done of planned, throughput, and the time left at that pace."""
        done = self.trained + self.elsewhere
        pace = self.replica_steps / max(self.seconds, 1e-9)
        text = f"{done} of {self.planned} trainings, {pace:,.0f} replica-steps/s"
        left = self.due - self.replica_steps
        return f"{text}, {duration(left / pace)} left" if pace and left > 0 else text
