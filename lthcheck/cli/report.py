"""`lthcheck report`: reports again from their records, and the overview of several."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lthcheck.cli import complete
from lthcheck.cli.choice import folder_option
from lthcheck.cli.output import tell


@click.command("report", short_help="Write reports again from their records, and compare.")
@click.argument(
    "files",
    metavar="RECORD...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
    shell_complete=complete.files,
)
@folder_option("--out", help="Folder for what is written.")
@click.option("--markdown", is_flag=True, help="The overview as a table for Markdown.")
@click.option("--json", "as_json", is_flag=True, help="The overview as a JSON list.")
def command(files: tuple[Path, ...], out: str | None, markdown: bool, as_json: bool) -> None:
    """Writes Markdown, figures and badge again from each RECORD, the JSON that a study wrote or `judge --json` printed.

    They lie beside the record, or in DIR, and are byte for byte those of the study. Of several records the overview is
    printed, as in table 3 of Ma et al. 2021: by network and data set whether there is a Jackpot and a secondary prize,
    the highest sparsity at which there is one, and the method and lr that give it.

    A folder's records are RECORD = reports/*.json: the badges among them are passed over.

    \b
    Examples:
      lthcheck report reports/tiny.json                 # in the same folder again
      lthcheck report reports/*.json --markdown         # an overview for a README
      lthcheck report judged.json --out reports         # what `judge --json` printed
    """  # noqa: D301 - click wants the character itself
    from lthcheck.report.folder import made
    from lthcheck.report.github import append_summary
    from lthcheck.report.overview import entry, table
    from lthcheck.report.write import render

    if markdown and as_json:
        raise ValueError("--markdown and --json must not stand together; leave one out")
    found = _found(files, None if out is None else Path(out))
    if out is not None:
        made("out", Path(out))
    for target, record in found.items():
        written, *_ = render(record, target.parent, target.name)
        click.echo(f"report: {written}", err=True)
    names = [target.name for target in found]
    entries = [
        entry(record, str(target) if names.count(target.name) > 1 else target.name) for target, record in found.items()
    ]
    if as_json:
        click.echo(json.dumps([one.as_json() for one in entries], indent=1, ensure_ascii=False))
    elif markdown or len(entries) > 1:
        click.echo(table(entries, markdown=markdown))
    else:
        tell(list(found.values()), as_json=False)
    for note in append_summary(list(found.values())):
        click.echo(f"note: {note}", err=True)


def _found(files: tuple[Path, ...], out: Path | None) -> dict[Path, dict[str, Any]]:
    """The records by where their report goes, a path without ending.

    Raises:
        ValueError: a file that holds no record, or two records with one place to go.
    """
    from lthcheck.report.stem import stem
    from lthcheck.report.words import study_name

    found: dict[Path, dict[str, Any]] = {}
    for file in files:
        value = _read(file)
        for record in value:
            name = file.stem if len(value) == 1 else stem(str(record["study"].get("preset") or study_name(record)))
            target = (out or file.parent) / name
            if target in found:
                raise ValueError(
                    f"{file}: {target}.md must be written once; give records of one name apart, with --out"
                )
            found[target] = record
    if not found:
        raise ValueError(f"{', '.join(map(str, files))}: must hold a record; a study writes one to reports/")
    return found


def _read(file: Path) -> list[dict[str, Any]]:
    """The records in a file: one, or those of a list; none in a badge."""
    from lthcheck.report.badge import is_badge
    from lthcheck.report.schema import check, read

    try:
        value = read(file.read_text(encoding="utf-8"))
        if is_badge(value):
            return []
        return [check(record) for record in (value if isinstance(value, list) else [value])]
    except OSError as error:
        raise ValueError(f"{file}: must be a file that can be read ({error.strerror}); give a study's JSON") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: must be text in UTF-8; give a study's JSON") from error
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
