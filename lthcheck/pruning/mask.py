"""Masks: exact counts, ties broken by index, nothing revived.

A mask is a dict from the name of a prunable weight to a bool tensor of its shape, True where the weight stays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from lthcheck import draws
from lthcheck.pruning.count import by_layer, kept

Mask = dict[str, Tensor]


def top(
    scores: Mapping[str, Tensor],
    alive: Mapping[str, Tensor],
    sparsity: float,
    *,
    scope: Literal["global", "layer"] = "global",
    rates: Mapping[str, float] | None = None,
) -> Mask:
    """Keeps the highest scores among the weights that are alive.

    Args:
        scores: one finite score a prunable weight, by layer.
        alive: the mask so far.
        sparsity: fraction of all prunable weights that are gone afterwards, in [0, 1).
        scope: the count is exact over all layers ("global") or in each ("layer").
        rates: of the scope "layer", by layer, what a round takes of what remains (`lthcheck.pruning.count.by_layer`).

    Raises:
        ValueError: if a score is not finite, or if more weights would have to stay than are alive.
    """
    sizes = {name: layer.numel() for name, layer in scores.items()}
    if scope == "layer":
        counts = by_layer(sizes, sparsity, rates)
        return {name: _top({name: scores[name]}, alive, sparsity, counts[name])[name] for name in scores}
    return _top(scores, alive, sparsity, kept(sum(sizes.values()), sparsity))


def _top(scores: Mapping[str, Tensor], alive: Mapping[str, Tensor], sparsity: float, count: int) -> Mask:
    flat, living = join(scores), join({name: alive[name] for name in scores})
    if not bool(torch.isfinite(flat).all()):
        raise ValueError("scores must be finite; a mask cannot be taken from a diverged run")
    left = int(living.sum())
    if count > left:
        raise ValueError(
            f"sparsity={sparsity:g} keeps {count} weights, but only {left} are left in {', '.join(scores)}; "
            "a mask never revives a weight: ask for a higher sparsity"
        )
    order = torch.sort(flat.masked_fill(~living, -math.inf), descending=True, stable=True).indices
    stays = torch.zeros_like(living)
    stays[order[:count]] = True
    return split(stays, scores)


def permuted(mask: Mapping[str, Tensor], within: Literal["layer", "network"], seed: int) -> Mask:
    """The mask with its places shuffled in each layer, or over the whole network."""
    if within == "layer":
        return {name: _shuffled(layer.flatten(), seed, name).view_as(layer) for name, layer in mask.items()}
    return split(_shuffled(join(mask), seed, ""), mask)


def _shuffled(flat: Tensor, seed: int, name: str) -> Tensor:
    return flat[draws.permutation(draws.stream(seed, "mask", name), flat.numel())]


def join(layers: Mapping[str, Tensor]) -> Tensor:
    """All layers as one vector, in their order."""
    return torch.cat([layer.flatten() for layer in layers.values()])


def split(flat: Tensor, like: Mapping[str, Tensor]) -> Mask:
    """The inverse of `join`."""
    parts = torch.split(flat, [layer.numel() for layer in like.values()])
    return {name: part.view(layer.shape) for part, (name, layer) in zip(parts, like.items(), strict=True)}
