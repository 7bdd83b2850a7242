"""The report in Markdown: a pure function of the record, read from the verdict down."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from lthcheck.report.departures import departures
from lthcheck.report.headline import edge, headline, interval, nearest, reason
from lthcheck.report.provenance import cost_lines, environment_lines, study_lines
from lthcheck.report.recipe import adequacy
from lthcheck.report.series import opened, series, trained
from lthcheck.report.sure import by_paper, confidence, grounds, rule, supports
from lthcheck.report.tables import (
    CONDITION_HEADS,
    accuracy_table,
    cell_table,
    condition_table,
    escape,
    github,
    layer_table,
    parameters,
    seeds,
    verdict_rows,
    verdict_table,
)
from lthcheck.report.words import PRIZES, excess, listing, margin, place, prize, rate, study_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lthcheck.report.figures import Picture
    from lthcheck.report.series import Cell

__all__ = ["headline", "markdown", "verdict_table"]

_ARMS = (
    "Arms: dense; LT, the ticket from its own initialisation; RR, the same mask from a fresh one; "
    "SDT, a small dense network of the ticket's size."
)


def markdown(record: Mapping[str, Any], pictures: Sequence[Picture] = ()) -> str:
    """The report on one study.

    Args:
        record: as `record.record` or `record.loads` gives it; nothing else is read.
        pictures: the figures that lie beside the report.

    Returns:
        Markdown, the same for equal arguments, ending in a newline.
    """
    record = opened(record)
    shown = _best_of_each_method(record)
    name = escape(study_name(record))
    blocks = [
        f"# {name}: {prize(record['verdict'], record['at_least'], record['at_most'], edge(record['cells'])).lower()}",
        _verdict(record),
        *_by_method(record),
        *([cell_table(record)] if record["cells"] else []),
        _rules(record),
        *_how_sure(record),
        *_pictures(record, pictures),
        *(block for cell in shown for block in _cell(record, cell)),
        *_others(record, [cell for cell in record["cells"] if cell not in shown]),
        *_section("Recipe", _recipe(record, shown)),
        *_section("Warnings", [escape(line) for line in record.get("warnings", ())]),
        *_section("What would decide it", [escape(line) for line in record.get("advice", ())]),
        *_section("Study", study_lines(record)),
        *_section("Cost", cost_lines(record)),
        *_section("Environment", environment_lines(record)),
        *_again(record),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _recipe(record: Mapping[str, Any], shown: Sequence[Cell]) -> dict[str, None]:
    """What was published, what differs from it, and whether dense is trained as well as it can be."""
    published = [escape(line) for line in departures(record["study"])]
    return dict.fromkeys([*published, *(line for cell in shown for line in adequacy(record, cell))])


def _best_of_each_method(record: Mapping[str, Any]) -> list[Cell]:
    methods = dict.fromkeys(cell["method"] for cell in record["cells"])
    best = [nearest(record, [cell for cell in record["cells"] if cell["method"] == method]) for method in methods]
    return [cell for cell in best if cell is not None]


def _verdict(record: Mapping[str, Any]) -> str:
    """The verdict and, in a sentence or two, the numbers that made it so."""
    words, open_ended = PRIZES[record["verdict"]], record["verdict"] == "undecided"
    confident = confidence(record)
    if open_ended:
        said = f"**{words}**: {record['at_least']} to {record['at_most']}{'; ' if confident else ''}{confident}."
    else:
        said = f"**{words}**, {confident}." if confident else f"**{words}.**"
    cell = nearest(record, record["cells"])
    if cell is None:
        return f"{said} No cell was judged: there is no evidence on a ticket."
    count = seeds(record, cell)
    means = "" if count is None else " One seed." if count == 1 else f" Means over {count} seeds."
    missed = record["verdict"] == "none" and len(record["cells"]) > 1
    where = f"Nearest to one is {escape(place(cell))}" if missed else _heading(cell)
    sentences = f"{said} {where}: {escape(reason(record, cell))}.{means}"
    sure = [one for one in record["cells"] if one["verdict"] == record["at_least"] != "none"]
    if open_ended and sure:
        certain = nearest(record, sure)
        assert certain is not None
        sentences += f" Certain is the {prize(certain['verdict'], '', '').lower()} of {escape(place(certain))}."
    paper = by_paper(record)
    return sentences + (f" By the rule paper: {paper}." if paper else "") + _edge(record)


def _edge(record: Mapping[str, Any]) -> str:
    hinging = [PRIZES[name] for name in edge(record["cells"])]
    if not hinging:
        return ""
    # The paper's prizes are names, "the Jackpot" and "the secondary prize".
    names = listing(name if name == "Jackpot" else name.lower() for name in hinging)
    return (
        f" At the edge is the {names}: a gap that decides it is within its standard error over seeds of the margin, "
        "so other seeds may well say otherwise."
    )


def _by_method(record: Mapping[str, Any]) -> list[str]:
    lines, shown = [], nearest(record, record["cells"])
    for cell in _best_of_each_method(record):
        words = prize(*interval([one for one in record["cells"] if one["method"] == cell["method"]])).lower()
        why = f"{place(cell)}, as above" if cell == shown else f"{place(cell)}: {reason(record, cell)}"
        lines.append(f"- {escape(cell['method'] or 'no method given')}: **{words}** ({escape(why)})")
    return ["\n".join(lines)] if len(lines) > 1 else []


def _rules(record: Mapping[str, Any]) -> str:
    together = {
        "joint": "one lr must carry the conditions together",
        "literal": "each condition may hold at an lr of its own (literal reading)",
    }
    test_size = record["test_size"]
    size = "" if test_size is None else f" of {test_size:,} examples (one example is {margin(1 / test_size)})"
    asked, read = "(Ma et al. 2021): means with margins", ""
    split = "as published, the best lr is read off the same split"
    if record["rule"] == "confident":
        asked = (
            "(conditions of Ma et al. 2021): superiority by gamma for 2 and 3, non-inferiority within delta for 4 "
            "and 5, arms paired by seed"
        )
        read = rule(record)
        split = "the best lr is read off the same split, and that choice is paid for"
    if record.get("validation"):
        chosen = "on one half of the test split" if _halved(record) else "by their validation accuracies"
        split = f"lr and sparsity were chosen {chosen}, and nothing is said of the tickets that were not"
    return (
        f'Rule "{record["rule"]}" {asked}; '
        f"{together.get(record['reading'], record['reading'])}. {read}"
        f"Similar: within delta = {margin(record['delta'])}; clear gap: above gamma = {margin(record['gamma'])}. "
        f"Accuracy: top-1 at the last step on the test split{size}; "
        f"{split}. {_ARMS}"
    )


def _how_sure(record: Mapping[str, Any]) -> list[str]:
    if record.get("certainty") is None:
        return []
    enough = f"{1 - record['certainty']['error']:.4g}"
    return [
        "## How sure",
        f"Support is 1 - the error rate at which the study would say so; {enough} is asked.",
        github(supports(record), ("there is", "support")),
        "\n".join(f"- {line}" for line in grounds(record)),
    ]


def _pictures(record: Mapping[str, Any], pictures: Sequence[Picture]) -> list[str]:
    """Each figure under its title, light or dark as the reader's page is."""
    blocks = []
    for figure, pages in groupby(pictures, key=lambda picture: picture.figure):
        more = f" {figure.confident}" if figure.confident and record["rule"] == "confident" else ""
        blocks += [f"## {figure.title}", figure.caption + more]
        blocks += [
            f'<picture><source media="(prefers-color-scheme: dark)" srcset="{quote(page.dark.name)}">'
            f'<img alt="{figure.title}" src="{quote(page.light.name)}"></picture>'
            for page in pages
        ]
    return blocks


def _cell(record: Mapping[str, Any], cell: Cell) -> list[str]:
    words = prize(cell["verdict"], cell["at_least"], cell["at_most"], cell.get("edge", ())).lower()
    return [
        f"## {_heading(cell)}: {words}",
        condition_table(record, cell),
        *_accuracies(record, cell),
        *_layers(record, cell),
    ]


def _heading(cell: Cell) -> str:
    """Where the cell lies, as a sentence may begin; a method is a name and keeps its letters."""
    return escape(place(cell) if cell["method"] else place(cell).capitalize())


def _accuracies(record: Mapping[str, Any], cell: Cell) -> list[str]:
    table = accuracy_table(record, cell)
    if not table:
        return []
    count, length = seeds(record, cell), trained(record)
    spread = "one seed" if count == 1 else "mean ± sample sd over " + ("seeds" if count is None else f"{count} seeds")
    told = "" if length is None else f", trained for {length}"
    whole = ", on the whole test split, while gaps are those of its second half" if _halved(record) else ""
    return [f"Accuracy in percent, {spread}{told}{whole}.", table, _size(record, cell)]


def _layers(record: Mapping[str, Any], cell: Cell) -> list[str]:
    table = layer_table(record, cell)
    return ["<details><summary>Weights kept by layer</summary>", table, "</details>"] if table else []


def _halved(record: Mapping[str, Any]) -> bool:
    """Whether lr and sparsity were chosen on one half of the test split, for want of a validation split."""
    return bool(record.get("validation")) and not any("validation" in row for row in record["evidence"])


def _size(record: Mapping[str, Any], cell: Cell) -> str:
    """The ticket's size over all parameters, beside that of the small dense network it is compared with."""
    arms = series(record, cell)
    counts = {arm: sorted({count for point in found for count in point.params}) for arm, found in arms.items()}
    ticket, dense = counts.get("lt", []), counts.get("dense", [])
    if len(ticket) != 1 or len(dense) != 1:
        return ""
    small = f"; the small dense network has {parameters(arms['sdt'])}" if counts.get("sdt") else ""
    if len(counts.get("sdt", [])) == 1:
        small += f", {excess(counts['sdt'][0], ticket[0])}"  # the least that its widths allow
    overall = rate(1 - ticket[0] / dense[0])
    return f"The ticket keeps {ticket[0]:,} of {dense[0]:,} parameters (sparsity {overall} over all of them){small}."


def _others(record: Mapping[str, Any], cells: Sequence[Cell]) -> list[str]:
    if not cells:
        return []
    heads = ("method", "sparsity", "verdict", *CONDITION_HEADS, "at lr")
    details = [block for cell in cells for block in (f"**{escape(place(cell))}**", *_accuracies(record, cell))]
    return [
        "## The other cells",
        "Gaps in percentage points.",
        github(verdict_rows(record, cells), heads),
        "<details><summary>Their accuracies</summary>",
        *details,
        "</details>",
    ]


def _section(title: str, lines: Sequence[str] | Mapping[str, None]) -> list[str]:
    return [f"## {title}", "\n".join(f"- {line}" for line in lines)] if lines else []


def _again(record: Mapping[str, Any]) -> list[str]:
    command = record["environment"].get("command")
    return ["## Again", f"```sh\n{command}\n```"] if command else []
