"""The judge: from the rows of one network and data set to a verdict, by the rule `paper` (Ma et al. 2021, sec. 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from lthcheck.evidence import ARMS, Arm, Row
from lthcheck.quantity import check_real
from lthcheck.verdict.conditions import condition, first_condition, first_remedies
from lthcheck.verdict.judgement import RANK, Cell, Condition, Judgement, Prize, Reading
from lthcheck.verdict.means import ByLength, Means, by_length, by_lr, close, distinct, means_at, serves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

DELTAS = {"cifar10": 0.005, "cifar100": 0.01, "tinyimagenet": 0.01, "imagenet": 0.015}
DELTA = 0.005
GAMMA = 0.005


def default_delta(dataset: str | None) -> float:
    """The "similar" margin of a data set, a fraction: by its name in any spelling (`CIFAR-100`, `tiny_imagenet`).

    >>> default_delta("CIFAR-100"), default_delta("mnist1d"), default_delta(None)
    (0.01, 0.005, 0.005)
    """
    letters = "".join(filter(str.isalnum, dataset or "")).lower()
    return DELTAS.get(letters, DELTA)


def judge(
    rows: Iterable[Row],
    *,
    delta: float = DELTA,
    gamma: float = GAMMA,
    reading: Reading = "joint",
    assume_adequate: bool = False,
) -> Judgement:
    """The verdict on the rows of one network and data set, of one or several methods.

    Args:
        rows: evidence of every arm, in any order.
        delta: the "similar" margin, a fraction; `default_delta` knows that of a data set.
        gamma: the "clear gap" margin, a fraction.
        reading: "joint" asks for one lr at which the conditions hold together, "literal" for one lr each.
        assume_adequate: the user vouches for the recipe: condition 1 is s >= 0.60 alone.

    Raises:
        ValueError: a margin is no fraction, the reading is not known, or the rows leave the length of training open.
    """
    _check_margins(delta, gamma)
    if reading not in get_args(Reading):
        raise ValueError(f"reading={reading!r} must be one of {', '.join(get_args(Reading))}")
    rows = tuple(rows)
    lengths = by_length(rows)
    exams = tuple(
        _examine(means_at(lengths, method, sparsity), delta, gamma, assume_adequate)
        for method, sparsity in _places(rows)
    )
    return Judgement(
        rule="paper",
        reading=reading,
        delta=delta,
        gamma=gamma,
        assumed=("adequate recipe",) if assume_adequate else (),
        cells=tuple(_cell(exam, reading) for exam in exams),
        warnings=tuple(dict.fromkeys(_warnings(lengths, exams))),
        advice=tuple(dict.fromkeys(_advice(exams, reading))),
    )


def claim(
    rows: Iterable[Row],
    number: int,
    method: str | None,
    sparsity: float | None,
    lr: float | None,
    *,
    delta: float,
    gamma: float,
    assume_adequate: bool = False,
    epochs: float | None = None,
) -> Condition:
    """One condition of one ticket, as `judge` sees it: unknown where the ticket has no lt rows.

    Args:
        rows: evidence on one network and data set.
        number: the condition, 1 to 5.
        method: how the ticket was found.
        sparsity: fraction of prunable weights removed.
        lr: learning rate of the ticket; condition 1 ignores it.
        delta: the "similar" margin, a fraction.
        gamma: the "clear gap" margin, a fraction.
        assume_adequate: condition 1 is s >= 0.60 alone.
        epochs: T, where it is known without the lt rows.

    Raises:
        ValueError: as `judge`, or `number` and `lr` name no claim.
    """
    _check_margins(delta, gamma)
    if number != 1 and lr is None:
        raise ValueError(f"lr=None must be a learning rate for condition {number}; only condition 1 has none")
    means = means_at(by_length(rows, epochs), method, sparsity)
    if number == 1 or lr is None:
        return first_condition(means, delta=delta, assume_adequate=assume_adequate)
    return condition(number, means, lr, delta=delta, gamma=gamma)


def meets(judgement: Judgement, prize: Prize) -> bool:
    """Whether the verdict is at least `prize`, whatever the missing evidence would say (`--require`)."""
    if prize not in RANK:
        raise ValueError(f"prize={prize!r} must be one of {', '.join(RANK)}")
    return RANK[judgement.at_least] >= RANK[prize]


# --- the verdict ---


@dataclass(frozen=True)
class _Exam:
    """The conditions at one (method, sparsity): the first, and 2 to 5 at each lr of the ticket."""

    means: Means
    first: Condition
    first_remedies: tuple[str, ...]
    at: Mapping[float, tuple[Condition, ...]]
    delta: float
    gamma: float


def _examine(means: Means, delta: float, gamma: float, assume_adequate: bool) -> _Exam:
    return _Exam(
        means=means,
        first=first_condition(means, delta=delta, assume_adequate=assume_adequate),
        first_remedies=first_remedies(means, delta=delta, assume_adequate=assume_adequate),
        at={lr: tuple(condition(n, means, lr, delta=delta, gamma=gamma) for n in (2, 3, 4, 5)) for lr in means.lt},
        delta=delta,
        gamma=gamma,
    )


def _prize(first: Condition, tickets: Iterable[Sequence[Condition]], reading: Reading, *, unknown: bool) -> Prize:
    """The prize of tickets (conditions 2 to 5 at each lr) where every unknown condition is taken for `unknown`."""
    held = [{c.id for c in (first, *ticket) if (unknown if c.holds is None else c.holds)} for ticket in tickets]
    if reading == "literal":
        held = [set[int]().union(*held)]
    if any(conditions >= {1, 2, 3, 4, 5} for conditions in held):
        return "jackpot"
    if any(conditions >= {1, 2, 3, 4} for conditions in held):
        return "secondary"
    return "none"


def _interval(first: Condition, tickets: Iterable[Sequence[Condition]], reading: Reading) -> tuple[Prize, Prize]:
    tickets = tuple(tickets)
    return _prize(first, tickets, reading, unknown=False), _prize(first, tickets, reading, unknown=True)


def _ranks(first: Condition, tickets: Iterable[Sequence[Condition]], reading: Reading) -> tuple[int, int]:
    at_least, at_most = _interval(first, tickets, reading)
    return RANK[at_least], RANK[at_most]


def _cell(exam: _Exam, reading: Reading) -> Cell:
    at_least, at_most = _interval(exam.first, exam.at.values(), reading)
    shown = _witness(exam) if reading == "joint" else _best_each(exam)
    return Cell(exam.means.method, exam.means.sparsity, at_least, at_most, (exam.first, *shown))


def _witness(exam: _Exam) -> tuple[Condition, ...]:
    """Conditions 2 to 5 at the witness of the highest prize, or at the nearest miss."""

    def merit(lr: float) -> tuple[float, ...]:
        conditions = exam.at[lr]
        at_least, at_most = _ranks(exam.first, [conditions], "joint")
        # Condition 5 is no part of the secondary prize, so it must not choose the witness of one.
        counted = conditions[:3] if at_most == RANK["secondary"] else conditions
        return (
            at_least,
            at_most,
            sum(c.holds is True for c in conditions),
            sum(c.holds is not False for c in conditions),
            min((_slack(c, exam) for c in counted if c.holds is not None), default=0.0),
            -lr,
        )

    return exam.at[max(exam.at, key=merit)]


def _best_each(exam: _Exam) -> tuple[Condition, ...]:
    """Conditions 2 to 5, each at its own best lr."""

    def merit(c: Condition) -> tuple[float, ...]:
        return c.holds is True, c.holds is not False, _slack(c, exam), -(c.witness_lr or 0)

    return tuple(max(same, key=merit) for same in zip(*exam.at.values(), strict=True))


def _slack(c: Condition, exam: _Exam) -> float:
    """By how much a condition holds, a fraction; negative where it fails."""
    if c.gap is None:
        return float("-inf")
    return c.gap - exam.gamma if c.id in {2, 3} else c.gap + exam.delta


# --- what a reader must know of the evidence ---


def _warnings(lengths: ByLength, exams: Sequence[_Exam]) -> Iterator[str]:
    if not exams:
        yield "no lt rows: there is no ticket to judge"
        return
    means = [exam.means for exam in exams]
    yield from _ignored(lengths)
    yield from _serving_no_ticket(lengths, exams)
    yield from _diverged(lengths)
    for exam in exams:
        where = _where(exam.means)
        arms = _arms(lengths.full, exam.means)
        probe = _arms(lengths.double, exam.means).get("dense")
        yield from _unequal(arms, _grid, f"{where}lr grids differ")
        yield from _unequal(arms | ({"dense at 2T": probe} if probe else {}), _replicates, f"{where}seeds differ")
        yield from _mixed_sources(arms, where)
    if any(len(levels) > 1 for m in means for levels in (m.lt, m.rr, m.sdt, m.dense)):
        yield "the best lr is read off test accuracies, as published"
    for exam in exams:
        joint, literal = (_interval(exam.first, exam.at.values(), reading) for reading in get_args(Reading))
        if joint != literal:
            yield f"{_where(exam.means)}read jointly {_said(*joint)}, read literally {_said(*literal)}"


def _ignored(lengths: ByLength) -> Iterator[str]:
    if lengths.epochs is None:
        return
    for arm in ARMS:
        rows = [row for row in lengths.other if row.arm == arm]
        for epochs in distinct(row.epochs for row in rows if row.epochs is not None):
            count = sum(close(row.epochs, epochs) for row in rows)
            probe = f", and only 2T = {2 * lengths.epochs:g} would answer condition 1" if arm == "dense" else ""
            yield f"{arm} rows of {epochs:g} epochs ({count}) are ignored: lt rows have T = {lengths.epochs:g}{probe}"


def _serving_no_ticket(lengths: ByLength, exams: Sequence[_Exam]) -> Iterator[str]:
    idle = [
        row for row in lengths.full if not any(serves(row, exam.means.method, exam.means.sparsity) for exam in exams)
    ]
    for arm in ARMS:
        for method, sparsity in _places(idle, arm):
            for_method = "" if method is None else f" for {method}"
            at_sparsity = "" if sparsity is None else f" at sparsity {sparsity:g}"
            yield f"{arm} rows{for_method}{at_sparsity} serve no ticket: no lt rows have their method and sparsity"


def _diverged(lengths: ByLength) -> Iterator[str]:
    rows = [row for row in (*lengths.full, *lengths.double) if row.diverged]
    places = [f"{arm} at lr {lr:g}" for arm in ARMS for lr in distinct(row.lr for row in rows if row.arm == arm)]
    if places:
        yield f"diverged rows ({len(rows)}) count with the accuracy they have: {', '.join(places)}"


def _arms(rows: Iterable[Row], means: Means) -> dict[str, list[Row]]:
    """The rows that serve a ticket, by arm; arms without rows are left out."""
    serving = [row for row in rows if serves(row, means.method, means.sparsity)]
    arms: dict[str, list[Row]] = {arm: [row for row in serving if row.arm == arm] for arm in ARMS}
    return {arm: of_arm for arm, of_arm in arms.items() if of_arm}


def _unequal(arms: Mapping[str, list[Row]], tell: Callable[[list[Row]], str], words: str) -> Iterator[str]:
    told = {arm: tell(rows) for arm, rows in arms.items()}
    if len(set(told.values())) > 1:
        yield f"{words}: {'; '.join(f'{arm} {of_arm}' for arm, of_arm in told.items())}"


def _grid(rows: list[Row]) -> str:
    return _numbers(distinct(row.lr for row in rows))


def _replicates(rows: list[Row]) -> str:
    """The seeds of an arm; each set of them, where not all lrs have the same."""
    sets = set()
    for group in by_lr(rows).values():
        seeds = [row.seed for row in group]
        told = [str(seed) for seed in sorted({seed for seed in seeds if seed is not None})]
        unnamed = seeds.count(None)
        sets.add(" ".join([*told, f"({unnamed} without a seed)"] if unnamed else told))
    return " or ".join(sorted(sets))


def _mixed_sources(arms: Mapping[str, list[Row]], where: str) -> Iterator[str]:
    for arm, rows in arms.items():
        for lr, group in by_lr(rows).items():
            sources = distinct(row.source_lr for row in group if row.source_lr is not None)
            if len(sources) > 1:
                yield f"{where}{arm} at lr {lr:g} averages masks found at lrs {_numbers(sources)}; judge each apart"


# --- what evidence would decide the verdict ---


def _advice(exams: Sequence[_Exam], reading: Reading) -> Iterator[str]:
    if not exams:
        yield "train lt: a ticket from its own initialisation"
    for method in dict.fromkeys(exam.means.method for exam in exams):
        mine = [exam for exam in exams if exam.means.method == method]
        ranges = [_ranks(exam.first, exam.at.values(), reading) for exam in mine]
        sure = max(at_least for at_least, _ in ranges)
        for exam, (_, at_most) in zip(mine, ranges, strict=True):
            if at_most > sure:
                yield from _open_questions(exam, reading, sure)


def _open_questions(exam: _Exam, reading: Reading, sure: int) -> Iterator[str]:
    """What is missing at a cell that could still win more than the prize that is `sure`."""
    if exam.first.holds is None:
        yield from exam.first_remedies
    for ticket in exam.at.values():
        if reading == "literal" or _ranks(exam.first, [ticket], "joint")[1] > sure:
            yield from (c.detail for c in ticket if c.holds is None)


# --- words ---


def _places(rows: Iterable[Row], arm: Arm = "lt") -> list[tuple[str | None, float | None]]:
    """The (method, sparsity) of an arm's rows, ordered by method, then sparsity, None first."""
    rows = [row for row in rows if row.arm == arm]
    places: list[tuple[str | None, float | None]] = []
    for method in sorted({row.method for row in rows}, key=lambda m: (m is not None, m or "")):
        of_method = [row.sparsity for row in rows if row.method == method]
        if None in of_method:
            places.append((method, None))
        places += [(method, sparsity) for sparsity in distinct(s for s in of_method if s is not None)]
    return places


def _where(means: Means) -> str:
    told = [] if means.method is None else [means.method]
    if means.sparsity is not None:
        told.append(f"sparsity {means.sparsity:g}")
    return f"{', '.join(told)}: " if told else ""


def _said(at_least: Prize, at_most: Prize) -> str:
    return at_least if at_least == at_most else f"undecided ({at_least} to {at_most})"


def _numbers(values: Iterable[float]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _check_margins(delta: float, gamma: float) -> None:
    for name, margin in (("delta", delta), ("gamma", gamma)):
        rule = "must be a fraction in [0, 0.5); write 0.005 for 0.5 pt"
        check_real(name, margin, lambda value: 0 <= value < 0.5, rule)
