"""`lthcheck gc`: what may be removed from a store."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import click

from lthcheck.cli import complete
from lthcheck.cli.place import root_of, store_option, studies_named
from lthcheck.quantity import count
from lthcheck.size import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lthcheck.store.collection import Piece


@click.command("gc", short_help="Show and remove what no study needs.")
@store_option
@click.option("--older-than", metavar="DAYS", help="Leave what was written in the last DAYS days.")
@click.option(
    "--study",
    "forgotten",
    metavar="STUDY",
    multiple=True,
    shell_complete=complete.studies,
    help="Take a study off record first (its name, preset, or the beginning of its id); may be given again.",
)
@click.option(
    "--weights",
    is_flag=True,
    help="Also the weights of finished studies: their verdicts stay, but tickets cannot be exported, and a study that "
    "builds on them trains them again.",
)
@click.option("--yes", is_flag=True, help="Remove without asking.")
@click.option("--json", "as_json", is_flag=True, help="An object instead of a table; removes with --yes only.")
def command(
    store: str | None, older_than: str | None, forgotten: tuple[str, ...], weights: bool, yes: bool, as_json: bool
) -> None:
    """Shows what no study on record needs, how much removing it frees, and removes it once you say so.

    What goes: half-written files of killed processes, files set aside as corrupt, checkpoints of finished runs, and
    runs that no study on record needs. What stays: all that a study on record needs, also to go on after it was
    killed, and every run that is being trained. Without --yes it asks on a terminal, and elsewhere only shows.
    Runs that were trained before the store kept studies on record count as not needed: ask their studies again first.
    Weights and masks of your own, which the store keeps a copy of, stay; `lthcheck ls` says how much room they take.
    A study that is forgotten while it is asked trains again what was removed.

    \b
    Examples:
      lthcheck gc                                # shows, and asks on a terminal
      lthcheck gc --older-than 30 --yes          # what is older than a month, without asking
      lthcheck gc --study tiny                   # what forgetting a study would free
      lthcheck gc --weights --json               # shows, for programs
    """  # noqa: D301 - click wants the character itself
    from lthcheck.store import Store, ledger
    from lthcheck.store.collection import Terms, needs, removable, remove

    root = root_of(store)
    now = time.time()
    _, unreadable = ledger.entries(root)
    lost = [id_ for id_ in unreadable if any(text and id_.startswith(text) for text in forgotten)]
    named = studies_named(root, [text for text in forgotten if not any(id_.startswith(text) for id_ in lost)])
    shown = {entry.id: entry for entry in named} | dict.fromkeys(lost)
    terms = Terms(now, now - 86400 * _days(older_than), tuple(shown), weights)
    pieces = removable(root, terms)
    notes = [
        f"study {id_} cannot be read, so no run is removed: ask it again, or forget it with --study {id_}"
        for id_ in needs(root, tuple(shown)).unreadable
    ]
    if not as_json:
        click.echo(_table(pieces))
        for line in (*(f"study {id_} would be forgotten" for id_ in shown if not yes), *notes):
            click.echo(line)
    done = None
    if (pieces or shown) and (yes or (not as_json and _terminal())):
        opened = Store(root)
        opened.check_writable()
        if yes or click.confirm("remove it?"):
            done = remove(opened, pieces, terms, shown)
    if as_json:
        removed = [] if done is None else done.pieces
        values = {
            "store": str(root),
            "removable": _by_kind(pieces),
            "removed": _by_kind(removed),
            "bytes": sum(piece.file.bytes for piece in removed),
            "forgotten": [] if done is None else done.forgotten,
            "left": [*notes, *([] if done is None else done.left)],
        }
        click.echo(json.dumps(values, indent=1, ensure_ascii=False))
    elif done is not None:
        for line in (*(f"study {id_} is forgotten" for id_ in done.forgotten), *done.left):
            click.echo(line)
        freed = size(sum(piece.file.bytes for piece in done.pieces))
        click.echo(f"removed {count(len(done.pieces), 'file')}, {freed}")


def _days(text: str | None) -> float:
    try:
        days = float(text or 0)
    except ValueError:
        days = -1.0
    if not 0 <= days < 1e5:
        raise ValueError(f"--older-than {text}: must be a number of days, 0 or above, e.g. 30")
    return days


def _terminal() -> bool:
    return sys.stdin.isatty()


def _by_kind(pieces: Sequence[Piece]) -> list[dict[str, str | int]]:
    from lthcheck.store.collection import KINDS

    groups = {kind: [piece for piece in pieces if piece.kind == kind] for kind in KINDS}
    return [
        {
            "kind": kind,
            "runs": len({piece.run for piece in group if piece.run}),
            "files": len(group),
            "bytes": sum(piece.file.bytes for piece in group),
        }
        for kind, group in groups.items()
        if group
    ]


def _table(pieces: Sequence[Piece]) -> str:
    from tabulate import tabulate

    from lthcheck.store.collection import KINDS

    if not pieces:
        return "nothing to remove"
    rows = [[KINDS[str(r["kind"])], r["runs"], r["files"], size(int(r["bytes"]))] for r in _by_kind(pieces)]
    rows.append(["together", "", len(pieces), size(sum(piece.file.bytes for piece in pieces))])
    return tabulate(rows, ("what", "runs", "files", "size"), tablefmt="simple", disable_numparse=True)
