"""A network as a torch module, and the layout of any network."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from lthcheck.fault import fault
from lthcheck.zoo.layout import Layout, Parameter
from lthcheck.zoo.own import Own
from lthcheck.zoo.registry import Family, find

if TYPE_CHECKING:
    from torch import nn

    from lthcheck.run import Network, Role


def build(network: Network, *, seed: int = 0) -> nn.Module:
    """A fresh module in training mode, on the default device of torch; its constructor draws from `seed`.

    Its weights are not theta_0, which is drawn elsewhere; global generators are left as they were.

    Raises:
        ValueError: for a network of the user's that cannot be built.
    """
    import torch

    from lthcheck.draws import seeded

    known = find(network)
    device = torch.get_default_device()
    # Built on the CPU from one seed, buffers that a user's module draws are the same on every device.
    with seeded(seed), torch.device("meta" if device.type == "meta" else "cpu"):
        if isinstance(known, Family):
            module: nn.Module = import_module(known.module).build(network)
        else:
            module = _own(network, known)
    return module if device.type == "meta" else module.to(device)


def _own(network: Network, known: Own) -> nn.Module:
    from torch import nn

    what = f"model={network.name!r} with shape={network.shape}, classes={network.classes}, width={network.width:g}"
    try:
        module = known.make(network.shape, network.classes, network.width)
    except Exception as error:
        raise ValueError(f"{what} cannot be built ({fault(error)}); mend its factory") from error
    if not isinstance(module, nn.Module):
        raise ValueError(f"{what}: the factory gave {type(module).__name__}, must give a torch.nn.Module")
    if any(nn.parameter.is_lazy(parameter) for parameter in module.parameters()):
        raise ValueError(f"{what}: its layers must have sizes from the start; use no Lazy layers")
    return module


@lru_cache(maxsize=4096)
def _layout(network: Network) -> Layout:
    known = find(network)
    if isinstance(known, Family):
        return known.layout(network)
    from lthcheck.zoo.role import roles_of

    module = build(network)
    tags = roles_of(module)
    return {name: Parameter(tuple(weight.shape), tags[name]) for name, weight in module.named_parameters()}


def is_mlp(network: Network) -> bool:
    """Whether it is one of lthcheck's own multilayer perceptrons, which train stacked."""
    known = find(network)
    return isinstance(known, Family) and known.module == "lthcheck.zoo.mlp"


def shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Parameter name -> shape, in registration order."""
    return {name: parameter.shape for name, parameter in _layout(network).items()}


def roles(network: Network) -> dict[str, Role]:
    """Parameter name -> role, in registration order."""
    return {name: parameter.role for name, parameter in _layout(network).items()}


def parameter_counts(network: Network) -> dict[str, int]:
    """Parameter name -> number of entries, in registration order."""
    return {name: parameter.size for name, parameter in _layout(network).items()}
