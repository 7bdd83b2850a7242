"""The group of all commands, which tells what went wrong in one line."""

from __future__ import annotations

from typing import Any

import click

from lthcheck.cli.outcome import BAD_INPUT, FAILED
from lthcheck.execute.error import TrainerError


class Group(click.Group):
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
