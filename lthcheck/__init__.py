"""lthcheck: does this network, on this data, trained by this recipe, contain a winning ticket?

>>> from lthcheck import Study, judge
>>> from lthcheck.recipes import recipe
>>> study = Study(model="mlp-64-32", dataset="mnist1d", recipe=recipe("mnist1d"))
>>> evidence = study.run()  # doctest: +SKIP
>>> judge(evidence).verdict  # doctest: +SKIP
'none'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lthcheck.data.arrays import Arrays
    from lthcheck.data.registry import register_dataset
    from lthcheck.evidence import Row
    from lthcheck.recipe import Recipe
    from lthcheck.study import Study
    from lthcheck.verdict.judge import judge
    from lthcheck.zoo.registry import register_model

__version__ = "0.1.0"

# Where each public name lives; it is imported when it is first used, since pytest imports this package at every start.
_HOMES = {
    "Arrays": "lthcheck.data.arrays",
    "Recipe": "lthcheck.recipe",
    "Row": "lthcheck.evidence",
    "Study": "lthcheck.study",
    "judge": "lthcheck.verdict.judge",
    "register_dataset": "lthcheck.data.registry",
    "register_model": "lthcheck.zoo.registry",
}
__all__ = ["Arrays", "Recipe", "Row", "Study", "judge", "register_dataset", "register_model"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lthcheck' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
