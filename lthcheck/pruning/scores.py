"""What ranks weights: one score a weight, higher is kept longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from lthcheck.names import known

Tensors = Mapping[str, Tensor]
_NONE: Tensors = {}


def magnitude(weights: Tensors, gradients: Tensors = _NONE) -> dict[str, Tensor]:
    """|w| (Han et al. 2015)."""
    return {name: weight.abs() for name, weight in weights.items()}


def snip(weights: Tensors, gradients: Tensors = _NONE) -> dict[str, Tensor]:
    """|w dL/dw|, the loss's sensitivity to taking the weight away (Lee et al. 2019, eq. 6; not normalised)."""
    return {name: (weight * gradients[name]).abs() for name, weight in weights.items()}


SCORES: dict[str, Callable[[Tensors, Tensors], dict[str, Tensor]]] = {"magnitude": magnitude, "snip": snip}


def score(name: str, weights: Tensors, gradients: Tensors = _NONE) -> dict[str, Tensor]:
    """The scores of some layers' weights, of the same shapes.

    Args:
        gradients: d loss / d w by layer, for the scores that need it.

    Raises:
        ValueError: for a score that does not exist.
    """
    return SCORES[known("score", name, SCORES)](weights, gradients)
