"""Networks and data sets of the user's own, on their way to the trainers, which are processes of their own."""

from __future__ import annotations

import importlib.machinery
import pickle
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import cloudpickle

from lthcheck import data, zoo
from lthcheck.execute.error import Refused
from lthcheck.fault import fault

Packed = tuple[list[str], bytes]
"""The places that modules are found in, and the pickled registrations."""


def packed(models: Iterable[str], datasets: Iterable[str]) -> Packed | None:
    """Those of the names that the user registered; None if there are none.

    Raises:
        ValueError: if one cannot be sent to another process.
    """
    own = zoo.registered(models), data.registered(datasets)
    if not any(own):
        return None
    functions = [*(each.factory for each in own[0].values()), *own[1].values()]
    try:
        with _by_value({module for function in functions if (module := _module(function)) and not _found(module)}):
            return sys.path.copy(), cloudpickle.dumps(own)
    except Exception as error:  # whatever the pickling of the user's objects raises
        names, rule = ", ".join([*own[0], *own[1]]), "must be code that another process can be sent"
        remedy = "define it at the top of a file, without open files or locks"
        raise ValueError(f"{names} {rule} ({fault(error)}); {remedy}") from error


def unpacked(parcel: Packed | None) -> None:
    """Registers in this process what was registered in another.

    Raises:
        Refused: if it cannot be imported here.
    """
    if parcel is None:
        return
    places, content = parcel
    sys.path[:] = [*places, *(place for place in sys.path if place not in places)]
    try:
        models, datasets = pickle.loads(content)  # of the process that started this one, over its own socket
    except Refused:
        raise
    except (Exception, SystemExit) as error:
        rule = "networks and data of your own must be code that another process can import"
        raise Refused(f"{rule} ({fault(error)}); define them at the top of a file") from error
    zoo.adopt(models)
    data.adopt(datasets)


def _module(function: Any) -> ModuleType | None:
    return sys.modules.get(getattr(function, "__module__", None) or "")


def _found(module: ModuleType) -> bool:
    """Whether another process with the same places would find the same module by its name."""
    if module.__name__ == "__main__":
        return True  # cloudpickle sends what is in it by value
    name, places, spec = "", None, None
    for part in module.__name__.split("."):
        name = f"{name}.{part}".removeprefix(".")
        spec = importlib.machinery.PathFinder.find_spec(name, places)
        if spec is None:
            return False
        places = spec.submodule_search_locations
    return spec is not None and spec.origin == getattr(module, "__file__", None)


@contextmanager
def _by_value(modules: set[ModuleType]) -> Iterator[None]:
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
