"""The terminal's view: `lthcheck judge` for accuracies from any codebase, `lthcheck run` for a study without pytest."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lthcheck import __version__
from lthcheck.execute.error import TrainerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lthcheck.execute.progress import Progress
    from lthcheck.finding import Finding

MET, NOT_MET, BAD_INPUT, FAILED = 0, 1, 2, 3


class _Main(click.Group):
    """Tells bad input in one line, and ends with exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValueError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(BAD_INPUT)
        except (TrainerError, OSError) as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(FAILED)


@click.group(cls=_Main, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Does this network, on this data, trained by this recipe, contain a winning ticket?"""


def _study_options(command: Callable[..., Any]) -> Callable[..., Any]:
    from lthcheck.options import OPTIONS

    for option in reversed(OPTIONS):
        if option.parse is None:
            command = click.option(f"--{option.name}", is_flag=True, default=None, help=option.help)(command)
        elif option.name != "expect":  # the exit code is that of --require
            command = click.option(f"--{option.name}", metavar=option.shown, help=option.help)(command)
    return command


@main.command()
@click.argument("table", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="A list of records instead of a table.")
@click.option("--dataset", help="The data set, where the table has no such column; it decides delta.")
@click.option("--delta", metavar="PT", help="The 'similar' margin in percentage points.")
@click.option("--gamma", metavar="PT", help="The 'clear gap' margin in percentage points.")
@click.option("--reading", metavar="NAME", help="joint: one lr at which all conditions hold; literal: one lr each.")
@click.option("--require", metavar="PRIZE", help="secondary or jackpot: exit 1 unless every verdict is at least this.")
@click.option("--assume-adequate", is_flag=True, help="Vouch for the recipe: condition 1 asks for the sparsity alone.")
@click.pass_context
def judge(ctx: click.Context, /, table: str, as_json: bool, dataset: str | None, **texts: Any) -> None:
    """Verdicts on the accuracies in TABLE, a CSV with columns arm, lr, accuracy ("-" reads standard input).

    Columns that help where present: seed, sparsity, method, model, dataset, epochs. Arms: dense, lt, rr, sdt.
    Accuracies are fractions. Dense rows of twice the ticket's epochs answer whether the recipe is adequate. Each model
    and data set in the table is a verdict of its own.
    """
    from lthcheck.finding import Finding, terms
    from lthcheck.options import parsed
    from lthcheck.verdict.table import read_table

    chosen = parsed({name.replace("_", "-"): text for name, text in texts.items()})
    read = read_table(sys.stdin if table == "-" else Path(table), dataset=dataset)
    for warning in read.warnings:
        click.echo(f"note: {warning}", err=True)
    findings = []
    for (model, on), rows in read.items():
        name = " on ".join(part for part in (model, on) if part) or Path(table).stem
        study = {"name": name, "model": model, "dataset": on}
        findings.append(Finding(study=study, rows=tuple(rows), terms=terms(chosen, on or "")))
    _tell([finding.record({}) for finding in findings], as_json)
    if not as_json:
        for finding in findings:
            for line in (*finding.judgement.warnings, *finding.judgement.advice):
                click.echo(f"{finding.name}: {line}")
    ctx.exit(_code(findings, chosen.get("require")))


@main.command()
@_study_options
@click.option("--json", "as_json", is_flag=True, help="A list of records instead of a table.")
@click.pass_context
def run(ctx: click.Context, /, as_json: bool, **texts: Any) -> None:
    """Trains and judges a study without pytest, and writes its report; the results are those of `pytest checks/`."""
    from lthcheck.inquire import inquire
    from lthcheck.options import parsed, studies

    chosen = parsed({name.replace("_", "-"): text for name, text in texts.items()})
    asked = {study: study.questions() for study in studies(chosen)}
    found = inquire(asked, chosen, command=shlex.join(["lthcheck", *sys.argv[1:]]), show=_shown)
    click.echo("", err=True)
    _tell(found.records, as_json)
    for note in found.notes:
        click.echo(note, err=True)
    broken = any(finding.violations for finding in found.findings)
    ctx.exit(NOT_MET if broken else _code(found.findings, chosen.get("require")))


def _tell(records: list[dict[str, Any]], as_json: bool) -> None:
    from lthcheck.report.headline import headline
    from lthcheck.report.tables import verdict_table

    if as_json:
        click.echo(json.dumps(records, indent=1, ensure_ascii=False))
        return
    click.echo(verdict_table(records))
    click.echo("")
    for record in records:
        click.echo(headline(record))


def _shown(progress: Progress) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[Ktraining: {progress}", nl=False, err=True)


def _code(findings: list[Finding], require: Any) -> int:
    """0: met, or without `require` a verdict was given; 1: not met, or undecided."""
    from lthcheck.verdict.judge import meets

    verdicts = [finding.of_method(method) for finding in findings for method in finding.judgement.methods or (None,)]
    if require:
        return MET if all(meets(judgement, require) for judgement in verdicts) else NOT_MET
    return MET if all(judgement.verdict != "undecided" for judgement in verdicts) else NOT_MET


if __name__ == "__main__":
    main()
