"""A case of a published recipe: the networks and data sets that a column, or a line, of a paper is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lthcheck.recipe import Recipe


@dataclass(frozen=True)
class Case:
    """A recipe and where it holds.

    Attributes:
        models: networks by name, of any width and option; () for every one.
        datasets: data sets by name; () for every one.
        published: those among them that the paper has, where it has not all; the source says so on the others.
    """

    recipe: Recipe
    models: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    published: tuple[str, ...] = ()

    def on(self, dataset: str) -> Recipe:
        """The recipe on a data set, which "" leaves open."""
        if not dataset or _named(dataset, self.published):
            return self.recipe
        return replace(self.recipe, source=f"{self.recipe.source}; the paper has no such data")

    def holds(self, model: str, dataset: str) -> bool:
        """Whether it is for a network on a data set."""
        return _named(model, self.models) and _named(dataset, self.datasets)

    @property
    def where(self) -> str:
        """The networks and data sets in words; empty for every network on every data set."""
        on = f" on {', '.join(self.datasets)}" if self.datasets else ""
        return f"{', '.join(self.models)}{on}" if self.models else f"any network{on}" if on else ""


def _named(name: str, names: Iterable[str]) -> bool:
    """Whether a name is among some, or begins with one of them: resnet20-w0.5 is a resnet20.

    >>> _named("resnet20-w0.5", ("resnet20",)), _named("resnet200", ("resnet20",)), _named("mine", ())
    (True, False, True)
    """
    names = tuple(names)
    return not names or any(name == one or name.startswith(f"{one}-") for one in names)
