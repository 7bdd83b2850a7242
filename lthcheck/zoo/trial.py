"""A network of the user's own, tried once before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from lthcheck.draws import seeded
from lthcheck.fault import fault
from lthcheck.zoo.module import build, parameter_counts, roles
from lthcheck.zoo.own import Own
from lthcheck.zoo.registry import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from lthcheck.run import Network

    Drawn = Mapping[str, torch.Tensor]

TRIES = 8  # a network may skip layers by chance


def trial(network: Network, samples: int = 2) -> None:
    """Sends random samples forth and back.

    Args:
        samples: as many as in the smallest batch, or 2.

    Raises:
        ValueError: if the module fails on them, gives anything but (samples, classes) numbers, leaves a prunable weight
            without a gradient, does not draw its weights from the seed, or has a width that changes nothing.
    """
    module, what = build(network), f"model={network.name!r}"
    tags, parameters = roles(network), dict(module.named_parameters())
    prunable = [name for name, role in tags.items() if role in ("conv", "shortcut", "linear")]
    _check_draws(
        what, prunable, *(dict(made.named_parameters()) for made in (module, build(network), build(network, seed=1)))
    )
    _forward(network, module.eval(), samples, seed=0)
    module.train()
    # an unused layer that is the last would be taken for the classifier; a classifier may be frozen
    heads = [name for name, role in tags.items() if role in ("first_conv", "classifier")]
    idle = prunable + [name for name in heads if parameters[name].requires_grad]
    for seed in range(TRIES):
        out = _forward(network, module, samples, seed)
        try:
            out.square().sum().backward()  # type: ignore[no-untyped-call]
        except Exception as error:
            rule = "must give what autograd can follow"
            raise ValueError(f"{what} {rule}; it fails ({fault(error)})") from error
        idle = [name for name in idle if parameters[name].grad is None]
        if not idle:
            break
    if idle:
        rule = "must take part in the output, and not be frozen"
        raise ValueError(f"{what}: {', '.join(idle)} {rule}; leave them out of the module")
    known = find(network)
    if isinstance(known, Own) and known.scalable:
        full, half = (sum(parameter_counts(replace(network, width=width)).values()) for width in (1.0, 0.5))
        if half >= full:
            rule = "must have fewer at width 0.5"
            raise ValueError(
                f"{what} has {full} parameters at width 1 and {half} at 0.5, {rule}; heed width, or drop it"
            )


def _check_draws(what: str, names: list[str], first: Drawn, same: Drawn, other: Drawn) -> None:
    """What a constructor draws must follow from the seed, and rr needs another draw."""
    odd = [name for name in first if not torch.equal(first[name], same[name])]
    if odd:
        rule = "must be drawn from the global generators of torch, numpy or random, which lthcheck seeds"
        raise ValueError(f"{what}: {', '.join(odd)} {rule}; use torch.nn.init, say")
    if names and all(torch.equal(first[name], other[name]) for name in names):
        rule = "must draw its weights when it is built, since rr begins at fresh ones"
        raise ValueError(f"{what} {rule}; build it without trained weights, and give these with --theta0")


def _forward(network: Network, module: nn.Module, samples: int, seed: int) -> torch.Tensor:
    what, mode = f"model={network.name!r}", "training" if module.training else "evaluation"
    with seeded(seed):
        x = torch.randn(samples, *network.shape)
        try:
            out = module(x)
        except Exception as error:
            shape = ", ".join(map(str, (samples, *network.shape)))
            raise ValueError(
                f"{what} must take inputs of shape ({shape}); in {mode} it fails ({fault(error)})"
            ) from error
    expected = (samples, network.classes)
    if not isinstance(out, torch.Tensor) or out.shape != expected or not out.is_floating_point():
        got = f"a tensor of {tuple(out.shape)}" if isinstance(out, torch.Tensor) else type(out).__name__
        raise ValueError(f"{what} gives {got} for {samples} samples, must give their logits: {expected}")
    return out
