"""The recipe in words: is the ticket sparse, and was dense trained long enough and at a good lr (condition 1)?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lthcheck.report.series import at_lr, best, evidence, probe, series, trained
from lthcheck.report.words import listing, margin, percent, points, rate
from lthcheck.verdict import conditions
from lthcheck.verdict.conditions import NON_TRIVIAL, reaches
from lthcheck.verdict.means import means_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from lthcheck.report.series import Cell, Point


def adequacy(record: Mapping[str, Any], cell: Cell) -> list[str]:
    """Sentences on the halves of an adequate recipe: the probe at twice the epochs, the place of the best lr."""
    said = []
    if record["assumed"]:
        vouched = listing(str(item) for item in record["assumed"])
        said.append(f"The user vouched for: {vouched}. What follows is shown, but did not enter the verdict.")
    if record["rule"] == "confident":
        said.append("What follows compares means; condition 1 above says what the seeds show.")
    dense = series(record, cell).get("dense", ())
    top = best(dense)
    if top is None:
        return [*said, "There is no dense training in the evidence, so the recipe cannot be judged."]
    judged = _judged(record, cell)
    return [*said, _told_probe(record, cell, top, judged), _told_place(dense, top, judged)]


def shortcomings(record: Mapping[str, Any], cell: Cell, *, refuted: bool) -> list[str]:
    """Why condition 1 does not hold (`refuted`), or what keeps it unknown, in a few words each."""
    dense = series(record, cell).get("dense", ())
    top = best(dense)
    probed = None if top is None else at_lr(probe(record, cell), top.lr)
    judged = _judged(record, cell)
    said = []
    if refuted:
        if cell["sparsity"] is not None and not reaches(cell["sparsity"], NON_TRIVIAL):
            said.append(f"sparsity {rate(cell['sparsity'])} is below {NON_TRIVIAL:.2f}")
        if top and probed and not record["assumed"] and judged.trained_out is False:
            length, twice = trained(record), trained(record, times=2)
            told = "" if length is None else f" in {length}, {percent(probed.mean)} in {str(twice).split()[0]}"
            said.append(f"dense is under-trained, {percent(top.mean)} at lr {top.lr:g}{told}")
        return said
    if cell["sparsity"] is None:
        said.append("the sparsity is not known")
    if record["assumed"]:
        return said
    if top is None:
        return [*said, "there is no dense training"]
    if probed is None:
        said.append(f"dense was not trained for {_twice(record)} at its best lr {top.lr:g}")
    elif probed.diverged:
        said.append(f"dense at its best lr {top.lr:g} diverged in {_twice(record)}")
    if not judged.inside:
        said.append(f"the best dense lr {top.lr:g} is at an end of its grid")
    if not said and record["rule"] == "confident":
        said.append(
            f"the seeds do not tell whether dense gains at most {margin(record['delta'])} from {_twice(record)}"
        )
    return said


def _judged(record: Mapping[str, Any], cell: Cell) -> conditions.Adequacy:
    means = means_at(evidence(record), cell["method"], cell["sparsity"])
    return conditions.adequacy(means, delta=record["delta"])


def _twice(record: Mapping[str, Any]) -> str:
    length = trained(record, times=2)
    return "2T" if length is None else f"2T = {length}"


def _told_probe(record: Mapping[str, Any], cell: Cell, top: Point, judged: conditions.Adequacy) -> str:
    longer, length, twice = at_lr(probe(record, cell), top.lr), trained(record), _twice(record)
    if longer is None or length is None:
        return (
            f"Dense at its best lr {top.lr:g} ({percent(top.mean)}) was not trained for {twice}, "
            "so whether more training would help it is not known."
        )
    if longer.diverged:
        return (
            f"Dense at its best lr {top.lr:g} diverged in {twice}, so whether more training would help it is not known."
        )
    delta = record["delta"]
    verdict = (
        f"more than the {margin(delta)} allowed: the dense network is under-trained."
        if judged.trained_out is False
        else f"within the {margin(delta)} allowed: the dense network is fully trained."
    )
    return (
        f"Dense at its best lr {top.lr:g} reaches {percent(top.mean)} in T = {length} and "
        f"{percent(longer.mean)} in {twice} ({points(longer.mean - top.mean, delta)}), {verdict}"
    )


def _told_place(dense: tuple[Point, ...], top: Point, judged: conditions.Adequacy) -> str:
    grid = listing(f"{point.lr:g}" for point in dense)
    if judged.inside:
        return f"The best dense lr, {top.lr:g}, lies inside the grid of {grid}."
    if len(dense) == 1:
        return f"Dense was trained at lr {top.lr:g} alone, so whether another lr is better is not known."
    end = "lower" if top.lr == dense[0].lr else "upper"
    return f"The best dense lr, {top.lr:g}, is the {end} end of the grid of {grid}: a better one may lie beyond it."
