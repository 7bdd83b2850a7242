"""The overview of several records: table 3 of Ma et al. 2021, by network and data set."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from lthcheck.report.headline import edge
from lthcheck.report.series import at_lr, series
from lthcheck.report.tables import github
from lthcheck.report.words import rate, study_name
from lthcheck.verdict.judgement import RANK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lthcheck.report.series import Cell

_SAID = {True: "yes", False: "no", None: "undecided"}


@dataclass(frozen=True)
class Entry:
    """One record in the overview.

    Attributes:
        network: the network; the study's name where the record does not tell.
        dataset: the data set, None where the record does not tell.
        jackpot: whether there is a Jackpot ticket, None where it is undecided.
        secondary: whether there is a ticket of at least the secondary prize.
        sparsity: the highest at which the record's prize was certainly won; with method and lr None where none was.
        method: the one whose ticket is the most accurate there.
        lr: that ticket's.
        edge: the prizes that are won or missed at the edge: other seeds may well say otherwise.
        rule: what it was judged by.
        source: the name of the record's file, or its path where names repeat, which tells records of one network and
            data set apart.
    """

    network: str
    dataset: str | None
    jackpot: bool | None
    secondary: bool | None
    sparsity: float | None
    method: str | None
    lr: float | None
    edge: tuple[str, ...]
    rule: str
    source: str

    def as_json(self) -> dict[str, Any]:
        """The entry as plain JSON values."""
        return asdict(self)


def entry(record: Mapping[str, Any], source: str) -> Entry:
    """What the overview says of a record."""
    study = record["study"]
    cell = _preferred(record)
    return Entry(
        network=str(study.get("model") or study_name(record)),
        dataset=str(study["dataset"]) if study.get("dataset") else None,
        jackpot=_won(record, "jackpot"),
        secondary=_won(record, "secondary"),
        sparsity=None if cell is None else cell["sparsity"],
        method=None if cell is None else cell["method"],
        lr=None if cell is None else _lr(cell),
        edge=edge(record["cells"]),
        rule=record["rule"],
        source=source,
    )


def table(entries: Sequence[Entry], *, markdown: bool = False) -> str:
    """The entries as aligned text or as a table of GitHub's Markdown; rules and sources where they are needed."""
    places = [(one.network, one.dataset) for one in entries]
    repeated = len(set(places)) < len(places)
    differ = len({one.rule for one in entries}) > 1
    heads = ["network", "data set", "Jackpot", "secondary", "highest sparsity", "method", "lr"]
    rows = [
        [
            one.network,
            one.dataset or "",
            "edge" if "jackpot" in one.edge else _SAID[one.jackpot],
            "edge" if "secondary" in one.edge else _SAID[one.secondary],
            "" if one.sparsity is None else rate(one.sparsity),
            one.method or "",
            "" if one.lr is None else f"{one.lr:g}",
            *([one.rule] if differ else []),
            *([one.source] if repeated else []),
        ]
        for one in entries
    ]
    heads += [*(["rule"] if differ else []), *(["record"] if repeated else [])]
    return github(rows, heads) if markdown else tabulate(rows, heads, tablefmt="simple", disable_numparse=True)


def _won(record: Mapping[str, Any], prize: str) -> bool | None:
    """Whether the evidence says that the record has at least this prize."""
    if RANK[record["at_least"]] >= RANK[prize]:
        return True
    return None if RANK[record["at_most"]] >= RANK[prize] else False


def _preferred(record: Mapping[str, Any]) -> Cell | None:
    """The cell of the sure prize at the highest sparsity; of several methods the more accurate."""
    won = [cell for cell in record["cells"] if cell["at_least"] == record["at_least"] != "none"]
    return max(won, key=lambda cell: (cell["sparsity"] or 0, _accuracy(record, cell)), default=None)


def _accuracy(record: Mapping[str, Any], cell: Cell) -> float:
    point = at_lr(series(record, cell).get("lt", ()), _lr(cell))
    return 0.0 if point is None else point.mean


def _lr(cell: Cell) -> float | None:
    lr: float | None = next((one["witness_lr"] for one in cell["conditions"] if one["witness_lr"] is not None), None)
    return lr
