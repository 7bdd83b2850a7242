"""Which samples a step sees: shuffled afresh each epoch, as a function of (seed, epoch)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor

from lthcheck import draws
from lthcheck.run import Training
from lthcheck.steps import steps_per_epoch


class Order:
    """The order streams of some seeds over one training set.

    `digests` holds, by seed and epoch, the hash of the order that was drawn, and of some samples as they are augmented:
    the arms of a replicate must agree.

    Args:
        augmented: some samples as a seed and an epoch augment them; None where nothing is augmented.
    """

    def __init__(
        self,
        seeds: list[int],
        samples: int,
        training: Training,
        device: torch.device,
        augmented: Callable[[int, int], Tensor] | None = None,
    ) -> None:
        self.seeds = seeds
        self.samples = samples
        self.batch = training.batch
        self.steps_per_epoch = steps_per_epoch(samples, training.batch, training.last_batch)
        self.device = device
        self.digests: dict[int, dict[int, str]] = {seed: {} for seed in seeds}
        self.handed_out = 0  # batches, over all steps
        self._augmented = augmented
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

    def _enter(self, epoch: int) -> None:
        self._rows = {kept: rows for kept, rows in self._rows.items() if kept == epoch}
        self.ahead(epoch * self.steps_per_epoch)
        for seed, row in dict(zip(self.seeds, self._rows[epoch], strict=True)).items():
            seen = hashlib.sha256(row.cpu().numpy().tobytes())
            if self._augmented is not None:
                seen.update(self._augmented(seed, epoch).cpu().contiguous().view(torch.uint8).numpy().tobytes())
            self.digests[seed][epoch] = seen.hexdigest()[:16]
        self._epoch = epoch

    def epoch(self, step: int) -> int:
        """The epoch that `step` lies in."""
        return step // self.steps_per_epoch

    def epoch_end(self, step: int) -> int:
        """The first step after the epoch that `step` lies in."""
        return (self.epoch(step) + 1) * self.steps_per_epoch


def digest(epochs: dict[int, str]) -> str:
    """One hash for the orders of all epochs of a run."""
    return hashlib.sha256("".join(epochs[epoch] for epoch in sorted(epochs)).encode()).hexdigest()
