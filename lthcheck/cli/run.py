"""`lthcheck run`: a study without pytest."""

from __future__ import annotations

import shlex
import sys
from contextlib import redirect_stdout
from typing import Any

import click

from lthcheck.cli.choice import StudyCommand, chosen, study_options
from lthcheck.cli.outcome import NOT_MET, outcome
from lthcheck.cli.output import shown, tell


@click.command("run", cls=StudyCommand, short_help="Train and judge a study, and write its report.")
@study_options(without={"expect"})  # the exit code is that of --require
@click.option("--json", "as_json", is_flag=True, help="A list of records instead of a table.")
@click.pass_context
def command(ctx: click.Context, /, as_json: bool, **texts: Any) -> None:
    """Trains and judges a study without pytest, and writes its report; the results are those of `pytest checks/`.

    \b
    Examples:
      lthcheck run --preset tiny
      lthcheck run --model resnet20 --dataset cifar10 --lr 0.01,0.1 --sparsity 0.9
      lthcheck run --import mine.py --model mine --dataset mine.npz --require secondary

    \b
    Exit code: 0 met, 1 not met or undecided, 2 bad input, 3 failed, 130 interrupted.
    """  # noqa: D301 - click wants the character itself
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
