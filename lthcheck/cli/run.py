"""`lthcheck run`: a study without pytest."""

from __future__ import annotations

import shlex
import sys
from contextlib import redirect_stdout
from typing import Any

import click

from lthcheck.cli.choice import chosen, study_options
from lthcheck.cli.outcome import NOT_MET, outcome
from lthcheck.cli.output import shown, tell


@click.command("run")
@study_options(without={"expect"})  # the exit code is that of --require
@click.option("--json", "as_json", is_flag=True, help="A list of records instead of a table.")
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **texts: Any) -> None:
    """Trains and judges a study without pytest, and writes its report; the results are those of `pytest checks/`."""
    from lthcheck.inquire import inquire
    from lthcheck.options import studies

    options = chosen(texts)
    with redirect_stdout(sys.stderr):  # what a loader of the user's own prints is no result
        asked = {study: study.questions() for study in studies(options)}
        found = inquire(asked, options, command=shlex.join(["lthcheck", *sys.argv[1:]]), show=shown)
    click.echo("", err=True)
    tell(found.records, as_json)
    for note in found.notes:
        click.echo(note, err=True)
    broken = any(finding.violations for finding in found.findings)
    ctx.exit(NOT_MET if broken else outcome(found.findings, options.get("require")))
