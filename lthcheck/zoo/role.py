"""What a parameter is, read off a module's structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

if TYPE_CHECKING:
    from lthcheck.run import Role

_NORMS = (_NormBase, nn.GroupNorm, nn.LayerNorm, nn.RMSNorm)


def roles_of(module: nn.Module) -> dict[str, Role]:
    """The role of each parameter by its qualified name, in registration order.

    The first convolution and the last linear layer are those registered first and last. A convolution is a shortcut
    when its qualified name says "shortcut" or "downsample". What is neither a convolution, a linear layer nor a norm
    has the role "bias", which no recipe prunes.
    """
    modules = dict(module.named_modules())
    convs = [name for name, layer in modules.items() if isinstance(layer, _ConvNd)]
    linears = [name for name, layer in modules.items() if isinstance(layer, nn.Linear)]

    def role(name: str) -> Role:
        owner, _, part = name.rpartition(".")
        layer = modules[owner]
        if isinstance(layer, _NORMS):
            return "norm"
        if part != "weight" or not isinstance(layer, _ConvNd | nn.Linear):
            return "bias"
        if isinstance(layer, nn.Linear):
            return "classifier" if owner == linears[-1] else "linear"
        if owner == convs[0]:
            return "first_conv"
        return "shortcut" if "shortcut" in owner or "downsample" in owner else "conv"

    return {name: role(name) for name, _ in module.named_parameters()}
