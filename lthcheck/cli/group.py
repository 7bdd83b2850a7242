"""The group of all commands, which tells what went wrong in one line."""

from __future__ import annotations

from typing import Any

import click

from lthcheck.cli.outcome import BAD_INPUT, FAILED
from lthcheck.execute.error import TrainerError
from lthcheck.report.words import one_line


class Group(click.Group):
    """Tells bad input in one line, and ends with exit code 2."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            click.echo(_usage(error, ctx.command_path), err=True)
            return ctx.exit(BAD_INPUT)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            click.echo(_usage(error, f"{ctx.command_path} {ctx.invoked_subcommand or ''}".rstrip()), err=True)
            ctx.exit(BAD_INPUT)
        except ValueError as error:
            click.echo(f"Error: {one_line(str(error))}", err=True)
            ctx.exit(BAD_INPUT)
        except (TrainerError, OSError) as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(FAILED)


def _usage(error: click.UsageError, command: str) -> str:
    """What click would say in three lines."""
    return f"Error: {one_line(error.format_message()).rstrip('.')} ({command} -h tells more)"
