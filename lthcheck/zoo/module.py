"""A network as a torch module, and the layout of any network."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from lthcheck.zoo.layout import Layout, Parameter
from lthcheck.zoo.registry import Family, find

if TYPE_CHECKING:
    from torch import nn

    from lthcheck.run import Network, Role


def build(network: Network) -> nn.Module:
    """A fresh module in training mode, on the default device of torch.

    Its weights are not theta_0, which is drawn elsewhere; torch's global generators are left as they were.
    """
    import torch

    known = find(network)
    device = torch.get_default_device()
    # Built on the CPU from one seed, buffers that a user's module draws are the same on every device.
    with torch.random.fork_rng(devices=[]), torch.device("meta" if device.type == "meta" else "cpu"):
        torch.default_generator.manual_seed(0)
        if isinstance(known, Family):
            module: nn.Module = import_module(known.module).build(network)
        else:
            module = known.factory(network.shape, network.classes, network.width)
    return module if device.type == "meta" else module.to(device)


@lru_cache(maxsize=4096)
def _layout(network: Network) -> Layout:
    known = find(network)
    if isinstance(known, Family):
        return known.layout(network)
    import torch

    from lthcheck.zoo.role import roles_of

    with torch.device("meta"):
        module = build(network)
    tags = roles_of(module)
    return {name: Parameter(tuple(weight.shape), tags[name]) for name, weight in module.named_parameters()}


def shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Parameter name -> shape, in registration order."""
    return {name: parameter.shape for name, parameter in _layout(network).items()}


def roles(network: Network) -> dict[str, Role]:
    """Parameter name -> role, in registration order."""
    return {name: parameter.role for name, parameter in _layout(network).items()}


def parameter_counts(network: Network) -> dict[str, int]:
    """Parameter name -> number of entries, in registration order."""
    return {name: parameter.size for name, parameter in _layout(network).items()}
