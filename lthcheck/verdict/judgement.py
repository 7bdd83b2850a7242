"""What a judge says: conditions, cells and the verdict, as plain values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from lthcheck.evidence import Arm
from lthcheck.verdict.terms import Reading, Rule

Prize = Literal["none", "secondary", "jackpot"]
Verdict = Literal["none", "secondary", "jackpot", "undecided"]
RANK: dict[str, int] = {"none": 0, "secondary": 1, "jackpot": 2}

CONDITION_NAMES: dict[int, str] = {
    1: "non-trivial sparsity, sufficient recipe",
    2: "beats small dense",
    3: "beats reinitialisation",
    4: "matches dense at the same lr",
    5: "matches dense at its best lr",
}


RIVALS: dict[int, Arm] = {2: "sdt", 3: "rr", 4: "dense", 5: "dense"}
"""By condition, the arm that the ticket is held against."""


@dataclass(frozen=True)
class Condition:
    """One of the five conditions (Ma et al. 2021, sec. 2) at one (method, sparsity).

    Attributes:
        id: 1 to 5.
        holds: True, False, or None where the evidence does not tell.
        gap: by how much the two sides of the comparison differ, a fraction (0.005 is 0.5 pt): A(lt, lr) - max A(sdt)
            for 2, - max A(rr) for 3, - A(dense, lr) for 4, - max A(dense) for 5. For 1 the sparsity, where given.
        witness_lr: the lr of the ticket that `holds` and `gap` speak of; None for condition 1.
        detail: one line for a reader: the two numbers and the margin, or what is missing.
        interval: where the gap lies, by the rule "confident", a fraction at each end (`lthcheck.verdict.confident`).
        edge: the gap is within its standard error over seeds of its margin, so that other seeds may well say otherwise;
            always False for condition 1, where no spread is known, and of the rule "confident".
    """

    id: int
    holds: bool | None
    gap: float | None
    witness_lr: float | None
    detail: str
    interval: tuple[float, float] | None = None
    edge: bool = False

    @property
    def name(self) -> str:
        """What the condition asks, in a few words."""
        return CONDITION_NAMES[self.id]


@dataclass(frozen=True)
class Cell:
    """The verdict at one (method, sparsity).

    Attributes:
        method: how the ticket was found; None where the table has no methods.
        sparsity: fraction of prunable weights removed; None where it is not known.
        at_least: the lowest prize that the evidence allows.
        at_most: the highest.
        conditions: those at the witness, or at the nearest miss.
        edge: the prizes that the cell wins or misses at the edge (`lthcheck.verdict.edge.edge_prizes`).
    """

    method: str | None
    sparsity: float | None
    at_least: Prize
    at_most: Prize
    conditions: tuple[Condition, ...]
    edge: tuple[Prize, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The prize where both ends of the interval agree, else "undecided"."""
        return self.at_least if self.at_least == self.at_most else "undecided"


@dataclass(frozen=True)
class Certainty:
    """How sure the rule "confident" is of a verdict (`lthcheck.verdict.confident`).

    Attributes:
        error: the chance, at most, that the truth lies outside [at_least, at_most]: of the whole study, all looks.
        spent: the part of `error` that this look at the evidence may use.
        tickets: how many (method, sparsity, lr) the error rate is paid for.
        seeds: replicates, of the arm that has the fewest.
        support: by prize, 1 - the error rate at which the study would say so: "none" that there is no ticket,
            "secondary" and "jackpot" that there is at least this prize.
        more_seeds: replicates to add that would decide the verdict, if means and spreads stay what they are; None
            where it is decided, or where no number would do.
    """

    error: float
    spent: float
    tickets: int
    seeds: int
    support: Mapping[Prize, float]
    more_seeds: int | None


@dataclass(frozen=True)
class Judgement:
    """The verdict on one network and data set: the best over its cells.

    Attributes:
        rule: "paper" compares means with margins, "confident" asks what the seeds show at a stated error rate.
        reading: "joint" asks for one lr at which the conditions hold together, "literal" for one lr each.
        delta: the "similar" margin, a fraction.
        gamma: the "clear gap" margin, a fraction.
        assumed: what the user vouched for: () or ("adequate recipe",).
        cells: one per (method, sparsity), ordered by method, then sparsity.
        warnings: what a reader must know of the evidence (unequal grids or seeds, readings that disagree, ...).
        advice: what evidence would decide the verdict, where it is undecided.
        certainty: of the rule "confident"; None of the rule "paper".
        validation: lr and sparsity were chosen on a validation split, and the test split read for what was chosen.
        looks: the numbers of seeds at which the evidence is looked at, where it is looked at more than once.
    """

    rule: Rule
    reading: Reading
    delta: float
    gamma: float
    assumed: tuple[str, ...]
    cells: tuple[Cell, ...]
    warnings: tuple[str, ...]
    advice: tuple[str, ...]
    certainty: Certainty | None = None
    validation: bool = False
    looks: tuple[int, ...] = ()

    @property
    def at_least(self) -> Prize:
        """The lowest prize that the evidence allows."""
        return max((cell.at_least for cell in self.cells), key=RANK.__getitem__, default="none")

    @property
    def at_most(self) -> Prize:
        """The highest prize that the evidence allows."""
        return max((cell.at_most for cell in self.cells), key=RANK.__getitem__, default="jackpot")

    @property
    def verdict(self) -> Verdict:
        """The prize where both ends of the interval agree, else "undecided"."""
        return self.at_least if self.at_least == self.at_most else "undecided"

    @property
    def edge(self) -> tuple[Prize, ...]:
        """The prizes that are won or missed at the edge: conditions at the edge, taken the other way, decide them."""
        return best_edge((cell.at_least, cell.at_most, cell.edge) for cell in self.cells)

    @property
    def methods(self) -> tuple[str | None, ...]:
        """The methods judged, in the order of the cells."""
        return tuple(dict.fromkeys(cell.method for cell in self.cells))


def best_edge(cells: Iterable[tuple[str, str, Collection[str]]]) -> tuple[Prize, ...]:
    """The prizes that the best of several cells wins or misses at the edge.

    Args:
        cells: of each its at_least, its at_most and the prizes that it wins or misses at the edge.

    >>> best_edge([("jackpot", "jackpot", ["jackpot"]), ("secondary", "secondary", [])])
    ('jackpot',)
    """
    cells = tuple(cells)
    prizes: tuple[Prize, ...] = ("secondary", "jackpot")
    return tuple(prize for prize in prizes if _at_edge(prize, cells))


def _at_edge(prize: Prize, cells: Collection[tuple[str, str, Collection[str]]]) -> bool:
    winners = [edge for at_least, _, edge in cells if RANK[at_least] >= RANK[prize]]
    if winners:
        return all(prize in edge for edge in winners)
    # A prize that some cell may have, for all that is known, is undecided: that says more than the edge.
    missed = all(RANK[at_most] < RANK[prize] for _, at_most, _ in cells)
    return missed and any(prize in edge for _, _, edge in cells)
