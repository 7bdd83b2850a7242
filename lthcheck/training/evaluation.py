"""A module on the test split."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional

from lthcheck.data.samples import Samples
from lthcheck.training.contract import Evaluation
from lthcheck.training.module import EVALUATE_AT_ONCE, EVALUATE_NUMBERS


def evaluated(module: nn.Module, data: Samples, inputs: Callable[[Tensor], Tensor], weights: Tensor) -> Evaluation:
    """The module in evaluation mode on all test samples; the host reads what came out once, at the end.

    Args:
        inputs: what the module is given of a batch.
        weights: that must be finite as well.
    """
    module.eval()
    correct: list[Tensor] = []
    losses: list[Tensor] = []
    finite = torch.isfinite(weights).all()
    at_once = min(EVALUATE_AT_ONCE, max(1, EVALUATE_NUMBERS // prod(data.shape)))
    with torch.no_grad():
        for x, y in data.test_batches(at_once):
            out = module(inputs(x)).double()
            finite = finite & torch.isfinite(out).all()
            correct.append(out.argmax(1) == y)
            losses.append(functional.cross_entropy(out, y, reduction="sum"))
    hits = torch.cat(correct).cpu()
    return Evaluation(hits, float(torch.stack(losses).sum()) / len(hits), bool(finite))
