"""A failure of public code, and the mutations of lthcheck that bring it back: lines of a function, changed.

A mutation is put into a process that runs: the function gets the code of its changed text, wherever it was imported.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from types import FunctionType

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Mutation:
    """One way to bring a failure back.

    Attributes:
        name: how tests call it.
        how: what is broken, in a few words.
        at: the function, "package.module:Class.method".
        edit: its lines as they are, each with what stands there instead.
        study: where it is injected (`studies.STUDIES`).
        check: what must catch it: a rule of the protocol, or another check of `studies`.
    """

    name: str
    how: str
    at: str
    edit: dict[str, str]
    study: str
    check: str

    @property
    def function(self) -> FunctionType:
        """What is broken."""
        module, _, path = self.at.partition(":")
        found = attrgetter(path)(importlib.import_module(module))
        assert isinstance(found, FunctionType)
        return found

    def apply(self, setattr: Callable[[object, str, object], None] = setattr) -> None:  # noqa: A002 (MonkeyPatch's own)
        """Breaks lthcheck in this process."""
        function = self.function
        made: dict[str, FunctionType] = {}
        exec(compile(self.texts()[1], f"<{self.name}>", "exec"), dict(function.__globals__), made)
        setattr(function, "__code__", made[function.__name__].__code__)

    def texts(self) -> tuple[str, str]:
        """The function as it is, and as it is broken."""
        text = source = textwrap.dedent(inspect.getsource(self.function))
        for was, now in self.edit.items():
            assert text.count(was) == 1, f"{self.name}: {was!r} stands {text.count(was)} times in {self.at}"
            text = text.replace(was, now)
        return source, text

    def before(self, program: str) -> str:
        """The program of a process in which lthcheck is broken from the beginning."""
        first = f"import sys; sys.path.insert(0, {str(FOLDER)!r}); import mutation"
        return f"{first}; mutation.named({self.name!r}).apply(); {program}"

    def diff(self) -> str:
        """The lines that change, with - and + in front."""
        lines = difflib.ndiff(*(text.splitlines() for text in self.texts()))
        return "\n".join(line for line in lines if line.startswith(("-", "+")))


@dataclass(frozen=True)
class Failure:
    """A failure, as it happened in public code, and the ways in which it is brought back here."""

    number: int
    happened: str
    mutations: tuple[Mutation, ...]


def failures() -> list[Failure]:
    """Every failure, one a module beside this one."""
    return [importlib.import_module(path.stem).FAILURE for path in sorted(FOLDER.glob("f[0-9][0-9]_*.py"))]


def named(name: str) -> Mutation:
    """A mutation by its name."""
    return next(each for failure in failures() for each in failure.mutations if each.name == name)
