"""`lthcheck unpack`: takes packs into a store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lthcheck.cli import complete
from lthcheck.cli.place import store_option
from lthcheck.quantity import count

if TYPE_CHECKING:
    from lthcheck.store.unpack import Unpacked


@click.command("unpack", short_help="Take a packed study into the store.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, shell_complete=complete.files)
@store_option
@click.option("--json", "as_json", is_flag=True, help="An object instead of lines.")
def command(files: tuple[str, ...], store: str | None, as_json: bool) -> None:
    """Takes what `lthcheck pack` made into the store: all parts of a pack in one command, in any order.

    Every byte is verified first: where a part was cut short, damaged or left behind, nothing is taken in. What is
    there already and sound stays as it is, and so does a run that is being trained; what is corrupt is replaced. Then
    ask the study again, with the command that asked it there.

    \b
    Examples:
      lthcheck unpack tiny.pack
      lthcheck unpack tiny.pack.1of3 tiny.pack.2of3 tiny.pack.3of3
      lthcheck unpack tiny.pack --store other --json

    \b
    Exit code: 0 unpacked, 2 bad input, 3 failed, 130 interrupted; what was taken in until then is whole.
    """  # noqa: D301 - click wants the character itself
    from lthcheck.execute.error import Interrupted
    from lthcheck.options import path
    from lthcheck.store import Store, default_root
    from lthcheck.store.unpack import unpack, verified

    packs = verified([Path(path(file)) for file in files])
    told: list[str] = []
    opened = Store(default_root() if store is None else store, told.append)
    try:
        done = [unpack(opened, pack) for pack in packs]
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted; what was taken into the store {opened.root} is whole: run the same command again"
        ) from None
    if as_json:
        values = {"store": str(opened.root), "packs": [_plain(each) for each in done], "told": told}
        click.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    for each in done:
        names = ", ".join(f"{entry.id[:8]} ({entry.name})" for entry in each.studies)
        replaced = f", {each.replaced} in place of others" if each.replaced else ""
        new = count(each.new, "new file")
        click.echo(
            f"{'study' if len(each.studies) == 1 else 'studies'} {names}: {new}{replaced}, {each.there} there already"
        )
        for line in each.told:
            click.echo(line)
    for line in told:
        click.echo(line)
    click.echo(f"in the store {opened.root}; `lthcheck ls` shows it")


def _plain(done: Unpacked) -> dict[str, object]:
    return {
        "studies": [entry.id for entry in done.studies],
        "new": done.new,
        "replaced": done.replaced,
        "there": done.there,
        "told": done.told,
    }
