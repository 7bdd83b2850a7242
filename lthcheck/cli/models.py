"""`lthcheck models`: the networks that there are."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import click

from lthcheck.cli import complete
from lthcheck.cli.choice import chosen, once, study_options
from lthcheck.cli.standings import LEGEND, by_paper, notes
from lthcheck.cli.table import item, narrow, room, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HEADS = ("network", "on", "parameters", "prunable", "residual", "in the papers")
LINE = 28  # letters of the last column, at most


@click.command("models", short_help="List networks: parameters, options, papers.")
@study_options(only=("import",))
@once(
    "--dataset",
    metavar="NAME",
    help="count at the shape and classes of this data set; without, of the one in the papers",
    shell_complete=complete.option("dataset"),
)
@click.option("--json", "as_json", is_flag=True, help="A list with an object for each network.")
def command(*, dataset: str | None, as_json: bool, **texts: Any) -> None:
    """The networks that there are: how their names are spelt, their parameters, and where they stand in the papers.

    "prunable" counts the weights that recipe ma2021 may prune: convolutions and linear layers but the first convolution
    and the classifier. Any class count and input shape will do; those counted at are those of the data set under "on",
    which is not read. Networks of your own are listed with --import.

    \b
    Examples:
      lthcheck models
      lthcheck models --dataset cifar100
      lthcheck models --import mine.py --dataset images
      lthcheck models --json
    """  # noqa: D301 - click wants the character itself
    from lthcheck.catalogue.networks import networks
    from lthcheck.extension import load

    options = chosen(texts)
    if "import" in options:
        load(options["import"])
    with redirect_stdout(sys.stderr):  # what a network of the user's own prints is no result
        found = networks(dataset)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    rows = [_row(each) for each in found]
    width = min(LINE, room(rows, HEADS[:-1]))
    full = [[*row, _papers(each, width)] for row, each in zip(rows, found, strict=True)]
    click.echo(table(full, HEADS, right=("parameters", "prunable")))
    click.echo("")
    for line in _below(found):
        click.echo(line)


def _row(each: Mapping[str, Any]) -> list[str]:
    residual = {True: "yes", False: "no", None: ""}[each["residual"]]
    counts = ["-" if each[name] is None else f"{each[name]:,}" for name in ("parameters", "prunable")]
    return [each["name"], each["dataset"], *counts, residual]


def _papers(each: Mapping[str, Any], width: int) -> str:
    return narrow(by_paper(each["papers"]), width) if each["pattern"] else "your own"


def _below(found: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """What a table has no room for: how names are spelt, what the papers say, what is missing."""
    patterns = {each["pattern"]: each["options"] for each in found if each["pattern"]}
    yield _item("names", ", ".join(pattern for pattern, options in patterns.items() if not options))
    for pattern, options in patterns.items():
        if options:
            listed = "; ".join(f"{name}: {' or '.join(values)}" for name, values in options.items())
            yield _item("", f"{pattern} ({listed})")
    yield _item("", "each may end in its width: resnet20-w0.5 has half the channels")
    yield _item("papers", LEGEND)
    for note in notes(each for network in found for each in network["papers"]):
        yield _item("", note)
    refused = [each for each in found if each["refused"]]
    if refused:
        yield _item("not counted", f"{', '.join(each['name'] for each in refused)}; {refused[0]['refused']}")
    fixed = [each["name"] for each in found if each["scalable"] is False]
    if fixed:
        yield _item("no width", f"{', '.join(fixed)}: without a small dense network, condition 2 stays unknown")


def _item(name: str, text: str) -> str:
    return item(name, text, 13)
