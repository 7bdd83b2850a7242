"""Where a network or data set stands in the papers, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Standings = Iterable[Mapping[str, Any]]

LEGEND = "Of ma2021 it is Jackpot/secondary prize in Table 3; edge: at the boundary."


def by_paper(standings: Standings) -> list[str]:
    """A line for each paper, with its data sets.

    >>> by_paper([{"paper": "ma2021", "dataset": "cifar10", "where": "Table 3", "jackpot": "no", "secondary": "yes"}])
    ['ma2021: cifar10 no/yes']
    """
    found: dict[str, list[str]] = {}
    for each in standings:
        where = f" ({each['where']})" if each["where"] else ""
        answer = f" {each['jackpot']}/{each['secondary']}" if each["jackpot"] else where
        found.setdefault(each["paper"], []).append(f"{each['dataset']}{answer}")
    return [f"{paper}: {', '.join(datasets)}" for paper, datasets in found.items()]


def notes(standings: Standings) -> list[str]:
    """What else the papers say."""
    return [f"{each['model']} on {each['dataset']}: {each['note']}" for each in standings if each["note"]]
