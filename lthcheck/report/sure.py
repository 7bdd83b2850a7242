"""How sure the rule `confident` is of a verdict, in words, and what the rule `paper` says of the same evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lthcheck.quantity import count
from lthcheck.report.words import listing, prize, study_name

if TYPE_CHECKING:
    from collections.abc import Mapping

CLAIMS = {"none": "no ticket", "secondary": "at least the secondary prize", "jackpot": "Jackpot"}


def confidence(record: Mapping[str, Any]) -> str:
    """In a few words how sure a decided verdict is, or what seeds would do for another; "" by the rule paper.

    >>> certainty = {"error": 0.05, "more_seeds": 8}
    >>> confidence({"verdict": "jackpot", "certainty": certainty})
    '95 % confident'
    >>> confidence({"verdict": "undecided", "certainty": certainty})
    '8 more seeds would decide'
    """
    certainty = record.get("certainty")
    if certainty is None:
        return ""
    if record["verdict"] != "undecided":
        return f"{100 * (1 - certainty['error']):.4g} % confident"
    more = certainty["more_seeds"]
    return "more seeds alone would not decide" if more is None else f"{count(more, 'more seed')} would decide"


def by_paper(record: Mapping[str, Any]) -> str:
    """The verdict by the rule paper, of a record that was judged by another; else ""."""
    paper = record.get("paper")
    return "" if paper is None else prize(paper["verdict"], paper["at_least"], paper["at_most"]).lower()


def disagreement(record: Mapping[str, Any]) -> list[str]:
    """One line where the rule paper says something else of the same evidence, none where it does not."""
    said = by_paper(record)
    if not said or said == prize(record["verdict"], record["at_least"], record["at_most"]).lower():
        return []
    return [f"{study_name(record)}: by the rule paper, which compares means alone: {said}"]


def rule(record: Mapping[str, Any]) -> str:
    """Sentences on how the rule confident reads intervals, and what its error rate covers."""
    said = (
        "A condition holds where the whole interval of its gap meets what is asked, fails where no part of it does, "
        "and is unknown between. "
    )
    certainty = record.get("certainty")
    if certainty is None:
        return said
    return said + (
        f"Lower ends hold for all {certainty['tickets']:,} tickets of the study at once, upper ends for one ticket; "
        "the chance that the verdict, from its least to its most, misses the truth is at most "
        f"{_percent(certainty['error'])}, given that best lrs which lie inside their grids by means do so in truth. "
    )


def supports(record: Mapping[str, Any]) -> list[list[str]]:
    """One row a claim: what it says, and its support."""
    certainty = record["certainty"]
    enough = 1 - certainty["error"]
    return [[words, _share(certainty["support"][claim], enough)] for claim, words in CLAIMS.items()]


def grounds(record: Mapping[str, Any]) -> list[str]:
    """Sentences on what the support rests on, and on what more seeds would do."""
    certainty = record["certainty"]
    said = [
        f"{count(certainty['seeds'], 'seed')}, of the arm that has the fewest.",
        f"Paid for: {count(certainty['tickets'], 'ticket')}, one for each method, sparsity and lr that could have won.",
    ]
    size = record["test_size"]
    said.append(
        "The test set's size is not known, so its own noise is not in the intervals."
        if size is None
        else f"The noise of a test set of {size:,} examples is in every interval."
    )
    if certainty["spent"] < certainty["error"]:
        looks = listing(str(seeds) for seeds in record.get("looks", ()))
        planned = f", one of those planned at {looks} seeds," if looks else ""
        spent, whole = _percent(certainty["spent"]), _percent(certainty["error"])
        said.append(f"This look{planned} may spend {spent} of the study's error rate of {whole}.")
    if record["verdict"] == "undecided":
        more = certainty["more_seeds"]
        if more is None:
            said.append("No number of seeds alone would decide it.")
        else:
            enough = f"{count(more, 'more seed')} for each arm would decide it"
            said.append(f"{enough}, if means and spreads stay what they are and no gap closes at 2T.")
    return said


def _percent(error: float) -> str:
    return f"{100 * error:.3g} %"


def _share(support: float, enough: float) -> str:
    """With the fewest decimals, three or more, that show whether it is enough."""
    if support > 0.9995 > enough:
        return "> 0.999"
    if support < 0.0005:
        return "< 0.001"
    decimals = next((n for n in range(3, 9) if (round(support, n) >= enough) == (support >= enough)), 9)
    return f"{support:.{decimals}f}"
