"""Initial weights by named initialiser, drawn parameter by parameter as functions of (seed, purpose, name).

pytorch: U(-b, b) with b = fan_in^-1/2, biases too (torch's default).
kaiming_normal: N(0, 2 / fan_in), kaiming_uniform: U(-b, b) with b = (6 / fan_in)^1/2 (He et al. 2015, sec. 2.2).
xavier_normal: N(0, 2 / (fan_in + fan_out)), xavier_uniform: U(-b, b) with b = (6 / (fan_in + fan_out))^1/2 (Glorot and
Bengio 2010, sec. 4.2). Biases are 0 in these four.
kaiming_normal_fan_out: convolutions N(0, 2 / fan_out), their biases 0, linear layers as in pytorch: what torchvision's
ResNets draw.
own: what the network's constructor draws, for networks of the user's; other versions of torch may draw other numbers.

Norm layers: weight 1, bias 0. A weight of shape (out, in, *kernel) has fan_in = in * pixels of the kernel and
fan_out = out * pixels, as torch.nn.init counts them; of a grouped convolution, `in` is the inputs of one group.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lthcheck import draws, zoo
from lthcheck.names import INITIALISERS, known
from lthcheck.run import Init, Network, Reinit, Start, Weights


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
    fan_in, layer = 1, ""
    for name, shape in zoo.shapes(network).items():
        size, inputs = math.prod(shape), math.prod(shape[1:])
        if roles[name] == "norm":
            weights[name] = torch.full(shape, float(name.endswith("weight")), dtype=torch.float64)
            continue
        if roles[name] != "bias":  # a layer's bias follows its weight and shares its fan
            fan_in, layer = inputs, roles[name]
        fan_out = math.prod(shape[:1]) * math.prod(shape[2:])
        key = draws.stream(seed, purpose, name)
        if initialiser == "pytorch" or (initialiser == "kaiming_normal_fan_out" and layer in ("linear", "classifier")):
            flat = (2 * draws.uniform(key, size) - 1) / math.sqrt(fan_in)
        elif roles[name] == "bias":
            flat = torch.zeros(size, dtype=torch.float64)
        else:
            variance = _variance(initialiser, fan_in, fan_out)
            if initialiser.endswith("_uniform"):
                flat = (2 * draws.uniform(key, size) - 1) * math.sqrt(3 * variance)
            else:
                flat = draws.normal(key, size) * math.sqrt(variance)
        weights[name] = flat.view(shape)
    return weights


def _variance(initialiser: str, fan_in: int, fan_out: int) -> float:
    match initialiser:
        case "kaiming_normal" | "kaiming_uniform":
            return 2 / fan_in
        case "kaiming_normal_fan_out":
            return 2 / fan_out
    assert initialiser in ("xavier_normal", "xavier_uniform")
    return 2 / (fan_in + fan_out)


def seed_of(start: Start) -> int:
    """The seed of the constructor that a start's weights come from, so that buffers do too; 0 where there is none."""
    while isinstance(start, Weights):
        start = start.run.start
    if isinstance(start, Init | Reinit) and start.initialiser == "own":
        return draws.stream(start.seed, "init" if isinstance(start, Init) else "reinit")
    return 0
