"""`lthcheck judge`: verdicts on accuracies from any codebase."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from lthcheck.cli import complete
from lthcheck.cli.choice import chosen, once
from lthcheck.cli.outcome import outcome
from lthcheck.cli.output import tell


def _samples(text: str) -> str:
    count = text.strip()
    if not (count.isascii() and count.isdecimal() and len(count) < 13 and int(count) > 0):
        raise ValueError("must be a whole number of at least 1, e.g. 10000")
    return count


@click.command("judge", short_help="Verdicts on accuracies from any codebase.")
@click.argument("table", type=click.Path(dir_okay=False, allow_dash=True), shell_complete=complete.files)
@click.option("--json", "as_json", is_flag=True, help="A list of records instead of a table.")
@once(
    "--dataset",
    shell_complete=complete.option("dataset"),
    help="The data set, where the table has no such column; it decides delta.",
)
@once("--delta", metavar="PT", help="The 'similar' margin in percentage points.")
@once("--gamma", metavar="PT", help="The 'clear gap' margin in percentage points.")
@once(
    "--rule",
    metavar="NAME",
    shell_complete=complete.option("rule"),
    help="paper: means compared with margins; confident: what the seeds show, at a stated error rate.",
)
@click.option(
    "--validation", is_flag=True, help="Choose lr and sparsity on a validation split, test once (--rule confident)."
)
@once(
    "--test-size",
    metavar="N",
    parse=_samples,
    help="Samples that accuracy is measured on; the test set's own noise is carried along.",
)
@once(
    "--reading",
    metavar="NAME",
    shell_complete=complete.option("reading"),
    help="joint: one lr at which all conditions hold; literal: one lr each.",
)
@once(
    "--require",
    metavar="PRIZE",
    shell_complete=complete.option("require"),
    help="secondary or jackpot: exit 1 unless every verdict is at least this.",
)
@click.option("--assume-adequate", is_flag=True, help="Vouch for the recipe: condition 1 asks for the sparsity alone.")
@click.pass_context
def command(
    ctx: click.Context, /, table: str, as_json: bool, dataset: str | None, test_size: str | None, **texts: Any
) -> None:
    """Verdicts on the accuracies in TABLE, a CSV with columns arm, lr, accuracy ("-" reads standard input).

    Columns that help where present: seed, sparsity, method, model, dataset, epochs. Arms: dense, lt, rr, sdt.
    Accuracies are fractions. Dense rows of twice the ticket's epochs answer whether the recipe is adequate. Each model
    and data set in the table is a verdict of its own.

    \b
    Examples:
      lthcheck judge accuracies.csv
      lthcheck judge accuracies.csv --dataset cifar10 --require secondary
      lthcheck judge accuracies.csv --rule confident --test-size 10000
      lthcheck judge - --json < accuracies.csv > judged.json

    \b
    Exit code: 0 met, 1 not met or undecided, 2 bad input, 3 failed, 130 interrupted.
    """  # noqa: D301 - click wants the character itself
    from lthcheck.finding import Finding
    from lthcheck.options import terms
    from lthcheck.report.github import append_summary
    from lthcheck.verdict.table import read_table

    options = chosen(texts)
    piped = table == "-"
    read = read_table((sys.stdin.buffer.read() if sys.stdin else b"") if piped else Path(table), dataset=dataset)
    for warning in read.warnings:
        click.echo(f"note: {warning}", err=True)
    title = os.fsencode(Path(table).stem).decode(errors="replace")  # a file's name need not be text
    findings = []
    for (model, on), rows in read.items():
        name = " on ".join(part for part in (model, on) if part) or title
        study = {"name": name, "model": model, "dataset": on}
        size = None if test_size is None else int(test_size)
        findings.append(Finding(study=study, rows=tuple(rows), test_size=size, terms=terms(options, on)))
    records = [finding.record({}) for finding in findings]
    tell(records, as_json)
    for note in append_summary(records):
        click.echo(f"note: {note}", err=True)
    if not as_json:
        for finding in findings:
            for line in (*finding.judgement.warnings, *finding.judgement.advice):
                click.echo(f"{finding.name}: {line}")
    ctx.exit(outcome(findings, options.get("require")))
