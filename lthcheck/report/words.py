"""Words: how a report spells prizes, numbers and places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

PRIZES = {"jackpot": "Jackpot", "secondary": "Secondary prize", "none": "No ticket", "undecided": "Undecided"}
HOLDS = {True: "yes", False: "no", None: "unknown"}
ARM_NAMES = {"dense": "dense", "lt": "LT", "rr": "RR", "sdt": "SDT"}


def prize(verdict: str, at_least: str, at_most: str, edge: Collection[str] = ()) -> str:
    """The verdict in words, with its interval where it is undecided, and whether it stands at the edge.

    >>> prize("undecided", "none", "secondary"), prize("secondary", "secondary", "secondary", ["jackpot"])
    ('Undecided (none to secondary)', 'Secondary prize (edge)')
    """
    notes = [f"{at_least} to {at_most}"] if verdict == "undecided" else []
    notes += ["edge"] if edge else []
    return f"{PRIZES[verdict]} ({', '.join(notes)})" if notes else PRIZES[verdict]


def percent(accuracy: float) -> str:
    """An accuracy, a fraction, with the one decimal that seeds let anyone read.

    >>> percent(0.7334)
    '73.3 %'
    """
    return f"{100 * accuracy:.1f} %"


def points(gap: float, threshold: float | None = None) -> str:
    """A signed gap, a fraction, in percentage points.

    Args:
        gap: the gap.
        threshold: what it is held against; the decimals shown are then enough to see on which side it lies.

    >>> points(-0.0216, -0.005), points(0.00504, 0.005), points(0.005, 0.005)
    ('-2.2 pt', '+0.504 pt', '+0.5 pt')
    """
    value = 100 * gap
    decimals = 1
    if threshold is not None:
        limit = 100 * threshold
        decimals = next((n for n in (1, 2, 3) if _side(round(value, n), limit) == _side(value, limit)), 4)
    text = f"{value:+.{decimals}f}"
    return f"{text if float(text) else text[1:]} pt"


def span(ends: Sequence[float], threshold: float | None = None) -> tuple[str, str]:
    """The signed ends of an interval of gaps, fractions, in percentage points without the unit; see `points`.

    >>> span((0.012, 0.041), 0.005)
    ('+1.2', '+4.1')
    """
    low, high = (points(end, threshold).removesuffix(" pt") for end in ends)
    return low, high


def margin(value: float) -> str:
    """A margin, a fraction, in percentage points.

    >>> margin(0.005)
    '0.5 pt'
    """
    return f"{100 * value:.4g} pt"


def rate(sparsity: float) -> str:
    """A sparsity; three decimals tell the rungs of the 20 % ladder apart up to 0.99, five those beyond.

    >>> rate(0.8 ** 0 - 0.8 ** 8), rate(0.9), rate(0.0)
    ('0.832', '0.9', '0')
    """
    return f"{sparsity:.{3 if sparsity < 0.99 else 5}f}".rstrip("0").rstrip(".")


def excess(small: int, ticket: int) -> str:
    """The parameters of the small dense network beside those of the ticket, as a part of the latter.

    >>> excess(4700, 4556), excess(4556, 4556), excess(2600, 4556)
    ('144 more (3.2 %)', 'as many', '1,956 fewer (42.9 %)')
    """
    more = small - ticket
    return f"{abs(more):,} {'more' if more > 0 else 'fewer'} ({percent(abs(more) / ticket)})" if more else "as many"


def place(cell: Mapping[str, Any]) -> str:
    """Where a cell lies: "omp at sparsity 0.832"."""
    where = "an unknown sparsity" if cell["sparsity"] is None else f"sparsity {rate(cell['sparsity'])}"
    return f"{cell['method']} at {where}" if cell["method"] else f"at {where}"


def study_name(record: Mapping[str, Any]) -> str:
    """The study's name, or what it is made of."""
    study = record["study"]
    if study.get("name"):
        return str(study["name"])
    return " on ".join(str(study[key]) for key in ("model", "dataset") if study.get(key)) or "study"


def one_line(text: str) -> str:
    """The text without line breaks."""
    return " ".join(str(text).split())


def listing(parts: Iterable[str]) -> str:
    """The parts as a phrase.

    >>> listing(["a", "b", "c"])
    'a, b and c'
    """
    items = list(parts)
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def thresholds(record: Mapping[str, Any]) -> dict[int, float]:
    """What each gap is held against, a fraction: above gamma for 2 and 3, at least -delta for 4 and 5."""
    gamma, delta = record["gamma"], record["delta"]
    return {2: gamma, 3: gamma, 4: -delta, 5: -delta}


def _side(value: float, limit: float) -> int:
    return 0 if abs(value - limit) <= 1e-7 else (1 if value > limit else -1)


def moment_name(text: str) -> str:
    """The epoch or step that a recipe's `rewind` means.

    >>> moment_name("8 epochs"), moment_name("500 steps")
    ('epoch 8', 'step 500')
    """
    number, unit = text.split()
    return f"{unit.removesuffix('s')} {number}"
