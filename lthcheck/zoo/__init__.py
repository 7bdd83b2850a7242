"""Networks by name. Importing it does not import torch; nor do counts, roles and the SDT of lthcheck's own networks."""

from lthcheck.zoo.module import build, is_mlp, parameter_counts, roles, shapes
from lthcheck.zoo.registry import (
    adopt,
    check,
    draws,
    fingerprint,
    names,
    network,
    register_model,
    registered,
    residual,
    scalable,
)
from lthcheck.zoo.sdt import narrower, widths

__all__ = [
    "adopt",
    "build",
    "check",
    "draws",
    "fingerprint",
    "is_mlp",
    "names",
    "narrower",
    "network",
    "parameter_counts",
    "register_model",
    "registered",
    "residual",
    "roles",
    "scalable",
    "shapes",
    "widths",
]
