"""The estimate: how long the trainer pool takes for some plans, by going through its schedule without training."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from lthcheck.execute.pace import Paces
from lthcheck.execute.plan import Job, Plan
from lthcheck.execute.stacking import Ready, signature


def makespan(plans: Iterable[Plan], paces: Paces, trainers: int) -> float:
    """Seconds until plans are trained, one after the other, by one pool."""
    pool = _Pool(paces, trainers)
    for plan in plans:
        pool.train(plan)
    return pool.now


class _Pool:
    """Trainers that take as long as trainers do, and do nothing."""

    def __init__(self, paces: Paces, size: int) -> None:
        self.paces, self.size = paces, size
        self.now, self.started = 0.0, 0
        self.idle: list[int] = []
        self.holds: set[tuple[int, str]] = set()  # which trainer has which data set

    def train(self, plan: Plan) -> None:
        waits = {key: set(before) for key, before in plan.waits.items()}
        followers = plan.followers()
        ready = Ready(plan.priorities(), {key: signature(job) for key, job in plan.jobs.items()})
        for key, before in waits.items():
            if not before:
                ready.add(key)
        working: list[tuple[float, int, list[str]]] = []  # end, trainer, stack

        def largest(key: str) -> int:
            return self.paces.largest(plan.jobs[key].run)

        while ready or working:
            while ready and (self.idle or self.started < self.size):
                stack = ready.next(largest=largest, trainers=self.size)
                trainer, seconds = self._work(plan.jobs[stack[0]], len(stack))
                heapq.heappush(working, (self.now + seconds, trainer, stack))
            self.now, trainer, stack = heapq.heappop(working)
            self.idle.append(trainer)
            for follower in (follower for key in stack for follower in followers[key]):
                waits[follower] -= set(stack)
                if not waits[follower]:
                    ready.add(follower)

    def _work(self, job: Job, replicas: int) -> tuple[int, float]:
        """Who trains a stack of jobs like this, and for how long."""
        seconds = self.paces.seconds(job, replicas)
        if self.idle:
            trainer = self.idle.pop(0)
        else:
            trainer, self.started = self.started, self.started + 1
            seconds += self.paces.start
        if (trainer, job.run.data.key) not in self.holds:
            self.holds.add((trainer, job.run.data.key))
            seconds += self.paces.load(job.run)
        return trainer, seconds
