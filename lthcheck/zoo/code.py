"""What a function of the user's own does, as text: its source, and that of all it reaches in the user's own files."""

from __future__ import annotations

import functools
import inspect
import sys
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_INSTALLED = [Path(path).resolve() for name, path in sysconfig.get_paths().items() if "lib" in name]


def code_of(value: object) -> Iterator[str]:
    """The parts that decide what `value` does: equal for equal code, whatever the order of definition.

    Followed are the functions, classes, modules and constants that the code names, its defaults, closures and partial
    arguments. What is installed stands by name and version. Files that the code reads are not seen.

    Raises:
        ValueError: for code whose source cannot be read.
    """
    seen: set[int] = set()
    pending = [value]
    while pending:
        item = pending.pop()
        if id(item) not in seen:
            seen.add(id(item))
            text, reached = _looked_at(item)
            yield text
            pending += reached


def _looked_at(item: object) -> tuple[str, list[Any]]:
    """What one thing is, and what it reaches."""
    if isinstance(item, types.ModuleType):
        return (_named(item.__name__), []) if _installed(item.__name__) else (_whole(item), [])
    if isinstance(item, functools.partial):
        return "partial", [item.func, *item.args, *item.keywords.values()]
    if isinstance(item, types.MethodType):
        return "method", [item.__func__, item.__self__]
    if isinstance(item, type | types.FunctionType | types.BuiltinFunctionType):
        if isinstance(item, types.BuiltinFunctionType) or _installed(item.__module__):
            return _named(item.__module__ or "", item.__qualname__), []
        inside = _inside(item) if isinstance(item, types.FunctionType) else _members(item)
        return _source(item), inside
    if isinstance(item, tuple | list | set | frozenset):
        return type(item).__name__, sorted(item, key=repr) if isinstance(item, set | frozenset) else list(item)
    if isinstance(item, dict):
        return "dict", [part for pair in item.items() for part in pair]
    text = repr(item)
    return (type(item).__qualname__ if " at 0x" in text else text), [] if _installed(type(item).__module__) else [
        type(item)
    ]


def _inside(function: types.FunctionType) -> list[Any]:
    """What a function names: globals, defaults and closures."""
    codes, names = [function.__code__], set()
    while codes:
        code = codes.pop()
        names |= set(code.co_names)
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    cells = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
    reached = [function.__globals__[name] for name in sorted(names) if name in function.__globals__]
    return [*reached, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values(), *cells]


def _members(cls: type) -> list[Any]:
    """What the methods of a class name, and its bases; its own source holds the rest."""
    functions = [getattr(member, "__func__", member) for member in vars(cls).values()]
    return [*cls.__bases__, *(part for f in functions if isinstance(f, types.FunctionType) for part in _inside(f))]


def _filled(cell: types.CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


def _source(item: Any) -> str:
    try:
        return inspect.getsource(item)
    except (OSError, TypeError) as error:
        rule = "must be code whose source can be read, since results are kept by it"
        raise ValueError(f"{item!r} {rule}; write it with def or class in a file") from error


def _whole(module: types.ModuleType) -> str:
    file = getattr(module, "__file__", None)
    return f"{module.__name__} {Path(file).read_text() if file else ''}"


def _installed(module: str | None) -> bool:
    top = (module or "builtins").partition(".")[0]
    if top in sys.stdlib_module_names or top == "lthcheck":
        return top != "__main__"
    file = getattr(sys.modules.get(module or ""), "__file__", None)
    return file is not None and any(Path(file).resolve().is_relative_to(folder) for folder in _INSTALLED)


def _named(module: str, name: str = "") -> str:
    """What is installed, by name and version; lthcheck's own changes are in the trainer's version, torch's in none."""
    top = module.partition(".")[0]
    version = "" if top in ("lthcheck", "torch") else getattr(sys.modules.get(top), "__version__", "")
    return f"{module}.{name} {version}"
