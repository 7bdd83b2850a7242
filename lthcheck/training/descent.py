"""Optimisers over one buffer of all parameters, whose learning rates are read on the device, at a counter of steps.

SGD with momentum and Adam as torch.optim has them, weight decay added to the gradient (L2). The gradient is masked
after the weight decay, so that a pruned weight never moves, whatever its value is. What depends on the step alone is
computed before, in float64: a step multiplies, and asks the host for nothing.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lthcheck.run import Training
from lthcheck.training.schedule import learning_rates


class Descent(Protocol):
    """One optimiser.

    Attributes:
        slots: its state by name, buffers like the weights.
    """

    slots: dict[str, Tensor]

    def step(self, weights: Tensor, gradient: Tensor, at: Tensor) -> None:
        """Changes the weights, and the gradient too.

        Args:
            at: the step, int64 of shape (1,), on the device.
        """


def descent(training: Training, weights: Tensor, mask: Tensor | None) -> Descent:
    """The optimiser of a training, before its first step.

    Args:
        mask: like the weights, 1 where one stays and 0 where it is pruned; None where all stay.
    """
    return (_Adam if training.optimiser.name == "adam" else _Sgd)(training, weights, mask)


class _Sgd:
    def __init__(self, training: Training, weights: Tensor, mask: Tensor | None) -> None:
        self.kind, self.mask = training.optimiser, mask
        self.rates = _table(learning_rates(training, 0, training.steps), weights)
        self.slots = {"momentum_buffer": torch.zeros_like(weights)} if self.kind.momentum else {}

    def step(self, weights: Tensor, gradient: Tensor, at: Tensor) -> None:
        """See `Descent.step`."""
        _regularised(gradient, weights, self.kind.weight_decay, self.mask)
        towards = gradient
        if self.kind.momentum:
            towards = self.slots["momentum_buffer"].mul_(self.kind.momentum).add_(gradient)
        weights.addcmul_(towards, self.rates.index_select(0, at), value=-1)


class _Adam:
    def __init__(self, training: Training, weights: Tensor, mask: Tensor | None) -> None:
        self.kind, self.mask = training.optimiser, mask
        first, second = self.kind.betas
        # Adam counts from where the training begins, as the state begins anew there
        taken = np.maximum(np.arange(training.steps) - training.first_step + 1, 1).astype(np.float64)
        rates = learning_rates(training, 0, training.steps) / (1 - np.power(first, taken))
        self.rates = _table(rates, weights)
        self.scales = _table(1 / np.sqrt(1 - np.power(second, taken)), weights)
        self.slots = {name: torch.zeros_like(weights) for name in ("exp_avg", "exp_avg_sq")}

    def step(self, weights: Tensor, gradient: Tensor, at: Tensor) -> None:
        """See `Descent.step`."""
        _regularised(gradient, weights, self.kind.weight_decay, self.mask)
        first, second = self.kind.betas
        mean, square = self.slots["exp_avg"], self.slots["exp_avg_sq"]
        mean.lerp_(gradient, 1 - first)
        square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        root = square.sqrt().mul_(self.scales.index_select(0, at)).add_(self.kind.eps)
        weights.addcmul_(torch.div(mean, root, out=root), self.rates.index_select(0, at), value=-1)


def _regularised(gradient: Tensor, weights: Tensor, decay: float, mask: Tensor | None) -> None:
    if decay:
        gradient.add_(weights, alpha=decay)
    if mask is not None:
        gradient.mul_(mask)


def _table(values: NDArray[np.float64], like: Tensor) -> Tensor:
    """By step; one entry at least, since what is not trained is captured as well."""
    return torch.from_numpy(np.append(values, 0.0)).to(like.device, like.dtype)
