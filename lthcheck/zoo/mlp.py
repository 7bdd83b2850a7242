"""Multilayer perceptrons: "mlp-300-100", and "lenet-300-100" of LeCun et al. 1998."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

from lthcheck.zoo.layout import mlp_sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lthcheck.run import Network


class MLP(nn.Module):
    """Linear layers with ReLU between.

    Args:
        sizes: inputs, hidden units of each layer, classes.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(batch, *shape) -> (batch, classes)."""
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)  # type: ignore[no-any-return]


def build(network: Network) -> MLP:
    """A fresh module."""
    return MLP(mlp_sizes(network))
