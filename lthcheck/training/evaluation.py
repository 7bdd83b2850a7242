"""A module on the test split."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

from lthcheck.data.samples import Samples
from lthcheck.training.contract import Evaluation

AT_ONCE = 1000  # samples, and fewer where they are large:
NUMBERS = 2**25  # in their inputs; 222 pictures of 224x224


def evaluated(
    module: nn.Module, data: Samples, inputs: Callable[[Tensor], Tensor], weights: Iterable[Tensor]
) -> Evaluation:
    """The module in evaluation mode on all test samples; the host reads what came out once, at the end.

    Args:
        inputs: what the module is given of a batch.
        weights: that must be finite as well.
    """
    module.eval()
    correct: list[Tensor] = []
    losses: list[Tensor] = []
    at_once = min(AT_ONCE, max(1, NUMBERS // prod(data.shape)))
    with torch.no_grad():
        finite = torch.stack([torch.isfinite(tensor).all() for tensor in weights]).all()
        for x, y in data.test_batches(at_once):
            out = module(inputs(x)).double()
            finite = finite & torch.isfinite(out).all()
            correct.append(out.argmax(1) == y)
            losses.append(functional.cross_entropy(out, y, reduction="sum"))
    hits = torch.cat(correct).cpu()
    return Evaluation(hits, sum(torch.stack(losses).tolist()) / len(hits), bool(finite))
