"""The terminal's view: one file a command."""

from __future__ import annotations

import click

from lthcheck import __version__
from lthcheck.cli import (
    advise,
    completion,
    datasets,
    export,
    gc,
    judge,
    ls,
    models,
    pack,
    plan,
    recipes,
    report,
    run,
    unpack,
)
from lthcheck.cli.group import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Does this network, on this data, trained by this recipe, contain a winning ticket?"""


for module in (advise, plan, run, judge, report, ls, export, pack, unpack, gc, models, datasets, recipes, completion):
    main.add_command(module.command)
