"""The batches of replicas, announced before they are asked for: data that lie in files are read meanwhile."""

from __future__ import annotations

from torch import Tensor

from lthcheck.data.samples import Samples
from lthcheck.training.order import Order

AHEAD = 4  # steps from the announcement of a batch to its use


class Batches:
    """The training batches of some replicas, in the order that `order` says, up to step `last`."""

    def __init__(self, data: Samples, order: Order, last: int) -> None:
        self.data, self.order, self.last = data, order, last
        self._told: dict[int, int] = {}  # by replica, the last step whose batch was announced

    def at(self, step: int, replica: int, index: Tensor) -> tuple[Tensor, Tensor]:
        """What a replica sees in a step.

        Args:
            index: `order.at(step)[replica]`.

        Returns:
            Inputs (batch, *shape) and labels (batch,).
        """
        seed, until = self.order.seeds[replica], min(step + AHEAD, self.last - 1)
        told = self._told.get(replica, -1)
        for later in range((told if step <= told <= until else step) + 1, until + 1):
            self.data.ahead(self.order.ahead(later)[replica], seed=seed, epoch=self.order.epoch(later))
        self._told[replica] = until
        return self.data.train_batch(index, seed=seed, epoch=self.order.epoch(step))
