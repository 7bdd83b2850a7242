"""From expressions to tensors: starts and masks made concrete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from lthcheck import zoo
from lthcheck.pruning.mask import permuted, top
from lthcheck.pruning.scores import score
from lthcheck.run import Dense, Init, Mask, Network, Permuted, Pruned, Reinit, Run, Start, Weights
from lthcheck.training.contract import Replica, pruned
from lthcheck.training.initialiser import initial

Trained = tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
Fetch = Callable[[Run, int], Trained]
"""The parameters of a run at a step, and its mask."""

DTYPES = {"float32": torch.float32, "float64": torch.float64}


class NotYetRun(ValueError):
    """A word of the algebra that can be written but not trained yet."""

    def __init__(self, word: object) -> None:
        super().__init__(f"{type(word).__name__} can be written, but this version does not run it")


def check(run: Run) -> None:
    """Raises NotYetRun for an expression that this version cannot train."""
    training: Any = run.training
    if training.trains != "weights" or training.precision not in DTYPES:
        raise NotYetRun(training)
    if training.objective.regulariser != "none" or training.objective.loss != "cross_entropy":
        raise NotYetRun(training.objective)
    if run.data.augmentation != "none" or run.data.corruption or run.data.split != "test":
        raise NotYetRun(run.data)
    words: list[Start | Mask] = [run.start, run.mask]
    while words:
        word = words.pop()
        if isinstance(word, Permuted):
            words.append(word.mask)
        elif isinstance(word, Pruned):
            score(word.score.name, {})
            if not isinstance(word.of, Run):
                words.append(word.of)
        elif not isinstance(word, Init | Reinit | Weights | Dense):
            raise NotYetRun(word)


def replica(run: Run, fetch: Fetch) -> Replica:
    """A run made concrete, in its own precision, on the CPU."""
    dtype = DTYPES[run.training.precision]
    theta0 = {name: weight.to(dtype) for name, weight in start(run.start, fetch).items()}
    layers = mask(run.mask, run.network, fetch)
    value = "zero" if isinstance(run.mask, Dense) else run.mask.pruned_value
    return Replica(run, theta0, layers, pruned(theta0, layers, value))


def start(word: Start, fetch: Fetch) -> Mapping[str, Tensor]:
    """The weights that a start stands for, by parameter name."""
    match word:
        case Init():
            return initial(word.network, word.initialiser, word.seed, "init")
        case Reinit():
            return initial(word.network, word.initialiser, word.seed, "reinit")
        case Weights():
            return fetch(word.run, word.step)[0]
    raise NotYetRun(word)


def mask(word: Mask, network: Network, fetch: Fetch) -> dict[str, Tensor]:
    """The mask that a word stands for, by the name of each prunable parameter; empty for Dense."""
    match word:
        case Dense():
            return {}
        case Permuted():
            return permuted(mask(word.mask, network, fetch), word.within, word.seed)
        case Pruned():
            weights, alive = (
                fetch(word.of, word.of.training.steps) if isinstance(word.of, Run) else (start(word.of, fetch), {})
            )
            layers = {name: weights[name] for name in prunable(network, word)}
            living = {name: alive.get(name, torch.ones_like(layer, dtype=torch.bool)) for name, layer in layers.items()}
            return top(score(word.score.name, layers), living, word.sparsity, scope=word.scope)
    raise NotYetRun(word)


def prunable(network: Network, word: Pruned) -> list[str]:
    """The parameters that a mask may prune, in the network's order."""
    names = [name for name, role in zoo.roles(network).items() if role in word.roles]
    if not names:
        raise ValueError(
            f"roles={word.roles} match no layer of {network.name}; it has {sorted(set(zoo.roles(network).values()))}"
        )
    return names
