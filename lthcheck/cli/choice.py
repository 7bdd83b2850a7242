"""The options of a study on a command, read from the one table that pytest's options come from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import click

from lthcheck.cli import complete

if TYPE_CHECKING:
    from collections.abc import Mapping

RECIPE = "Fields of the recipe"
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def study_options(*, without: Collection[str] = (), only: Collection[str] | None = None) -> Decorator:
    """A decorator that adds all of `lthcheck.options.OPTIONS`, but those named; or `only` those named."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        from lthcheck.options import OPTIONS

        for option in reversed(OPTIONS):
            if option.name in without or (only is not None and option.name not in only):
                continue
            if option.parse is None:
                command = click.option(f"--{option.name}", is_flag=True, default=None, help=option.help)(command)
            else:
                command = once(
                    f"--{option.name}",
                    metavar=option.shown,
                    help=option.help,
                    shell_complete=complete.option(option.name),
                )(command)
        return command

    return decorate


class StudyCommand(click.Command):
    """A command whose help lists the options that change the recipe's fields apart from the others."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See `click.Command.format_options`."""
        from lthcheck.options import OPTIONS

        fields = {option.name.replace("-", "_") for option in OPTIONS if option.apart}
        for title, apart in (("Options", False), (RECIPE, True)):
            told = (param.get_help_record(ctx) for param in self.get_params(ctx) if (param.name in fields) == apart)
            if rows := [row for row in told if row is not None]:
                with formatter.section(title):
                    formatter.write_dl(rows)


def once(flag: str, *, parse: Callable[[str], str] | None = None, **more: Any) -> Decorator:
    """`click.option` for a text that may be given once; click itself would take the last of several.

    Args:
        parse: from what was given to what is meant; a ValueError says the rule.
    """

    def the_one(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> str | None:
        name = parameter.opts[0][2:]
        if len(given) > 1:
            raise ValueError(f"{name}={given[-2]!r} and {given[-1]!r} must be one; give it once")
        if not given:
            return None
        if parse is None or ctx.resilient_parsing:  # to complete a line, nothing is refused
            return given[0]
        try:
            return parse(given[0])
        except ValueError as error:
            raise ValueError(f"{name}={given[0]!r} {error}") from None

    return click.option(flag, multiple=True, callback=the_one, **more)


def folder_option(flag: str, **more: Any) -> Decorator:
    """An option for a folder, read as the folders of a study are."""
    from lthcheck.options import path

    return once(flag, parse=path, metavar="DIR", shell_complete=complete.folders, **more)


def chosen(texts: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the options that were given; `texts` is what click hands to the command."""
    from lthcheck.options import parsed

    return parsed({name.replace("_", "-"): text for name, text in texts.items()})
