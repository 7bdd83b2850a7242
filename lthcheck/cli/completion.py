"""`lthcheck completion`: names at the press of the tab key."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print the script that completes names in a shell.")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Prints the script that lets SHELL complete commands, options, networks, data sets, presets and studies.

    \b
    Examples:
      eval "$(lthcheck completion bash)"         # now; in ~/.bashrc for every shell
      eval "$(lthcheck completion zsh)"          # in ~/.zshrc
      lthcheck completion fish > ~/.config/fish/completions/lthcheck.fish
    """  # noqa: D301 - click wants the character itself
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(ctx.find_root().command, {}, "lthcheck", "_LTHCHECK_COMPLETE").source())
