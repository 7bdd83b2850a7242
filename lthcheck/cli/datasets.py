"""`lthcheck datasets`: the data sets that there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lthcheck.cli.choice import chosen, study_options
from lthcheck.cli.table import item, table
from lthcheck.size import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HEADS = ("data set", "shape", "classes", "train", "test", "download", "here", "delta")
INDENT = 13


@click.command("datasets", short_help="List data sets: sizes, whether they are here, papers.")
@study_options(only=("import", "data-dir"))
@click.option("--json", "as_json", is_flag=True, help="A list with an object for each data set.")
def command(*, as_json: bool, **texts: Any) -> None:
    """The data sets that there are, whether they are here, and in which papers. Nothing is read or downloaded.

    "here" says whether the files are where lthcheck looks for them: in --data-dir, or else in the folder that the
    variable LTHCHECK_DATA names, or else in the user's cache. "delta" is the margin within which accuracies are
    "similar". Data of your own are listed with --import.

    \b
    Examples:
      lthcheck datasets
      lthcheck datasets --data-dir /data
      lthcheck datasets --import mine.py --json
    """  # noqa: D301 - click wants the character itself
    from lthcheck.catalogue.datasets import datasets
    from lthcheck.extension import load

    options = chosen(texts)
    if "import" in options:
        load(options["import"])
    found = datasets(Path(options["data-dir"]) if "data-dir" in options else None)
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    click.echo(table([_row(each) for each in found], HEADS, right=("classes", "train", "test")))
    click.echo("")
    for line in _below(found):
        click.echo(line)


def _below(found: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """The papers, and data of the user's own."""
    standings = [standing for each in found for standing in each["papers"]]
    for paper in dict.fromkeys(standing["paper"] for standing in standings):
        on = dict.fromkeys(standing["dataset"] for standing in standings if standing["paper"] == paper)
        yield item(paper, ", ".join(on), INDENT)
    yield item("your own", "<path>.npz with arrays x_train, y_train, x_test, y_test, or register_dataset", INDENT)


def _row(each: Mapping[str, Any]) -> list[str]:
    from lthcheck.report.words import margin

    comes = size(each["download"]) if each["download"] else each["otherwise"] or ""
    counts = ["" if each[name] is None else f"{each[name]:,}" for name in ("classes", "train_size", "test_size")]
    return [
        each["name"],
        " x ".join(map(str, each["shape"] or ())),
        *counts,
        comes,
        {True: "yes", False: "no", None: ""}[each["here"]],
        margin(each["delta"]),
    ]
