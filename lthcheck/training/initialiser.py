"""Initial weights by named initialiser, drawn parameter by parameter as functions of (seed, purpose, name).

pytorch: U(-b, b) with b = fan_in^-1/2, biases too (torch's default). kaiming_normal: N(0, 2 / fan_in) (He et al. 2015),
xavier_normal: N(0, 2 / (fan_in + fan_out)) (Glorot & Bengio 2010), biases 0. Norm layers: weight 1, bias 0.
own: what the network's constructor draws, for networks of the user's; other versions of torch may draw other numbers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lthcheck import draws, zoo
from lthcheck.names import known
from lthcheck.run import INITIALISERS, Init, Network, Reinit, Start, Weights


def initial(network: Network, initialiser: str, seed: int, purpose: str) -> dict[str, Tensor]:
    """The weights of a network by parameter name, float64 on the CPU.

    Args:
        purpose: "init" for theta_0, "reinit" for theta_0': independent streams of the same seed.
    """
    known("initialiser", initialiser, INITIALISERS)
    if initialiser == "own":
        module = zoo.build(network, seed=draws.stream(seed, purpose))
        return {name: parameter.detach().double() for name, parameter in module.named_parameters()}
    roles = zoo.roles(network)
    weights: dict[str, Tensor] = {}
    fan_in = 1
    for name, shape in zoo.shapes(network).items():
        size, inputs = math.prod(shape), math.prod(shape[1:])
        if roles[name] == "norm":
            weights[name] = torch.full(shape, float(name.endswith("weight")), dtype=torch.float64)
            continue
        if roles[name] != "bias":  # a layer's bias follows its weight and shares its fan
            fan_in = inputs
        fan_out = math.prod(shape[:1]) * math.prod(shape[2:])
        key = draws.stream(seed, purpose, name)
        if initialiser == "pytorch":
            flat = (2 * draws.uniform(key, size) - 1) / math.sqrt(fan_in)
        elif roles[name] == "bias":
            flat = torch.zeros(size, dtype=torch.float64)
        else:
            variance = 2 / fan_in if initialiser == "kaiming_normal" else 2 / (fan_in + fan_out)
            flat = draws.normal(key, size) * math.sqrt(variance)
        weights[name] = flat.view(shape)
    return weights


def seed_of(start: Start) -> int:
    """The seed of the constructor that a start's weights come from, so that buffers do too; 0 where there is none."""
    while isinstance(start, Weights):
        start = start.run.start
    if isinstance(start, Init | Reinit) and start.initialiser == "own":
        return draws.stream(start.seed, "init" if isinstance(start, Init) else "reinit")
    return 0
