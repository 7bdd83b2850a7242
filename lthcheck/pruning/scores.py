"""What ranks weights: one score a weight, higher is kept longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from lthcheck.names import known

Tensors = Mapping[str, Tensor]
_NONE: Tensors = {}


def magnitude(weights: Tensors, gradients: Tensors = _NONE, alive: Tensors = _NONE) -> dict[str, Tensor]:
    """|w| (Han et al. 2015)."""
    return {name: weight.abs() for name, weight in weights.items()}


def snip(weights: Tensors, gradients: Tensors = _NONE, alive: Tensors = _NONE) -> dict[str, Tensor]:
    """|w dL/dw|, the loss's sensitivity to taking the weight away (Lee et al. 2019, eq. 6; not normalised)."""
    return {name: (weight * gradients[name]).abs() for name, weight in weights.items()}


def lamp(weights: Tensors, gradients: Tensors = _NONE, alive: Tensors = _NONE) -> dict[str, Tensor]:
    """w_u^2 / sum of w_v^2 over the weights v of the layer that are left when all smaller than u are gone.

    Lee et al. 2021, "Layer-adaptive sparsity for the magnitude-based pruning". The largest weight of a layer scores 1,
    so that a ranking over all layers keeps at least one weight in each as long as it can. Of equal weights the first
    scores highest. What was pruned before scores 0 and is in no sum. In float64: of a million weights a float32 sum has
    lost what the smallest add.
    """
    return {name: _lamp(weight, alive.get(name)) for name, weight in weights.items()}


def _lamp(weight: Tensor, alive: Tensor | None) -> Tensor:
    squares = weight.double().square().flatten()
    if alive is not None:
        squares = torch.where(alive.flatten(), squares, torch.zeros_like(squares))
    ranked, order = torch.sort(squares, descending=True, stable=True)
    left = ranked.cumsum(0)  # of the weight at a rank and all that are larger
    scores = torch.zeros_like(squares)
    scores[order] = torch.where(left > 0, ranked / left, left)
    return scores.view_as(weight)


SCORES: dict[str, Callable[[Tensors, Tensors, Tensors], dict[str, Tensor]]] = {
    "magnitude": magnitude,
    "lamp": lamp,
    "snip": snip,
}


def score(name: str, weights: Tensors, gradients: Tensors = _NONE, alive: Tensors = _NONE) -> dict[str, Tensor]:
    """The scores of some layers' weights, of the same shapes.

    Args:
        gradients: d loss / d w by layer, for the scores that need it.
        alive: the mask so far, where a score depends on what was pruned before; a layer without one is whole.

    Raises:
        ValueError: for a score that does not exist.
    """
    return SCORES[known("score", name, SCORES)](weights, gradients, alive)
