"""What ranks weights: one score a weight, higher is kept longer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from lthcheck.names import known

Tensors = Mapping[str, Tensor]


def magnitude(weights: Tensors) -> dict[str, Tensor]:
    """|w| (Han et al. 2015)."""
    return {name: weight.abs() for name, weight in weights.items()}


SCORES: dict[str, Callable[[Tensors], dict[str, Tensor]]] = {"magnitude": magnitude}


def score(name: str, weights: Tensors) -> dict[str, Tensor]:
    """The scores of some layers' weights, of the same shapes.

    Raises:
        ValueError: for a score that does not exist.
    """
    return SCORES[known("score", name, SCORES)](weights)
