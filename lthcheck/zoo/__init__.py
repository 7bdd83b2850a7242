"""Networks by name. Importing it does not import torch; nor do counts, roles and the SDT of lthcheck's own networks."""

from lthcheck.zoo.module import build, parameter_counts, roles, shapes
from lthcheck.zoo.registry import check, fingerprint, names, network, register_model
from lthcheck.zoo.sdt import narrower

__all__ = [
    "build",
    "check",
    "fingerprint",
    "names",
    "narrower",
    "network",
    "parameter_counts",
    "register_model",
    "roles",
    "shapes",
]
