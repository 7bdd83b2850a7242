"""The group of all commands, which tells what went wrong in one line."""

from __future__ import annotations

import select
import signal
import sys
from typing import Any

import click

from lthcheck.cli.outcome import BAD_INPUT, FAILED, INTERRUPTED
from lthcheck.execute.error import TrainerError
from lthcheck.report.words import one_line


class Group(click.Group):
    """Tells bad input, failures and interrupts in one line, each with an exit code of its own."""

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
            told, code = one_line(f"Error: {error}"), BAD_INPUT
        except (TrainerError, OSError) as error:
            if isinstance(error, BrokenPipeError) and _unread():
                raise  # `lthcheck recipes | head` has all that it wants: click ends in silence
            told, code = f"Error: {error}", FAILED
        except KeyboardInterrupt as error:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said and done: a second Ctrl-C has nothing to end
            told, code = str(error) or "interrupted", INTERRUPTED
        except click.Abort:  # Ctrl-C or Ctrl-D at a question
            told, code = "interrupted", INTERRUPTED
        click.echo("\r\033[K" * sys.stderr.isatty() + told, err=True)  # over the line of progress
        return ctx.exit(code)


def _unread() -> bool:
    """Whether nobody reads the output any more."""
    output = select.poll()
    output.register(sys.stdout, 0)  # a pipe that is closed at its other end tells so, asked or not
    return any(event & select.POLLERR for _, event in output.poll(0))


def _usage(error: click.UsageError, command: str) -> str:
    """What click would say in three lines."""
    return f"Error: {one_line(error.format_message()).rstrip('.')} ({command} -h tells more)"
