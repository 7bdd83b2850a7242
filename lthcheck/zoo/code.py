"""What a function of the user's own does, as text: its source, and that of all it reaches in the user's own files."""

from __future__ import annotations

import dis
import hashlib
import importlib
import importlib.util
import inspect
import linecache
import sys
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
# Of a class: what does not decide what it does, or moves with lines above it.
_BESIDE = ("__doc__", "__module__", "__qualname__", "__dict__", "__weakref__", "__firstlineno__")
_LIBRARIES = [
    *{Path(path).resolve() for name, path in sysconfig.get_paths().items() if "lib" in name},
    Path(__file__).resolve().parents[1],  # lthcheck itself
]


_TOLD_OF_A_MODULE = (
    types.ModuleType, types.FunctionType, type,
    bool, int, float, complex, str, bytes, tuple, list, set, frozenset, dict,
)  # fmt: skip


def code_of(value: object) -> Iterator[str]:
    """The parts that decide what `value` does, in an order of their own: equal for equal code, in every process.

    Followed are the functions, classes, modules and constants that the code names or imports, its defaults, closures,
    decorators, and the state of objects. Libraries stand by name and version. Files that the code reads are not seen.

    Raises:
        ValueError: for code whose source cannot be read.
    """
    reading = _Reading()
    yield reading.told(value)
    for item in reading.met:  # which grows
        yield reading.looked_at(item)


class _Reading:
    """One walk: what has code, or is an object, is numbered when it is met, and looked at later."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.met: list[Any] = []  # by number; what is kept here keeps its id
        self.open: set[int] = set()  # the containers that are being told

    def told(self, item: Any) -> str:
        """The item in one text, with a number for what is looked at elsewhere."""
        if type(item) in _PLAIN:
            return repr(item)
        if type(item) not in (tuple, list, set, frozenset, dict):
            number = self.numbers.setdefault(id(item), len(self.met))
            self.met += [item] if number == len(self.met) else []
            return f"#{number}"
        if id(item) in self.open:
            return "itself"
        self.open.add(id(item))
        # a set has no order of its own, and numbers are given in the order in which things are met
        members = sorted(item, key=_stable) if isinstance(item, set | frozenset) else item
        told = [*map(self.told, members)]
        if isinstance(item, dict):
            told = [f"{key}:{self.told(value)}" for key, value in zip(told, item.values(), strict=True)]
        self.open.remove(id(item))
        return f"{type(item).__name__}({', '.join(sorted(told) if isinstance(item, set | frozenset) else told)})"

    def looked_at(self, item: Any) -> str:
        """What one thing is, and what it reaches."""
        match item:
            case types.ModuleType():
                return self._module(item)
            case types.FunctionType():
                return self._function(item)
            case type():
                return self._class(item)
            case types.MethodType():
                return f"method {self.told((item.__func__, item.__self__))}"
            case property():
                return f"property {self.told((item.fget, item.fset, item.fdel))}"
            case np.ndarray() if not item.dtype.hasobject:
                return f"array {item.dtype} {item.shape} {_sha256(np.ascontiguousarray(item).tobytes())}"
        if hasattr(item, "__wrapped__"):  # functools.lru_cache, staticmethod
            return f"{type(item).__qualname__} of {self.told(item.__wrapped__)}"
        torch = sys.modules.get("torch")
        if torch and isinstance(item, torch.Tensor) and item.device.type != "meta":
            content = item.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
            return f"{type(item).__qualname__} {item.dtype} {tuple(item.shape)} {_sha256(content.tobytes())}"
        return self._object(item)

    def _module(self, module: types.ModuleType) -> str:
        if _is_library(module.__name__):
            return _named(module.__name__)
        file = getattr(module, "__file__", None)
        reached = {
            name: value
            for name, value in sorted(vars(module).items())
            if isinstance(value, _TOLD_OF_A_MODULE) and not name.startswith("__")
        }
        return f"module {_sha256(Path(file).read_bytes()) if file else ''} {self.told(reached)}"

    def _function(self, function: types.FunctionType, *, generated: bool = False) -> str:
        code = function.__code__
        cells = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
        if code.co_filename.startswith("<frozen") or _in_library(code.co_filename):  # a decorator's, maybe
            cells = [cell for cell in cells if not _is_generated(cell)]
            return f"{_named(function.__module__ or '', code.co_qualname)} {self.told(cells)}"
        source = "" if generated else _source(code)
        defaults = function.__defaults__, function.__kwdefaults__
        return f"{source} {self.told((defaults, cells, [*_named_in(function)]))}"

    def _class(self, cls: type) -> str:
        if _is_library(cls.__module__):
            return _named(cls.__module__, cls.__qualname__)
        try:
            source = inspect.getsource(cls)
        except (OSError, TypeError):  # in a notebook, say; then its methods must have theirs
            source = ""
        members = []
        for name, value in sorted(vars(cls).items()):
            if name in _BESIDE or name.startswith(("__anno", "__static_attr")):
                continue
            made = source and _is_generated(value)
            members.append(f"{name} {self._function(value, generated=True) if made else self.told(value)}")
        return f"{source} {self.told((type(cls), *cls.__bases__))} {members}"

    def _object(self, item: Any) -> str:
        if isinstance(item, types.BuiltinFunctionType | types.MethodDescriptorType):
            return _named(getattr(item, "__module__", None) or "", item.__qualname__)
        try:
            parts: Any = item.__reduce_ex__(4)
        except Exception:  # a lock, an open file: nothing that could be compared
            return self.told(type(item))
        if isinstance(parts, str):
            return f"{self.told(type(item))} {parts}"
        made = [list(part) if index > 2 and part is not None else part for index, part in enumerate(parts)]
        return f"object {self.told(made)}"


def _stable(member: Any) -> str:
    """What orders the members of a set alike in every process."""
    name = getattr(member, "__qualname__", None)
    return f"{getattr(member, '__module__', '')}.{name}" if name else repr(member)


def _named_in(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function's code names outside of itself, and what it imports."""
    codes, names = [function.__code__], set()
    imports: set[tuple[str, int, str]] = set()
    while codes:
        code = codes.pop(0)
        codes += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
        steps = [step for step in dis.get_instructions(code) if step.opname != "EXTENDED_ARG"]
        for at, step in enumerate(steps):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                names.add(step.argval)
            elif step.opname == "IMPORT_NAME":
                imports |= {(step.argval, steps[at - 2].argval, name) for name in steps[at - 1].argval or [""]}
    for name in sorted(names & function.__globals__.keys()):
        yield name, function.__globals__[name]
    for name, level, part in sorted(imports):
        yield f"{name}.{part}", _imported("." * level + name, part, function.__globals__.get("__package__"))


def _imported(module: str, part: str, package: str | None) -> Any:
    try:
        found = importlib.import_module(module, package)
        if part and not hasattr(found, part):
            return importlib.import_module(f"{found.__name__}.{part}")
    except Exception:  # which the user's code may be ready for
        return "absent"
    return getattr(found, part) if part else found


def _is_generated(value: Any) -> bool:
    """Whether a dataclass or the like wrote it, without source."""
    if not isinstance(value, types.FunctionType) or not value.__name__.startswith("__"):
        return False
    return not linecache.getlines(value.__code__.co_filename)


def _filled(cell: types.CellType) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


def _source(code: types.CodeType) -> str:
    """The source of a function; of a lambda that part of its lines that is its own."""
    try:
        places = [*_places(code)] if code.co_name == "<lambda>" else []
        if not places:
            return inspect.getsource(code)
        lines, _ = inspect.findsource(code)
        (first, begin), (last, end) = min(a for a, _ in places), max(b for _, b in places)
        body = "".join(lines[first - 1 : last]).encode()
        return f"lambda {code.co_varnames}: {body[begin : len(body) - len(lines[last - 1].encode()) + end].decode()}"
    except (OSError, TypeError, IndexError) as error:
        what = f"{code.co_qualname} in {code.co_filename}"
        rule = "must be code whose source can be read, since results are kept by it"
        raise ValueError(f"{what} {rule}; write it with def or class in a file") from error


def _places(code: types.CodeType) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """((line, column), (last line, last column)) of all that a code does, columns in bytes of UTF-8."""
    for step in dis.get_instructions(code):
        place = step.positions
        if place and place.lineno and place.end_lineno and place.end_col_offset:
            yield (place.lineno, place.col_offset or 0), (place.end_lineno, place.end_col_offset)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _places(constant)


def _is_library(module: str | None) -> bool:
    name = module or "builtins"
    found = sys.modules.get(name) or sys.modules.get(name.partition(".")[0])
    file = getattr(found, "__file__", None)
    if file is None:
        return name in sys.builtin_module_names or name in sys.stdlib_module_names
    return name != "__main__" and _in_library(file)


def _in_library(file: str) -> bool:
    path = Path(file).resolve()
    torch = getattr(sys.modules.get("torch"), "__file__", None)
    libraries = [*_LIBRARIES, *([Path(torch).resolve().parent] if torch else [])]
    return not {"site-packages", "dist-packages"}.isdisjoint(path.parts) or any(map(path.is_relative_to, libraries))


def _named(module: str, name: str = "") -> str:
    """What is of a library, by name and version; lthcheck's is the trainer's, in every run, and torch's in none."""
    top = module.partition(".")[0]
    version = "" if top in ("lthcheck", "torch") else getattr(sys.modules.get(top), "__version__", "")
    return f"{module}.{name} {version}"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
