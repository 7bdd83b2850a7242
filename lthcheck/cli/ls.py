"""`lthcheck ls`: what a store holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from lthcheck.cli import complete
from lthcheck.cli.place import root_of, store_option, studies_named, when
from lthcheck.cli.table import numbers, table
from lthcheck.quantity import count
from lthcheck.size import size

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lthcheck.store.census import RunFolder
    from lthcheck.store.ledger import Entry

STUDY_HEADS = ("id", "study", "method", "sparsity", "lr", "seeds", "verdict", "runs", "size", "asked (UTC)")
RUN_HEADS = ("arm", "method", "sparsity", "lr", "seed", "epochs", "accuracy", "run", "size")


@click.command("ls", short_help="List studies on record, or the runs of one.")
@click.argument("study", required=False, shell_complete=complete.studies)
@store_option
@click.option("--json", "as_json", is_flag=True, help="An object instead of a table.")
def command(study: str | None, store: str | None, as_json: bool) -> None:
    """The studies on record in a store, or the runs of one STUDY (its name, preset, or the beginning of its id).

    A study is on record once it was asked, finished or not. "runs" says how many of its runs have a result; this is
    counted by the files that are there, which are not read. Runs that several studies share count in the size of each.
    The accuracies of one study are read from results that are verified.

    \b
    Examples:
      lthcheck run --preset tiny      # puts a study on record
      lthcheck ls
      lthcheck ls tiny                # its runs
      lthcheck ls tiny --json
    """  # noqa: D301 - click wants the character itself
    root = root_of(store)
    if study is not None:
        (entry,) = studies_named(root, [study])
        _show_runs(root, entry, as_json)
    else:
        _show_studies(root, as_json)


def _show_studies(root: Path, as_json: bool) -> None:
    from lthcheck.store.census import bytes_of, census, given
    from lthcheck.store.ledger import entries

    folders, own = census(root), given(root)
    own_bytes = sum(file.bytes for file in own)
    known, unreadable = entries(root)
    rest = set(folders).difference(*(entry.keys for entry in known))
    if as_json:
        values = {
            "store": str(root),
            "studies": [_study(entry, folders) for entry in known],
            "unreadable": unreadable,
            "not_needed": {"runs": len(rest), "bytes": bytes_of(folders, rest)},
            "given": {"files": len(own), "bytes": own_bytes},
        }
        click.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    if known:
        click.echo(table([_study_row(entry, folders) for entry in known], STUDY_HEADS))
    else:
        click.echo(f"no study on record in {root}; `lthcheck run --preset tiny` asks one")
    for id_ in unreadable:
        click.echo(f"study {id_} cannot be read; ask it again, or forget it: lthcheck gc --study {id_}")
    if own:
        click.echo(f"{count(len(own), 'file')} ({size(own_bytes)}) with weights and masks of your own")
    if rest:
        needed = f"{count(len(rest), 'run')} ({size(bytes_of(folders, rest))}) that no study on record needs"
        click.echo(f"{needed}; `lthcheck gc` shows what can be removed")


def _show_runs(root: Path, entry: Entry, as_json: bool) -> None:
    from lthcheck.store.census import peek, run_folder

    values = []
    for run in sorted(entry.runs, key=lambda run: run.slot):
        result = peek(root, run.key) or {}
        values.append(
            {
                "arm": run.arm,
                "method": run.method,
                "sparsity": run.sparsity,
                "lr": run.lr,
                "seed": run.seed,
                "epochs": run.epochs,
                "accuracy": result.get("accuracy"),
                "diverged": result.get("diverged"),
                "run": run.key,
                "bytes": run_folder(root, run.key).bytes,
            }
        )
    if as_json:
        click.echo(json.dumps({"id": entry.id, "study": entry.study, "runs": values}, indent=1, ensure_ascii=False))
        return
    click.echo(table([_run_row(value) for value in values], RUN_HEADS))


def _study(entry: Entry, folders: Mapping[str, RunFolder]) -> dict[str, Any]:
    from lthcheck.store.census import bytes_of

    keys = entry.keys
    return {
        "id": entry.id,
        "study": entry.study,
        "verdict": entry.verdict,
        "runs": len(keys),
        "done": sum(key in folders and folders[key].done for key in keys),
        "bytes": bytes_of(folders, keys),
        "first": entry.first,
        "asked": entry.asked,
        "lthcheck": entry.lthcheck,
    }


def _study_row(entry: Entry, folders: Mapping[str, RunFolder]) -> list[str]:
    from lthcheck.report.words import PRIZES

    value, study = _study(entry, folders), entry.study
    verdict = PRIZES[entry.verdict].lower() if entry.verdict else "none yet"
    runs = f"{value['done']} of {value['runs']}"
    name = study["name"] + (f" ({study['preset']})" if study.get("preset") else "")
    grid = [numbers(study[which]) for which in ("sparsities", "lrs")]
    methods = ", ".join(study["methods"])
    return [entry.id[:8], name, methods, *grid, study["seeds"], verdict, runs, size(value["bytes"]), when(entry.asked)]


def _run_row(value: Mapping[str, Any]) -> list[str]:
    from lthcheck.report.words import percent, rate

    accuracy = "not yet" if value["accuracy"] is None else percent(value["accuracy"])
    return [
        value["arm"],
        value["method"] or "",
        "" if value["sparsity"] is None else rate(value["sparsity"]),
        f"{value['lr']:g}",
        value["seed"],
        value["epochs"],
        "diverged" if value["diverged"] else accuracy,
        value["run"][:12],
        size(value["bytes"]),
    ]
