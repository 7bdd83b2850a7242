"""The group of all commands, which tells what went wrong in one line."""

from __future__ import annotations

import signal
import sys
from typing import Any

import click

from lthcheck.cli.outcome import BAD_INPUT, FAILED, INTERRUPTED
from lthcheck.execute.error import TrainerError


class Group(click.Group):
    """Tells bad input, failures and interrupts in one line, each with an exit code of its own."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ValueError as error:
            told, code = f"Error: {error}", BAD_INPUT
        except (TrainerError, OSError) as error:
            told, code = f"Error: {error}", FAILED
        except KeyboardInterrupt as error:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said and done: a second Ctrl-C has nothing to end
            told, code = str(error) or "interrupted", INTERRUPTED
        click.echo("\r\033[K" * sys.stderr.isatty() + told, err=True)  # over the line of progress
        return ctx.exit(code)
