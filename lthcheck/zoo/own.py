"""Networks of the user's own."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from lthcheck.zoo.code import code_of

if TYPE_CHECKING:
    from torch import nn

TOLD = ("shape", "classes", "width")

Factory = Callable[..., "nn.Module"]


@dataclass(frozen=True, eq=False)
class Own:
    """A network of the user's.

    Attributes:
        takes: which of `shape`, `classes` and `width` the factory takes.
    """

    name: str
    factory: Factory
    takes: tuple[str, ...]

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the name and of what the factory does, as far as its code tells; read when all of it is defined."""
        return hashlib.sha256("\0".join([self.name, *code_of(self.factory)]).encode()).hexdigest()

    def fingerprint_at(self, shape: tuple[int, ...], classes: int) -> str:
        """The fingerprint with what the constructor makes of seed 0, which may depend on more than its code."""
        return _with_module(self, shape, classes)

    def __getstate__(self) -> dict[str, Any]:
        _ = self.fingerprint  # where this goes, the source may not be
        return self.__dict__

    @property
    def scalable(self) -> bool:
        """Whether it has a width to choose, and so a small dense network (SDT) to compare with."""
        return "width" in self.takes

    def make(self, shape: tuple[int, ...], classes: int, width: float) -> nn.Module:
        """A fresh module."""
        values = {"shape": shape, "classes": classes, "width": width}
        return self.factory(**{name: values[name] for name in self.takes})


@lru_cache(maxsize=64)
def _with_module(own: Own, shape: tuple[int, ...], classes: int) -> str:
    import torch

    from lthcheck.draws import seeded

    digest = hashlib.sha256(own.fingerprint.encode())
    try:
        with seeded(0):
            module = own.make(shape, classes, 1.0)
            digest.update(re.sub(" at 0x[0-9a-f]+", "", repr(module)).encode())
            for name, tensor in module.state_dict().items():
                digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
                digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    except Exception:  # told where it is built in earnest
        return own.fingerprint
    return digest.hexdigest()


def own(name: str, factory: Factory) -> Own:
    """See `registry.register_model`."""
    if not callable(factory):
        raise ValueError(f"model={name!r}: {factory!r} must be a torch.nn.Module class, or a function that gives one")
    return Own(name, factory, _takes(name, factory))


def _takes(name: str, factory: Factory) -> tuple[str, ...]:
    parameters = inspect.signature(factory).parameters.values()
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    odd = [each for each in required if each not in TOLD]
    if odd:
        rule = f"may only ask for {', '.join(TOLD)}"
        raise ValueError(f"model={name!r}: {', '.join(odd)} of {factory!r} {rule}; give the others defaults")
    return tuple(each for each in TOLD if each in {p.name for p in parameters})
