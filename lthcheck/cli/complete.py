"""What the shell is told when a user presses the tab key; nothing here may be slow, torch least of all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    import click

Complete = Callable[["click.Context", "click.Parameter", str], list[CompletionItem]]


def folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell's own completion of folders."""
    return [CompletionItem(incomplete, type="dir")]


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The shell's own completion of files."""
    return [CompletionItem(incomplete, type="file")]


def studies(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Studies on record, by id and by preset; names have blanks, which shells would take for the end of a word."""
    from pathlib import Path

    from lthcheck.options import path
    from lthcheck.store import default_root
    from lthcheck.store.ledger import entries

    chosen = ctx.params.get("store")
    try:
        known, _ = entries(Path(path(chosen)) if chosen else default_root())
    except (ValueError, OSError, RuntimeError):  # the command itself will tell; here it would be printed at the prompt
        return []
    by_id = [CompletionItem(each.id[:8], help=f"{each.name}, asked {each.asked[:10]}") for each in known]
    presets = [CompletionItem(each.study["preset"]) for each in known if each.study.get("preset")]
    offered = {item.value: item for item in (*by_id, *presets)}
    return [item for item in offered.values() if item.value.startswith(incomplete)]


def recipes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The recipes."""
    return [CompletionItem(name) for name in _recipes() if name.startswith(incomplete)]


def option(name: str) -> Complete | None:
    """How the values of an option of a study are completed; None where there is nothing to choose from."""
    if name in ("store", "report-dir", "data-dir"):
        return folders
    if name in ("import", "mask", "theta0"):
        return files
    return _names if name in _NAMES else _choices if _one_of(name) else None


def _names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names between commas: those before the last comma stay."""
    assert param.name is not None
    before, comma, last = incomplete.rpartition(",")
    taken = before.split(",")
    found = [name for name in _NAMES[param.name.replace("_", "-")]() if name.startswith(last) and name not in taken]
    return [CompletionItem(before + comma + name) for name in found]


def _choices(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """One of the names that an option takes."""
    assert param.name is not None
    return [CompletionItem(name) for name in _one_of(param.name) if name.startswith(incomplete)]


def _one_of(name: str) -> tuple[str, ...]:
    from lthcheck.options import OPTIONS, OneOf

    parse = next((option.parse for option in OPTIONS if option.name == name.replace("_", "-")), None)
    return parse.names if isinstance(parse, OneOf) else ()


def _models() -> Iterable[str]:
    from lthcheck.zoo.registry import FAMILIES

    return (example for family in FAMILIES for example in family.examples)


def _datasets() -> Iterable[str]:
    from lthcheck.data.registry import SOURCES

    return SOURCES


def _presets() -> Iterable[str]:
    from lthcheck.preset import PRESETS

    return PRESETS


def _recipes() -> Iterable[str]:
    from lthcheck.recipes import names

    return names()


def _methods() -> Iterable[str]:
    from lthcheck.study import METHODS

    return (method for method in METHODS if method != "given")  # which a --mask alone asks for


def _roles() -> Iterable[str]:
    from typing import get_args

    from lthcheck.run import Role

    return get_args(Role)


_NAMES: dict[str, Callable[[], Iterable[str]]] = {
    "model": _models,
    "dataset": _datasets,
    "preset": _presets,
    "recipe": _recipes,
    "method": _methods,
    "roles": _roles,
}
