"""Modules on a GPU: one step of a replica is one captured graph, and replicas are replayed side by side.

Data, order and augmentation lie on the device, a step reads them at a counter (`lthcheck.training.stepping`), and the
host is asked for nothing from the first step of an `advance` to its last, or to the end of the epoch.
`lthcheck.training.train` ends an `advance` about twice a second, to tell how far it is. Lanes (`training.lane`)
carry the replicas; how many there are is measured (`lthcheck.training.width`), and halves when memory runs out:
replicas that share a lane take turns.

On a CPU the same steps are called one by one. All of it but the capture is tested there; nothing here has run on a GPU.
Networks that draw while they train, those of the user's own (which may ask the host for anything) and data that are
streamed from disk train eagerly instead, in `lthcheck.training.module`.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

from lthcheck.data.resident import Resident
from lthcheck.run import Run
from lthcheck.training import width
from lthcheck.training.arithmetic import arithmetic
from lthcheck.training.contract import Evaluation, Replica, State
from lthcheck.training.lane import Lane, Launch, lane, unchanged
from lthcheck.training.layout import overruns
from lthcheck.training.order import Order
from lthcheck.training.stepping import Stepping
from lthcheck.training.threads import threads

MEASURED_FROM = 2000  # steps that a training has left, for which lanes are measured: some 3 s of 20 a replica
MEASURED_STEPS, MEASURED_SECONDS = 50, 0.2  # of each number of lanes: a burst, and all bursts
UNMEASURED = 4  # lanes of a short training


class Graphed:
    """The backend of modules whose steps can be captured; see `contract.Backend`.

    Attributes:
        lanes: how many replicas are replayed side by side; None before the first step.
    """

    def __init__(
        self,
        build: Callable[[Run], nn.Module],
        replicas: list[Replica],
        data: Resident,
        order: Order,
        *,
        make: Callable[[torch.device], Lane] = lane,
    ) -> None:
        self.replicas, self.data, self.order = replicas, data, order
        self.looks = 0
        self.lanes: int | None = None
        self._make = make
        self.precision, self.device = replicas[0].run.training.precision, data.device
        made = [build(replica.run) for replica in replicas]
        layouts = [self._layout(module) for module in made]
        self.steppings = [Stepping(*each) for each in zip(made, replicas, [data] * len(made), layouts, strict=True)]
        self._carried: list[_Carried] = []
        self._shown = -1  # the epoch whose first batch was told last

    def _layout(self, module: nn.Module) -> torch.memory_format:
        flawed = self.device.type == "cpu" and overruns(module)
        return torch.channels_last if len(self.data.shape) == 3 and not flawed else torch.contiguous_format

    def advance(self, first: int, last: int) -> None:
        """See `contract.Backend.advance`; it ends when the device has taken the steps."""
        with arithmetic(self.precision, self.device), threads(self.replicas[0].run.training.threads):
            step = first
            while step < last:
                end = min(last, self.order.epoch_end(step))
                self._through(step, end)
                step = end

    def _through(self, first: int, last: int) -> None:
        """Trains within one epoch."""
        epoch, spe = self.order.epoch(first), self.order.steps_per_epoch
        rows = self.order.enter(epoch)
        for row, stepping in zip(rows, self.steppings, strict=True):
            stepping.enter(first, place=first - epoch * spe, epoch=epoch, row=row)
        if not self._carried:
            self._carried = self._recorded(first)
        told = epoch == self._shown or self.data.augmentation == "none"
        shown: list[tuple[int, Tensor]] = []
        for each in self._carried:
            each.lane.begin()
        for step in range(first, last):
            full = step - epoch * spe < self.steppings[0].full
            for index, each in enumerate(self._carried):
                seen = (each.full if full else each.tail)()
                if step == first and not told:
                    shown.append((index, each.lane.copy(seen)))
        for each in self._carried:
            each.lane.end()
        reached: list[int] = torch.stack([each.counter[0] for each in self.steppings]).tolist()
        # what the device counted; of replicas that disagree one that strayed, which the rule "budget" tells
        self.order.handed_out += min(reached, key=lambda each: each == last) - first
        for index, x in shown:
            self.order.given(first, index, x)
        self._shown = epoch

    def _recorded(self, first: int) -> list[_Carried]:
        """Makes every replica's steps ready, on as many lanes as are best."""
        if self.device.type != "cuda":
            return self._on(len(self.replicas))
        most = min(width.MOST, len(self.replicas))
        if most > 1:
            most = min(most, 1 + width.fitting(*self._memory()))
        if self.replicas[0].run.training.steps - first < MEASURED_FROM or not self.steppings[0].full:
            return self._on(min(most, UNMEASURED))
        carried = self._on(most)
        assert self.lanes is not None
        seconds = {lanes: self._timed(carried[:lanes]) for lanes in width.tried(self.lanes)}
        chosen = width.best(len(self.replicas), seconds)
        if chosen == self.lanes:
            return carried
        del carried
        return self._on(chosen)

    def _memory(self) -> tuple[int, int]:
        """Bytes that are free beside one lane, and bytes that the lane takes."""
        self._freed()
        before = torch.cuda.memory_reserved(self.device)
        carried = self._carry(0, self._make(self.device))
        self._freed()
        taken = torch.cuda.memory_reserved(self.device) - before
        free = torch.cuda.mem_get_info(self.device)[0]
        del carried
        return free, taken

    def _on(self, lanes: int) -> list[_Carried]:
        """The replicas on so many lanes, or half as many where memory is short.

        Raises:
            torch.OutOfMemoryError: if it is too short for one.
        """
        while True:
            try:
                made = [self._make(self.device) for _ in range(lanes)]
                carried = [self._carry(index, made[index % lanes]) for index in range(len(self.replicas))]
            except Exception as error:
                if not _is_shortage(error) or lanes == 1:
                    raise
            else:
                self.lanes = lanes
                return carried
            # out of the except block, whose traceback holds on to what was captured
            self._freed()
            warnings.warn(
                f"memory was short for {lanes} replicas side by side; {lanes // 2} go side by side, the others after "
                "them (results are the same)",
                stacklevel=2,
            )
            lanes //= 2

    def _carry(self, index: int, on: Lane) -> _Carried:
        stepping = self.steppings[index]
        state = stepping.state_tensors()
        full = on.record(stepping, stepping.counter, state) if stepping.full else stepping
        tail = on.record(stepping.tail, stepping.counter, state) if stepping.left else stepping.tail
        return _Carried(on, full, tail)

    def _freed(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
            torch.cuda.empty_cache()

    def _timed(self, carried: list[_Carried]) -> float:
        """Seconds that a step takes when one replica a lane takes it at once; nothing is changed by it."""
        steppings = self.steppings[: len(carried)]
        burst = min(MEASURED_STEPS, steppings[0].full, self.replicas[0].run.training.steps)
        with unchanged([tensor for stepping in steppings for tensor in stepping.state_tensors()]):
            taken, began = 0, time.perf_counter()
            while time.perf_counter() - began < MEASURED_SECONDS:
                for stepping in steppings:
                    stepping.counter.zero_()
                for each in carried:
                    each.lane.begin()
                for _ in range(burst):
                    for each in carried:
                        each.full()
                for each in carried:
                    each.lane.end()
                self.steppings[0].counter.tolist()  # waits for the device
                taken += burst
            return (time.perf_counter() - began) / taken

    def evaluate(self) -> list[Evaluation]:
        """See `contract.Backend.evaluate`."""
        self.looks += len(self.replicas)
        with arithmetic(self.precision, self.device), threads(self.replicas[0].run.training.threads):
            return [stepping.evaluate() for stepping in self.steppings]

    def digest_of_test(self) -> str:
        """See `contract.Backend.digest_of_test`."""
        return self.data.digest_of_test()

    def state(self, replica: int) -> State:
        """See `contract.Backend.state`."""
        return self.steppings[replica].state()

    def load(self, replica: int, state: State) -> None:
        """See `contract.Backend.load`."""
        self.steppings[replica].load(state)


class _Carried:
    """A replica's steps on a lane: a full batch, and the partial one at the end of an epoch."""

    def __init__(self, on: Lane, full: Launch, tail: Launch) -> None:
        self.lane, self.full, self.tail = on, full, tail


def _is_shortage(error: BaseException | None) -> bool:
    """Whether memory ran out: what fails in a capture may be told by what fails when the capture is ended."""
    while error is not None:
        if isinstance(error, torch.OutOfMemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False
