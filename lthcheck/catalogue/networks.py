"""The networks that there are, counted."""

from __future__ import annotations

from typing import Any, NamedTuple

from lthcheck import data, zoo
from lthcheck.catalogue.standing import NETWORKS, of_network
from lthcheck.data.facts import FACTS
from lthcheck.recipes import recipe
from lthcheck.zoo.registry import FAMILIES, Family, find

USUAL = "cifar10"  # the data set of most papers
ANY = (3, 224, 224), 10  # a shape that every family takes, and classes


class _Named(NamedTuple):
    """A network, with the pattern of names and the family that it is of; without, it is the user's."""

    name: str
    pattern: str | None = None
    family: Family | None = None


def networks(dataset: str | None = None) -> list[dict[str, Any]]:
    """An object for each network of the papers, each further example of a family, and each of the user's own.

    Args:
        dataset: whose shape and classes they are counted at; without, that of the papers. One of lthcheck's own is not
            read, one of the user's own is.

    Returns:
        name, pattern (of names; None for one of the user's own), options (by name the values, the default first),
        dataset, shape, classes, parameters, prunable (weights, by the roles of recipe ma2021), residual (None where it
        is not known), scalable (whether it has a width to choose), refused (why the network does not take the data set,
        and then it has no counts; else None), papers (`lthcheck.catalogue.standing`).
    """
    papers = [(name, _family_of(name)) for name in NETWORKS]
    named = []
    for pattern, family in zip(zoo.names(), FAMILIES, strict=False):  # after the patterns come the user's own
        known = [*family.examples, *(name for name, of in papers if of is family)]
        named += [_Named(name, pattern, family) for name in dict.fromkeys(known)]
    named += [_Named(name) for name in sorted(zoo.registered(zoo.names()))]
    return [_network(each, NETWORKS.get(each.name, USUAL) if dataset is None else dataset) for each in named]


def _family_of(name: str) -> Family | None:
    try:
        found = find(zoo.network(name, *ANY))
    except ValueError:  # not known
        return None
    return found if isinstance(found, Family) else None


def _network(named: _Named, dataset: str) -> dict[str, Any]:
    known = FACTS.get(dataset) or data.describe(dataset)
    return {
        "name": named.name,
        "pattern": named.pattern,
        "options": {name: list(values) for name, values in named.family.options.items()} if named.family else {},
        "dataset": dataset,
        "shape": list(known.shape),
        "classes": known.classes,
        **_counted(named.name, known.shape, known.classes),
        "papers": [each.as_json() for each in of_network(named.name)],
    }


def _counted(name: str, shape: tuple[int, ...], classes: int) -> dict[str, Any]:
    pruned = recipe("ma2021").roles
    try:
        network = zoo.network(name, shape, classes)
        counts, roles = zoo.parameter_counts(network), zoo.roles(network)
    except ValueError as error:
        return dict.fromkeys(("parameters", "prunable", "residual", "scalable")) | {"refused": str(error)}
    return {
        "parameters": sum(counts.values()),
        "prunable": sum(count for key, count in counts.items() if roles[key] in pruned),
        "residual": zoo.residual(network),
        "scalable": zoo.scalable(network),
        "refused": None,
    }
