"""The user's own file, which registers networks and data."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from contextlib import redirect_stdout
from pathlib import Path

from lthcheck.fault import fault


def load(name: str) -> None:
    """Imports a module by name, from the current folder too, or a Python file by path, which finds its neighbours.

    What it prints goes to standard error: it must not stand among results.

    Raises:
        ValueError: if it is not there, or fails.
    """
    try:
        with redirect_stdout(sys.stderr):
            if name.endswith(".py"):
                _load_file(Path(name).expanduser().resolve())
            else:
                _look_in(Path.cwd())
                importlib.import_module(name)
    except (Exception, SystemExit) as error:
        rule = "must be a Python file or module that can be imported"
        raise ValueError(f"import={name!r} {rule} ({fault(error)}); mend it, or name another") from error


def _load_file(path: Path) -> None:
    if path.stem in sys.stdlib_module_names:
        raise ValueError(f"{path.stem} is the name of a module of Python's own; rename the file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    _look_in(path.parent)
    if getattr(sys.modules.get(path.stem), "__file__", None) == str(path):
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise


def _look_in(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
