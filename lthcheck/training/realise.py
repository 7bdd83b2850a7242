"""From expressions to tensors: starts and masks made concrete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import torch
from torch import Tensor

from lthcheck import zoo
from lthcheck.data.images import augmentable
from lthcheck.names import AUGMENTATIONS, INITIALISERS, known
from lthcheck.pruning.mask import permuted, top
from lthcheck.pruning.scores import SCORES, score
from lthcheck.quantity import check_real
from lthcheck.run import (
    Data,
    Dense,
    Given,
    Init,
    Mask,
    Network,
    Permuted,
    Pruned,
    Reinit,
    Run,
    Start,
    Weights,
)
from lthcheck.training.contract import Replica, pruned
from lthcheck.training.initialiser import initial
from lthcheck.training.saliency import Batch, derivative, gradients

Trained = tuple[Mapping[str, Tensor], Mapping[str, Tensor]]
"""The parameters of a run, and its mask."""


def _nothing(*_: object) -> NoReturn:
    raise AssertionError("this library does not hold what the run builds on")


@dataclass(frozen=True)
class Library:
    """Where what a run builds on is found.

    Attributes:
        trained: a run at a step.
        given: the user's own weights or mask, by sha256.
        batch: the samples that a score of some data and seed looks at.
    """

    trained: Callable[[Run, int], Trained] = _nothing
    given: Callable[[str], Mapping[str, Tensor]] = _nothing
    batch: Callable[[Data, int], Batch] = _nothing


# Of the weights and the data. The network itself computes in bfloat16 where a training says so, its normalisations and
# its loss excepted; "tf32" is float32 whose products a GPU may round to 10 bits.
DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32, "tf32": torch.float32}


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
        (run.data, {"split": ("test",), "corruption": (0,)}),
    )
    for value, fields in allowed:
        for name, runs in fields.items():
            if getattr(value, name) not in runs:
                raise NotYetRun(value, f"{name}={getattr(value, name)!r}")
    _check_precision(run)
    augmentable(known("augmentation", run.data.augmentation, AUGMENTATIONS), run.network.shape, run.data.name)
    smooth = "must be in [0, 1); write 0.1 for 10 %"
    check_real("label_smoothing", run.training.objective.label_smoothing, lambda value: 0 <= value < 1, smooth)
    words: list[Start | Mask] = [run.start, run.mask]
    while words:
        word = words.pop()
        match word:
            case Permuted():
                words.append(word.mask)
            case Pruned():
                _check_rates(word)
                known("score", word.score.name, SCORES)
                if word.score.name == "snip" and word.score.data is None:
                    raise ValueError("Score('snip', data=None) must name the data whose loss it is about")
                if not isinstance(word.of, Run):
                    words.append(word.of)
            case Init() | Reinit():
                known("initialiser", word.initialiser, INITIALISERS)
            case Weights() | Dense() | Given():
                pass
            case _:
                raise NotYetRun(word)


def _check_precision(run: Run) -> None:
    precision, device = run.training.precision, run.training.device
    if precision == "tf32" and device != "cuda":
        raise ValueError(f"precision={precision!r} must go with the device cuda, not {device}; take float32")
    if precision in ("tf32", "bfloat16") and zoo.draws(run.network):
        rule = f"must be float32 for {run.network.name}, a network of your own or one that draws while it trains"
        raise ValueError(f"precision={precision!r} {rule}; leave it out")


def _check_rates(word: Pruned) -> None:
    if not word.rates:
        return
    if tuple(role for role, _ in word.rates) != word.roles:
        raise ValueError(f"rates={word.rates} must name each of the roles {', '.join(word.roles)} once, and no other")
    for role, rate in word.rates:
        if not 0 < rate < 1:
            raise ValueError(f"rates[{role}]={rate} must be in (0, 1); write 0.2 for 20 %")
    if word.scope != "layer":
        raise ValueError(f"scope={word.scope!r} must be 'layer' with rates by role, which rank each layer alone")


def replica(run: Run, library: Library) -> Replica:
    """A run made concrete, in its own precision, on the CPU."""
    dtype = DTYPES[run.training.precision]
    theta0 = {name: weight.to(dtype) for name, weight in start(run.start, run.network, library).items()}
    layers = mask(run.mask, run.network, library)
    value = "zero" if isinstance(run.mask, Dense) else run.mask.pruned_value
    return Replica(run, theta0, layers, pruned(theta0, layers, value))


def start(word: Start, network: Network, library: Library) -> Mapping[str, Tensor]:
    """The weights that a start stands for, by parameter name, in the network's order."""
    match word:
        case Init():
            return initial(word.network, word.initialiser, word.seed, "init")
        case Reinit():
            return initial(word.network, word.initialiser, word.seed, "reinit")
        case Weights():
            return library.trained(word.run, word.step)[0]
        case Given():
            return in_order(library.given(word.sha256), network)
    raise NotYetRun(word)


def mask(word: Mask, network: Network, library: Library) -> dict[str, Tensor]:
    """The mask that a word stands for, by the name of each prunable parameter; empty for Dense."""
    match word:
        case Dense():
            return {}
        case Permuted():
            return permuted(mask(word.mask, network, library), word.within, word.seed)
        case Given():
            return in_order(library.given(word.sha256), network)
        case Pruned():
            weights, alive = source(word.of, network, library)
            layers = {name: weights[name] for name in prunable(network, word)}
            living = {name: alive.get(name, torch.ones_like(layer, dtype=torch.bool)) for name, layer in layers.items()}
            slopes = slope(word, network, library) if word.score.name == "snip" else {}
            scores = score(word.score.name, layers, slopes, living)
            return top(scores, living, word.sparsity, scope=word.scope, rates=rates_of(network, word))
    raise NotYetRun(word)


def source(of: Run | Start, network: Network, library: Library) -> Trained:
    """The weights that a mask is taken from, and the mask that they were trained under; what it pruned stays pruned."""
    if isinstance(of, Run):
        return library.trained(of, of.training.steps)
    return library.trained(of.run, of.step) if isinstance(of, Weights) else (start(of, network, library), {})


def slope(word: Pruned, network: Network, library: Library) -> dict[str, Tensor]:
    """The gradient of the loss at the weights that a mask is taken from, over the score's own samples."""
    return gradients(network, *_scored(word, network, library))


def slope_along_mask(word: Pruned, network: Network, library: Library) -> float:
    """The loss's derivative along the prunable weights that a mask is taken from, without autograd."""
    weights, batch = _scored(word, network, library)
    return derivative(network, weights, prunable(network, word), batch)


def _scored(word: Pruned, network: Network, library: Library) -> tuple[Mapping[str, Tensor], Batch]:
    assert word.score.data is not None
    weights, alive = source(word.of, network, library)
    masked = pruned({name: weight.double() for name, weight in weights.items()}, alive, "zero")
    return masked, library.batch(word.score.data, word.score.seed)


def in_order(tensors: Mapping[str, Tensor], network: Network) -> dict[str, Tensor]:
    """The tensors in the order of a network's parameters; a file keeps none."""
    return {name: tensors[name] for name in zoo.roles(network) if name in tensors}


def rates_of(network: Network, word: Pruned) -> dict[str, float]:
    """By layer, what a round takes of what remains; empty where the layers share alike."""
    roles, rates = zoo.roles(network), dict(word.rates)
    return {name: rates[roles[name]] for name in prunable(network, word)} if rates else {}


def prunable(network: Network, word: Pruned) -> list[str]:
    """The parameters that a mask may prune, in the network's order."""
    names = [name for name, role in zoo.roles(network).items() if role in word.roles]
    if not names:
        raise ValueError(
            f"roles={word.roles} match no layer of {network.name}; it has {sorted(set(zoo.roles(network).values()))}"
        )
    return names
