"""The user's own file, which registers networks and data."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path


def load(name: str) -> None:
    """Imports a module by name, or a Python file by path; a file finds its neighbours, as a script does.

    Raises:
        ValueError: if it is not there, or fails.
    """
    try:
        if name.endswith(".py"):
            _load_file(Path(name).expanduser().resolve())
        else:
            importlib.import_module(name)
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        raise ValueError(f"import={name!r} must be a Python file or module that can be imported ({fault})") from error


def _load_file(path: Path) -> None:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    if getattr(sys.modules.get(path.stem), "__file__", None) == str(path):
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
