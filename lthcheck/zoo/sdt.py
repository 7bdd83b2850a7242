"""The small dense network that a ticket is compared with."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from lthcheck.zoo.module import parameter_counts, roles, shapes
from lthcheck.zoo.own import Own
from lthcheck.zoo.registry import find

if TYPE_CHECKING:
    from lthcheck.run import Network


def narrower(network: Network, at_least: int) -> Network | None:
    """The SDT: the narrowest network of the same depth with at least so many parameters, total against total.

    Args:
        network: the full network.
        at_least: the ticket's parameters that are not zero.

    Returns:
        The same network at a smaller width, or None where it has no width to choose.
    """
    known = find(network)
    if isinstance(known, Own) and not known.scalable:
        return None
    total = _total(network)
    if at_least > total:
        raise ValueError(
            f"at_least={at_least} must be at most {total}, all that {network.name} has; give a ticket of it"
        )
    steps = widths(network)
    at = bisect_left(steps, at_least, key=lambda width: _total(replace(network, width=width)))
    return replace(network, width=steps[at])


def widths(network: Network) -> list[float]:
    """The widths of its SDTs, ascending: k / W of its own, where W is its widest hidden layer.

    Each k is one unit more in that layer. Counts of parameters do not fall from one width to the next.
    """
    tags = roles(network)
    hidden = ("first_conv", "conv", "shortcut", "linear")
    widest = max((shape[0] for name, shape in shapes(network).items() if tags[name] in hidden), default=1)
    return [network.width * k / widest for k in range(1, widest + 1)]


def _total(network: Network) -> int:
    return sum(parameter_counts(network).values())
