"""What scores of pruning at initialisation need: the gradient of the loss over some training samples."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from lthcheck import draws, zoo
from lthcheck.data.samples import Samples
from lthcheck.run import Network
from lthcheck.training.threads import threads

SAMPLES = 128  # Lee et al. 2019, sec. 5: one mini-batch, of 100 samples for MNIST and 128 for CIFAR-10

Batch = tuple[Tensor, Tensor]
"""Inputs and labels."""


def batch(data: Samples, seed: int) -> Batch:
    """The training samples that a score of this seed looks at: at most `SAMPLES`, as they are."""
    chosen = draws.permutation(draws.stream(seed, "score"), len(data.y_train))[:SAMPLES]
    return data.plain_batch(chosen)


def gradients(network: Network, weights: Mapping[str, Tensor], batch: Batch) -> dict[str, Tensor]:
    """The gradient d loss / d w by parameter name, float64 on the CPU; zero where the loss does not depend on w."""
    module = _module(network, weights)
    _loss(module, batch).backward()  # type: ignore[no-untyped-call]
    return {name: torch.zeros_like(p) if p.grad is None else p.grad for name, p in module.named_parameters()}


def derivative(network: Network, weights: Mapping[str, Tensor], along: Collection[str], batch: Batch) -> float:
    """How the loss changes as the layers `along` all grow by a factor, at 1: by a difference, without autograd."""
    step = 1e-5

    def at(factor: float) -> float:
        scaled = {name: weight * factor if name in along else weight for name, weight in weights.items()}
        with torch.no_grad():
            return float(_loss(_module(network, scaled), batch))

    return (at(1 + step) - at(1 - step)) / (2 * step)


def _module(network: Network, weights: Mapping[str, Tensor]) -> nn.Module:
    module = zoo.build(network).double()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(weights[name])
    return module


def _loss(module: nn.Module, batch: Batch) -> Tensor:
    """The mean cross-entropy over a batch, in nats."""
    x, y = batch
    # one thread, since more would add in another order; one seed, for a dropout of the user's
    with threads(1), draws.seeded(0):
        return functional.cross_entropy(module(x.double()), y)
