"""What commands print: verdicts, and progress on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lthcheck.execute.progress import Progress


def tell(records: list[dict[str, Any]], as_json: bool) -> None:
    """Prints the verdicts as a table with a line each, or as a JSON list of records."""
    from lthcheck.report.headline import headline
    from lthcheck.report.record import lines
    from lthcheck.report.sure import disagreement
    from lthcheck.report.tables import verdict_table

    if as_json:
        click.echo(lines(records))
        return
    click.echo(verdict_table(records))
    click.echo("")
    for record in records:
        for line in (headline(record), *disagreement(record)):
            click.echo(line)


def shown(progress: Progress) -> None:
    """Rewrites the line of progress where standard error is a terminal."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[Ktraining: {progress}", nl=False, err=True)
