"""A network of the user's own, tried once before anything is trained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from lthcheck.zoo.module import build, parameter_counts, roles
from lthcheck.zoo.own import Own
from lthcheck.zoo.registry import find

if TYPE_CHECKING:
    from lthcheck.run import Network


def trial(network: Network) -> None:
    """Sends two random samples forth and back.

    Raises:
        ValueError: if the module fails on them, gives anything but (2, classes) numbers, leaves a prunable weight
            without a gradient, or has a width that changes nothing.
    """
    module, what = build(network), f"model={network.name!r}"
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        x = torch.randn(2, *network.shape)
        try:
            out = module(x)
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
            raise ValueError(
                f"{what} must take inputs of shape (n, {_inside(network.shape)}); it fails ({fault})"
            ) from error
    if not isinstance(out, torch.Tensor) or out.shape != (2, network.classes) or not out.requires_grad:
        got = f"a tensor of {tuple(out.shape)}" if isinstance(out, torch.Tensor) else type(out).__name__
        raise ValueError(f"{what} gives {got} for 2 samples, must give their logits: (2, {network.classes})")
    known = find(network)
    if isinstance(known, Own) and known.scalable:
        full, half = (sum(parameter_counts(replace(network, width=width)).values()) for width in (1.0, 0.5))
        if half >= full:
            rule = "must have fewer at width 0.5"
            raise ValueError(
                f"{what} has {full} parameters at width 1 and {half} at 0.5, {rule}; heed width, or drop it"
            )
    out.square().sum().backward()  # type: ignore[no-untyped-call]
    prunable = {name for name, role in roles(network).items() if role in ("conv", "shortcut", "linear")}
    idle = [name for name, parameter in module.named_parameters() if name in prunable and parameter.grad is None]
    if idle:
        rule = "must take part in the output, and not be frozen"
        raise ValueError(f"{what}: {', '.join(idle)} {rule}; leave them out of the module")


def _inside(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))
