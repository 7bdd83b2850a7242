"""`lthcheck pack`: studies and their results, as a file for another machine."""

from __future__ import annotations

import json
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lthcheck.cli import complete
from lthcheck.cli.choice import once
from lthcheck.cli.place import root_of, store_option, studies_named
from lthcheck.quantity import count
from lthcheck.size import in_bytes, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lthcheck.store.ledger import Entry
    from lthcheck.store.pack import Packed


@click.command("pack", short_help="Pack a study up for another machine.")
@click.argument("studies", metavar="STUDY...", nargs=-1, required=True, shell_complete=complete.studies)
@click.argument("file", metavar="FILE", shell_complete=complete.files)
@click.option(
    "--weights",
    is_flag=True,
    help="Also what a study that is not finished needs to go on: the weights that its next runs begin or prune from, "
    "and checkpoints; without, they are trained again there.",
)
@click.option(
    "--tickets", is_flag=True, help="Also the trained weights of dense networks and tickets, to export there."
)
@once("--part-size", metavar="SIZE", help="Files of at most SIZE each, e.g. 50MB: FILE.1of3, FILE.2of3, ...")
@store_option
@click.option("--json", "as_json", is_flag=True, help="An object instead of lines.")
def command(
    studies: tuple[str, ...],
    file: str,
    weights: bool,
    tickets: bool,
    part_size: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Packs the results of each STUDY into FILE, which `lthcheck unpack` takes into the store of another machine.

    STUDY is named as `lthcheck ls` names it (its name, preset, or the beginning of its id), finished or not. There the
    command that asked it trains nothing that was done; with --weights it goes on where it was interrupted. The store
    may be in use meanwhile, and stays as it is. Data sets, code of your own and files of --mask and --theta0 do not
    travel: the last line names them. The same store gives the same bytes; a FILE that is there is not overwritten.

    \b
    Examples:
      lthcheck pack tiny tiny.pack
      lthcheck pack tiny tiny.pack --weights --part-size 50MB
      lthcheck pack tiny digits both.pack --tickets --json

    \b
    Exit code: 0 packed, 2 bad input, 3 failed, 130 interrupted; then nothing is left of FILE.
    """  # noqa: D301 - click wants the character itself
    from lthcheck.store.pack import pack

    root = root_of(store)
    entries = list({entry.id: entry for entry in studies_named(root, studies)}.values())
    most = None if part_size is None else _bytes(part_size)
    done = pack(root, entries, _free(file), weights=weights, tickets=tickets, part_size=most)
    if as_json:
        values = {
            "studies": [entry.id for entry in entries],
            "files": [*map(str, done.files)],
            **{name: getattr(done, name) for name in ("bytes", "runs", "unfinished", "weights", "checkpoints")},
            "left_out": done.left_out,
            "beside": done.beside,
        }
        click.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    for line in _lines(entries, done, weights):
        click.echo(line)


def _free(file: str) -> Path:
    from lthcheck.options import path
    from lthcheck.store.parts import part_name, refuse_taken

    try:
        where = Path(path(file))
    except ValueError as error:
        raise ValueError(f"FILE={file!r} {error}") from None
    if not where.parent.is_dir():
        raise ValueError(f"FILE={file!r} must be in a folder that is there; make {where.parent}, or name another")
    try:
        refuse_taken(where)
        for taken in where.parent.glob(f"{escape(where.name)}.*of*"):
            if taken.name == part_name(where, *_numbers(taken.name)).name:
                refuse_taken(taken)
    except FileExistsError as error:
        raise ValueError(str(error)) from None
    return where


def _numbers(name: str) -> tuple[int, int]:
    part, _, of = name.rpartition(".")[2].partition("of")
    return (int(part), int(of)) if part.isdecimal() and of.isdecimal() else (0, 0)


def _bytes(text: str) -> int:
    try:
        return in_bytes(text)
    except ValueError as error:
        raise ValueError(f"part-size={text!r} {error}") from None


def _lines(entries: Sequence[Entry], done: Packed, weights: bool) -> list[str]:
    names = ", ".join(f"{entry.id[:8]} ({entry.name})" for entry in entries)
    said = [f"{'study' if len(entries) == 1 else 'studies'} {names}: {count(done.runs, 'result')}"]
    if done.weights:
        checkpoints = f", {count(done.checkpoints, 'checkpoint')} of them" if done.checkpoints else ""
        said[0] += f", {count(done.weights, 'file')} with weights and masks{checkpoints}"
    said += done.left_out
    if done.unfinished:
        how = "" if weights else "; --weights takes along what they go on from"
        said.append(f"{count(done.unfinished, 'run')} without a result yet{how}")
    said += [f"{file}" for file in done.files]
    said.append(f"{size(done.bytes)} in {count(len(done.files), 'file')}; not in it: {', '.join(done.beside)}")
    return said
