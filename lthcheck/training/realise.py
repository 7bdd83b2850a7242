"""From expressions to tensors: starts and masks made concrete."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from lthcheck import zoo
from lthcheck.names import known
from lthcheck.pruning.mask import permuted, top
from lthcheck.pruning.scores import SCORES, score
from lthcheck.run import INITIALISERS, Dense, Init, Mask, Network, Permuted, Pruned, Reinit, Run, Start, Weights
from lthcheck.training.contract import Replica, pruned
from lthcheck.training.initialiser import initial

Trained = tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
Fetch = Callable[[Run, int], Trained]
"""The parameters of a run at a step, and its mask."""

DTYPES = {"float32": torch.float32, "float64": torch.float64}


class NotYetRun(ValueError):
    """A word of the algebra that can be written but not trained yet."""

    def __init__(self, word: object, why: str = "") -> None:
        name = type(word).__name__
        super().__init__(f"{name}{f' with {why}' if why else ''} can be written, but this version does not run it")


def check(run: Run) -> None:
    """Raises NotYetRun for an expression that this version cannot train, ValueError for a name that is not known."""
    allowed = (
        (run.training, {"trains": ("weights",), "precision": tuple(DTYPES)}),
        (run.training.objective, {"loss": ("cross_entropy",), "regulariser": ("none",)}),
        (run.data, {"split": ("test",), "augmentation": ("none",), "corruption": (0,)}),
    )
    for value, fields in allowed:
        for name, runs in fields.items():
            if getattr(value, name) not in runs:
                raise NotYetRun(value, f"{name}={getattr(value, name)!r}")
    words: list[Start | Mask] = [run.start, run.mask]
    while words:
        word = words.pop()
        match word:
            case Permuted():
                words.append(word.mask)
            case Pruned():
                known("score", word.score.name, SCORES)
                if not isinstance(word.of, Run):
                    words.append(word.of)
            case Init() | Reinit():
                known("initialiser", word.initialiser, INITIALISERS)
            case Weights() | Dense():
                pass
            case _:
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
            weights, alive = source(word.of, fetch)
            layers = {name: weights[name] for name in prunable(network, word)}
            living = {name: alive.get(name, torch.ones_like(layer, dtype=torch.bool)) for name, layer in layers.items()}
            return top(score(word.score.name, layers), living, word.sparsity, scope=word.scope)
    raise NotYetRun(word)


def source(of: Run | Start, fetch: Fetch) -> Trained:
    """The weights that a mask is taken from, and the mask that they were trained under; what it pruned stays pruned."""
    if isinstance(of, Run):
        return fetch(of, of.training.steps)
    return fetch(of.run, of.step) if isinstance(of, Weights) else (start(of, fetch), {})


def prunable(network: Network, word: Pruned) -> list[str]:
    """The parameters that a mask may prune, in the network's order."""
    names = [name for name, role in zoo.roles(network).items() if role in word.roles]
    if not names:
        raise ValueError(
            f"roles={word.roles} match no layer of {network.name}; it has {sorted(set(zoo.roles(network).values()))}"
        )
    return names
