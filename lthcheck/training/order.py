"""Which samples a step sees: shuffled afresh each epoch, as a function of (seed, epoch)."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from lthcheck import draws
from lthcheck.run import Training
from lthcheck.steps import steps_per_epoch


class Order:
    """The order streams of some seeds over one training set.

    `digests` holds, by seed and epoch, the hash of the order that was drawn: the arms of a replicate must agree.
    """

    def __init__(self, seeds: list[int], samples: int, training: Training, device: torch.device) -> None:
        self.seeds = seeds
        self.samples = samples
        self.batch = training.batch
        self.steps_per_epoch = steps_per_epoch(samples, training.batch, training.last_batch)
        self.device = device
        self.digests: dict[int, dict[int, str]] = {seed: {} for seed in seeds}
        self.handed_out = 0  # batches, over all steps
        self._epoch = -1
        self._rows = torch.empty(0)

    def at(self, step: int) -> Tensor:
        """The samples of one step: int64 of shape `(seed, batch)`."""
        self.handed_out += 1
        epoch, place = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            rows = {
                seed: draws.permutation(draws.stream(seed, "order", epoch), self.samples, device=self.device)
                for seed in dict.fromkeys(self.seeds)
            }
            for seed, row in rows.items():
                self.digests[seed][epoch] = hashlib.sha256(row.cpu().numpy().tobytes()).hexdigest()[:16]
            self._rows = torch.stack([rows[seed] for seed in self.seeds])  # (seed, sample)
            self._epoch = epoch
        return self._rows[:, place * self.batch : (place + 1) * self.batch]

    def epoch_end(self, step: int) -> int:
        """The first step after the epoch that `step` lies in."""
        return (step // self.steps_per_epoch + 1) * self.steps_per_epoch


def digest(epochs: dict[int, str]) -> str:
    """One hash for the orders of all epochs of a run."""
    return hashlib.sha256("".join(epochs[epoch] for epoch in sorted(epochs)).encode()).hexdigest()
