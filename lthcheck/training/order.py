"""Which samples a step sees: shuffled afresh each epoch, as a function of (seed, epoch)."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from lthcheck import draws
from lthcheck.data.samples import Samples
from lthcheck.run import Training
from lthcheck.steps import steps_per_epoch

PROBED = 16  # samples; a crop and flip leaves one as it is in 1 of 162


class Order:
    """The order streams of some seeds over one training set.

    `digests` holds, by seed and epoch, the hash of the order that was drawn, and of some samples as they are augmented:
    the arms of a replicate must agree.

    Args:
        augmented: the data, where they are augmented.
    """

    def __init__(
        self,
        seeds: list[int],
        samples: int,
        training: Training,
        device: torch.device,
        augmented: Samples | None = None,
    ) -> None:
        self.seeds = seeds
        self.samples = samples
        self.batch = training.batch
        self.steps_per_epoch = steps_per_epoch(samples, training.batch, training.last_batch)
        self.device = device
        self.digests: dict[int, dict[int, str]] = {seed: {} for seed in seeds}
        self.handed_out = 0  # batches, over all steps
        self._augmented = augmented
        self._given: dict[tuple[int, int], bool] = {}  # by replica and epoch, whether it was as `given` asks
        self._epoch = -1
        self._rows: dict[int, Tensor] = {}  # of this epoch, and of the next where it was asked for

    def at(self, step: int) -> Tensor:
        """The samples of one step: int64 of shape `(seed, batch)`."""
        self.handed_out += 1
        epoch = self.epoch(step)
        if epoch != self._epoch:
            self._enter(epoch)
        return self.ahead(step)

    def ahead(self, step: int) -> Tensor:
        """As `at`, of a step that is still to come: nothing is handed out yet."""
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch not in self._rows:
            rows = {
                seed: draws.permutation(draws.stream(seed, "order", epoch), self.samples, device=self.device)
                for seed in dict.fromkeys(self.seeds)
            }
            self._rows[epoch] = torch.stack([rows[seed] for seed in self.seeds])  # (seed, sample)
        return self._rows[epoch][:, place * self.batch : (place + 1) * self.batch]

    def enter(self, epoch: int) -> Tensor:
        """The samples of a whole epoch: int64 of shape `(seed, sample)`.

        For a backend that hands them out on its device, and counts in `handed_out` what it handed out there.
        """
        if epoch != self._epoch:
            self._enter(epoch)
        return self._rows[epoch]

    def _enter(self, epoch: int) -> None:
        self._rows = {kept: rows for kept, rows in self._rows.items() if kept == epoch}
        self.ahead(epoch * self.steps_per_epoch)
        for seed, row in dict(zip(self.seeds, self._rows[epoch], strict=True)).items():
            seen = hashlib.sha256(row.cpu().numpy().tobytes())
            if self._augmented is not None:
                probe = torch.arange(min(PROBED, self.samples), device=self.device)
                x, _ = self._augmented.train_batch(probe, seed=seed, epoch=epoch)
                seen.update(x.cpu().contiguous().view(torch.uint8).numpy().tobytes())
            self.digests[seed][epoch] = seen.hexdigest()[:16]
        self._epoch = epoch

    def given(self, step: int, replica: int, x: Tensor) -> None:
        """Says what goes into a replica's network in a step, where it is augmented.

        The first batch of each epoch is held against the data: it is, bit by bit, what they give for seed and epoch,
        and not the samples as they are.

        Args:
            x: the inputs, (batch, ...), in the format that the network computes in.
        """
        seed, epoch = self.seeds[replica], self.epoch(step)
        if self._augmented is None or (replica, epoch) in self._given:
            return
        index = self.ahead(step)[replica]
        due, _ = self._augmented.train_batch(index, seed=seed, epoch=epoch)
        plain, _ = self._augmented.plain_batch(index[:PROBED])
        idle = len(plain) == PROBED and torch.equal(due[:PROBED], plain)
        self._given[replica, epoch] = torch.equal(x.reshape(due.shape), due.to(x.dtype)) and not idle

    def not_augmented(self, replica: int, first: int, last: int) -> list[int]:
        """The epochs, of steps from `first` to before `last`, in which a replica was not given what is due."""
        if self._augmented is None or first == last:
            return []
        epochs = range(self.epoch(first), self.epoch(last - 1) + 1)
        return [epoch for epoch in epochs if not self._given.get((replica, epoch), False)]

    def epoch(self, step: int) -> int:
        """The epoch that `step` lies in."""
        return step // self.steps_per_epoch

    def epoch_end(self, step: int) -> int:
        """The first step after the epoch that `step` lies in."""
        return (self.epoch(step) + 1) * self.steps_per_epoch


def digest(epochs: dict[int, str]) -> str:
    """One hash for the orders of all epochs of a run."""
    return hashlib.sha256("".join(epochs[epoch] for epoch in sorted(epochs)).encode()).hexdigest()
