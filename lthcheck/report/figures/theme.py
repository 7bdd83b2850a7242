"""The two themes of a figure: the same drawing on a light page and on a dark one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Theme:
    """Colours of one figure, as hex.

    Attributes:
        suffix: what the file's name ends in before ".png".
        paper: the background; that of GitHub's page, so that the figure has no edge there.
        ink: text and axes.
        grid: lines that only guide the eye.
        band: where a value matches or holds.
        arms: by arm.
        holds: of a condition that holds.
        fails: of one that does not.
        shades: the part of matplotlib's viridis that stands out from the paper.
    """

    suffix: str
    paper: str
    ink: str
    grid: str
    band: str
    arms: Mapping[str, str]
    holds: str
    fails: str
    shades: tuple[float, float]

    @property
    def settings(self) -> dict[str, str]:
        """The theme as matplotlib's rcParams."""
        inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
        papers = ("figure.facecolor", "axes.facecolor")
        return dict.fromkeys(inked, self.ink) | dict.fromkeys(papers, self.paper)


# Okabe and Ito's colours stay apart for colour-blind readers; their lighter relatives do so on dark paper.
LIGHT = Theme(
    suffix="",
    paper="#ffffff",
    ink="#1f2328",
    grid="#dddddd",
    band="#d9d9d9",
    arms={"dense": "#000000", "lt": "#0072b2", "rr": "#d55e00", "sdt": "#009e73"},
    holds="#0072b2",
    fails="#d55e00",
    shades=(0.0, 0.8),
)
DARK = Theme(
    suffix="-dark",
    paper="#0d1117",
    ink="#e6edf3",
    grid="#2d333b",
    band="#3a414b",
    arms={"dense": "#ffffff", "lt": "#56b4e9", "rr": "#f5923e", "sdt": "#2fcf9b"},
    holds="#56b4e9",
    fails="#f5923e",
    shades=(0.45, 1.0),
)
