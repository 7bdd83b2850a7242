"""What every word of the algebra shares: canonical JSON, a Merkle key, equality by key."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import Field, dataclass, field, fields
from functools import cached_property
from typing import Any


def canonical_json(value: object) -> str:
    """JSON with one spelling only: sorted keys, no spaces, shortest floats, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=True)


def later(default: Any) -> Any:
    """A field that a word gained after keys were stored: at its default it is not written, so that they stay."""
    return field(default=default, metadata={"later": True})


@dataclass(frozen=True, eq=False)
class Value:
    """A part of an expression that is written out inside its parent.

    Field values are normalised when set, so that `1` and `1.0`, or a list and a tuple, give the same JSON.
    """

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.type == "float":
                value = float(value) + 0.0  # + 0.0 turns -0.0 into 0.0
                if not math.isfinite(value):
                    raise ValueError(f"{type(self).__name__}.{each.name}={value} must be finite")
            elif each.type == "int":
                if value != int(value):
                    raise ValueError(f"{type(self).__name__}.{each.name}={value} must be a whole number")
                value = int(value)
            elif isinstance(value, list | tuple):
                kind = {"tuple[i": int, "tuple[f": float}.get(str(each.type)[:7])
                value = tuple(value) if kind is None else tuple(map(kind, value))
            object.__setattr__(self, each.name, value)

    def node(self) -> dict[str, Any]:
        """This value as JSON values; children that are expressions stand as their keys."""
        written = (each for each in fields(self) if not self._is_left_out(each))
        return {"is": type(self).__name__} | {each.name: _written(getattr(self, each.name)) for each in written}

    def _is_left_out(self, each: Field[Any]) -> bool:
        return "later" in each.metadata and getattr(self, each.name) == each.default

    @cached_property
    def key(self) -> str:
        """sha256 of the canonical JSON, 64 hex digits."""
        return hashlib.sha256(canonical_json(self.node()).encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


class Expression(Value):
    """A word of the algebra: in its parent's JSON it stands as its key.

    A chain of n rounds is therefore n nodes of fixed size, however often each is referred to.
    """


def _written(value: object) -> object:
    if isinstance(value, Expression):
        return {"key": value.key}
    if isinstance(value, Value):
        return value.node()
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    return value
