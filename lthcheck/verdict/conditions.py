"""The five conditions of a winning ticket (Ma et al. 2021, sec. 2), by the rule `paper`: means held against margins.

At one (method, sparsity s), with A(arm, lr) the mean accuracy over seeds, delta the "similar" margin and gamma the
"clear gap", all of them fractions (0.005 is 0.5 pt):

    1  non-trivial sparsity, sufficient recipe   s >= 0.60, and the recipe is adequate (`adequacy`)
    2  beats small dense                         A(lt, lr) - max A(sdt, .) > gamma
    3  beats reinitialisation                    A(lt, lr) - max A(rr, .) > gamma
    4  matches dense at the same lr              A(lt, lr) >= A(dense, lr) - delta
    5  matches dense at its best lr              A(lt, lr) >= max A(dense, .) - delta

A condition is True, False, or None where the evidence does not tell. Equality within 1e-9 counts as >= and not as >.
Conditions 2 to 5 are at the edge where the gap is within its standard error of the margin (`lthcheck.verdict.edge`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lthcheck.grid import TIE, best_lr, lrs_beyond
from lthcheck.quantity import count
from lthcheck.verdict.edge import at_edge
from lthcheck.verdict.judgement import Condition
from lthcheck.verdict.means import Levels, Means, close, level

NON_TRIVIAL = 0.60


def reaches(gap: float, margin: float) -> bool:
    """Whether gap >= margin, equality within 1e-9 included."""
    return gap >= margin - TIE


def exceeds(gap: float, margin: float) -> bool:
    """Whether gap > margin, equality within 1e-9 excluded."""
    return gap > margin + TIE


# --- conditions 2 to 5 ---


def condition(number: int, means: Means, lr: float, *, delta: float, gamma: float) -> Condition:
    """Condition 2, 3, 4 or 5 of the ticket that was trained at `lr`.

    Raises:
        ValueError: `number` is not one of 2, 3, 4, 5.
    """
    ticket = level(means.lt, lr)
    rival, name = _rival(number, means, lr)
    if ticket is None:
        return Condition(number, None, None, lr, f"no lt rows{_place(means)} at lr {lr:g}")
    if rival is None:
        return Condition(number, None, None, lr, f"no {name}")
    if number == 4 and _among(means.dense_diverged, lr):
        # A ticket that matches a training that went to NaN matches nothing.
        return Condition(4, False, None, lr, f"dense diverged at lr {lr:g}, which is no witness")

    def clearly_better(lt: float, other: float) -> bool:
        return exceeds(lt - other, gamma)

    def similar_or_better(lt: float, other: float) -> bool:
        return reaches(lt - other, -delta)

    if number in {2, 3}:
        test, yes, no, limit, margin = clearly_better, ">", "<=", gamma, f"+ {_margin(gamma)}"
    else:
        test, yes, no, limit, margin = similar_or_better, ">=", "<", -delta, f"- {_margin(delta)}"
    holds, gap = test(ticket, rival), ticket - rival
    lt, other = _told((ticket, rival), test)
    detail = f"LT {lt} {yes if holds else no} {name} {other} {margin}"
    return Condition(number, holds, gap, lr, detail, edge=at_edge(number, means, lr, gap - limit))


def _rival(number: int, means: Means, lr: float) -> tuple[float | None, str]:
    """What a condition holds the ticket against: its accuracy and name, or None and the rows that are missing."""
    match number:
        case 2:
            return _best("SDT", means.sdt, f"sdt rows{_place(means, method=False)}")
        case 3:
            return _best("RR", means.rr, f"rr rows{_place(means)}")
        case 4 if means.dense:
            dense = level(means.dense, lr)
            return dense, "dense" if dense is not None else f"dense rows at lr {lr:g}"
        case 4 | 5:
            return _best("dense", means.dense, "dense rows")
    raise ValueError(f"number={number} must be 2, 3, 4 or 5; condition 1 is `first_condition`")


def _best(name: str, levels: Levels, missing: str) -> tuple[float | None, str]:
    if not levels:
        return None, missing
    return max(levels.values()), f"best {name} (lr {best_lr(levels):g})"


def gap_detail(
    number: int, means: Means, lr: float, interval: tuple[float, float] | None, *, delta: float, gamma: float
) -> str:
    """One line for a reader: where the gap of condition 2, 3, 4 or 5 lies; None where nothing tells."""
    ticket, (rival, name) = level(means.lt, lr), _rival(number, means, lr)
    assert ticket is not None
    assert rival is not None
    asked = f"> {_margin(gamma)}" if number in {2, 3} else f">= -{_margin(delta)}"
    gap = f"LT {_margin(round(ticket, 3))} - {name} {_margin(round(rival, 3))} = {_margin(round(ticket - rival, 4))}"
    return f"{gap}, {_within(interval)}; {asked} is asked"


def gain_detail(interval: tuple[float, float] | None) -> str:
    """How condition 1 goes on: by how much dense gains from twice the epochs, from where its loss lies."""
    return "" if interval is None else f"; the gain is {_within((-interval[1], -interval[0]))}"


def _within(interval: tuple[float, float] | None) -> str:
    if interval is None:
        return "of unknown spread, since it takes two seeds that differ"
    return "within [" + ", ".join(_margin(round(end, 4)) for end in interval) + "]"


# --- condition 1 ---


@dataclass(frozen=True)
class Adequacy:
    """Whether the recipe trains the dense network well enough to speak of a ticket (condition 1, second half).

    Attributes:
        trained_out: (a) training the best dense lr for 2T gains at most delta; None where it was not probed.
        inside: (b) True where the best dense lr is inside the grid, None where it is at an end and the best may lie
            beyond: an end alone never refutes.
        detail: one line for a reader.
        remedies: what evidence would decide what is None.
    """

    trained_out: bool | None
    inside: bool | None
    detail: str
    remedies: tuple[str, ...]


def adequacy(means: Means, *, delta: float) -> Adequacy:
    """Probe the recipe: does dense gain from twice the epochs, and is its best lr inside the grid?"""
    if not means.dense:
        missing = "no dense rows" if means.lt else f"no lt rows{_place(means)}"
        return Adequacy(None, None, missing, (missing,))
    best = best_lr(means.dense)
    beyond = lrs_beyond(means.dense, best)
    trained_out, gain, probe_remedies = _probe(means, best, delta)
    grid = "the end of its grid" if beyond else f"inside the grid {min(means.dense):g} to {max(means.dense):g}"
    lr_remedies = tuple(f"add lr {lr:g}: the best dense lr {best:g} is at the end of its grid" for lr in beyond)
    return Adequacy(
        trained_out=trained_out,
        inside=None if beyond else True,
        detail=f"{gain}; best dense lr {best:g} is {'at ' if beyond else ''}{grid}",
        remedies=lr_remedies + probe_remedies,
    )


def _probe(means: Means, best: float, delta: float) -> tuple[bool | None, str, tuple[str, ...]]:
    once, twice = means.dense[best], level(means.dense_2t, best)
    length = double_length(means)
    if twice is None:
        unknown_length = ", and give the epochs of every row" if means.epochs is None else ""
        return (
            None,
            f"dense not probed at lr {best:g} for {length}",
            (f"train dense at lr {best:g} for {length}{unknown_length}",),
        )
    if _among(means.dense_2t_diverged, best):
        # Chance accuracy at 2T would read as "gains nothing" and vouch for the recipe.
        return (
            None,
            f"dense diverged at lr {best:g} in {length}",
            (f"replace the diverged dense training at lr {best:g} for {length}",),
        )
    trained_out = not exceeds(twice - once, delta)
    after, before = _told((twice, once), lambda twice, once: exceeds(twice - once, delta))
    relation = "<=" if trained_out else ">"
    return trained_out, f"dense {after} in {length} {relation} {before} in T + {_margin(delta)} at lr {best:g}", ()


def first_condition(means: Means, *, delta: float, assume_adequate: bool = False) -> Condition:
    """Condition 1: the sparsity is not trivial, and the recipe is adequate or vouched for."""
    s = means.sparsity
    if s is None:
        sparse, told = None, "the sparsity is not known"
    else:
        sparse = reaches(s, NON_TRIVIAL)
        (shown,) = _told((s,), lambda s: reaches(s, NON_TRIVIAL))
        told = f"sparsity {shown} {'>=' if sparse else '<'} {_margin(NON_TRIVIAL)}"
    if assume_adequate:
        return Condition(1, sparse, s, None, f"{told}; the recipe is adequate by assumption")
    recipe = adequacy(means, delta=delta)
    return Condition(1, every(sparse, recipe.trained_out, recipe.inside), s, None, f"{told}; {recipe.detail}")


def first_remedies(means: Means, *, delta: float, assume_adequate: bool = False) -> tuple[str, ...]:
    """What evidence would decide condition 1, where it is unknown."""
    sparsity = ("give the sparsity",) if means.sparsity is None else ()
    return sparsity if assume_adequate else sparsity + adequacy(means, delta=delta).remedies


def every(*holds: bool | None) -> bool | None:
    """Kleene's "and": False wins over unknown, unknown over True.

    >>> every(True, None), every(None, False)
    (None, False)
    """
    if False in holds:
        return False
    return None if None in holds else True


# --- words ---


def double_length(means: Means) -> str:
    """What a probe is trained for."""
    return "2T" if means.epochs is None else f"2T = {count(2 * means.epochs, 'epoch')}"


def _told(values: tuple[float, ...], test: Callable[..., bool]) -> tuple[str, ...]:
    """The values with the fewest decimals, three or more, at which a reader's own comparison comes out the same."""
    truth = test(*values)
    decimals = next((n for n in range(3, 10) if test(*(round(v, n) for v in values)) == truth), 10)
    return tuple(f"{round(v, decimals):.{decimals}f}".replace("0.", ".", 1) for v in values)


def _margin(margin: float) -> str:
    return f"{margin:g}".replace("0.", ".", 1)


def _place(means: Means, *, method: bool = True) -> str:
    named = f" for {means.method}" if method and means.method is not None else ""
    return named if means.sparsity is None else f"{named} at sparsity {means.sparsity:g}"


def _among(lrs: Iterable[float], lr: float) -> bool:
    return any(close(known, lr) for known in lrs)
