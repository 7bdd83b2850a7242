"""How often the rule `confident` errs, and how often it decides: studies drawn from known truths, and judged.

    python reports/calibration.py --draws 400

Truths and rules are those of tests/calibration/, where a small version is a test. A study has 5 lrs and 11 sparsities;
its rule is the very one that judges evidence, fed with arrays. Writes reports/examples/calibration.md and its figures.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from tabulate import tabulate

from lthcheck.report.environment import environment
from lthcheck.report.figures.sheet import png
from lthcheck.report.figures.theme import DARK, LIGHT

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from calibration import rules, truth
from calibration.truth import KINDS, NONE, NOT_JACKPOT, Truth

FOLDER = Path(__file__).parent / "examples"
SEEDS = (3, 5, 10, 20)
LOOKS = (3, 5, 8, 13, 20)
SDS = (0.001, 0.003, 0.01)
GAPS = (0.005, 0.01, 0.015, 0.02, 0.03)
RANK = {"none": 0, "secondary": 1, "jackpot": 2}
RULES: dict[str, Callable[..., tuple[int, int]]] = {
    "confident": rules.confident,
    "each variance alone": rules.alone,
    "one variance for all": rules.pooled,
    "bootstrap over seeds": rules.bootstrap,
    "paper": rules.paper,
    "naive, same lr": rules.naive,
}


@dataclass(frozen=True)
class Scene:
    """Studies that are drawn and judged.

    Attributes:
        rule: of RULES, or "until decided", or "confident, blind to the test set".
    """

    truth: Truth
    seeds: int
    sd: float
    kind: str = "equal"
    tails: str = "normal"
    test: tuple[float, float] | None = None
    rule: str = "confident"

    def __hash__(self) -> int:
        return hash((self.truth.name, self.seeds, self.sd, self.kind, self.tails, self.test, self.rule))

    def __eq__(self, other: object) -> bool:
        return hash(self) == hash(other)


@dataclass(frozen=True)
class Tally:
    """Fractions of the studies.

    Attributes:
        above: at_least is above the truth: a false ticket, or a false Jackpot.
        below: at_most is below it.
        ticket: at_least is a secondary prize or more.
        decided: at_least is at_most.
        seeds: replicates that it took, on average.
    """

    above: float
    below: float
    ticket: float
    decided: float
    seeds: float


def tally(scene: Scene, draws: int) -> Tally:
    """The same studies for all rules: the generator is seeded by everything but the rule."""
    alike = replace(scene, rule="")
    seed = zlib.crc32(repr((alike.truth.name, alike.seeds, alike.sd, alike.kind, alike.tails, alike.test)).encode())
    rng, own = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    draw = partial(truth.draw, scene.truth, scene.seeds, scene.sd, rng, kind=scene.kind, tails=scene.tails)
    told, took = [], []
    for _ in range(draws):
        study, seeds = draw(test=scene.test), scene.seeds
        if scene.rule == "until decided":
            verdict, seeds = rules.until_decided(study, LOOKS)
        elif scene.rule == "confident, blind to the test set":
            verdict = rules.confident(replace(study, folds=None))
        elif scene.rule == "bootstrap over seeds":
            verdict = rules.bootstrap(study, own)
        else:
            verdict = RULES[scene.rule](study)
        told.append(verdict)
        took.append(seeds)
    least, most = np.array(told).T
    prize = RANK[scene.truth.prize]
    return Tally(
        *(float(np.mean(each)) for each in (least > prize, most < prize, least > 0, least == most)),
        float(np.mean(took)),
    )


def main() -> None:
    """Draws, judges, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=400, help="studies for each number")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=FOLDER)
    chosen = parser.parse_args()
    began = time.monotonic()
    scenes = list(dict.fromkeys(all_scenes()))
    with ProcessPoolExecutor(chosen.processes) as pool:
        tallies = pool.map(partial(tally, draws=chosen.draws), scenes, chunksize=1)
        found = dict(zip(scenes, tallies, strict=True))
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "calibration.md").write_text(page(found, chosen.draws, time.monotonic() - began))
    for theme in (LIGHT, DARK):
        for name, paint in {"errors": paint_errors, "power": paint_power}.items():
            drawn = png(theme, (9, 4), TITLES[name], partial(paint, found, theme))
            (chosen.out / f"calibration-{name}{theme.suffix}.png").write_bytes(drawn)


TRUTHS = (*NONE, *NOT_JACKPOT)
TITLES = {"errors": "Studies that say more than is true, at most", "power": "Studies that find the ticket there is"}
TEST = (0.0025, 0.001)  # of 10 000 images at 92 %: what all arms share of .27 pt cancels in a gap
FLAT_TEST = (0.0025, 0.006)


def all_scenes() -> Iterable[Scene]:
    """Everything that the page shows."""
    yield from (Scene(t, n, 0.003, kind) for t, kind, n in product(TRUTHS, KINDS, SEEDS))
    yield from (Scene(t, n, sd) for t, sd, n in product(TRUTHS, SDS, SEEDS))
    yield from (Scene(t, n, 0.003, tails="heavy") for t, n in product(TRUTHS, SEEDS))
    yield from (Scene(t, n, 0.003, kind, rule=rule) for t, kind, n, rule in others())
    yield from (Scene(truth.ticket(g), n, sd, rule=r) for g, n, sd, r in powers())
    yield from (Scene(t, LOOKS[-1], 0.003, kind, rule="until decided") for t, kind in product(TRUTHS, KINDS))
    yield from (Scene(truth.ticket(g), LOOKS[-1], 0.003, rule="until decided") for g in GAPS)
    yield from tests()


def others() -> Iterable[tuple[Truth, str, int, str]]:
    return product(TRUTHS, ("equal", "by lr", "one lr"), (3, 5, 10), RULES)


def powers() -> Iterable[tuple[float, int, float, str]]:
    return product(GAPS, SEEDS, (0.003, 0.01), ("confident", "each variance alone", "paper", "naive, same lr"))


def tests() -> Iterable[Scene]:
    for t, n, rule in product(
        (NONE[2], truth.ticket(0.02)), (5, 20), ("confident", "confident, blind to the test set")
    ):
        for part in (TEST, FLAT_TEST):
            yield Scene(t, n, 0.003, test=part, rule=rule)


def page(found: dict[Scene, Tally], draws: int, seconds: float) -> str:
    """The page in Markdown."""
    where = environment()
    worst = max(
        each.above for scene, each in found.items() if scene.rule in {"confident", "until decided"} and not scene.test
    )
    low = max(each.below for scene, each in found.items() if scene.rule == "confident" and not scene.test)
    error = 100 * np.sqrt(0.05 * 0.95 / draws)
    return f"""# Calibration of the rule `confident`

`python reports/calibration.py --draws {draws}`, {seconds / 60:.0f} min on {where["cores"]} cores ({
        where["cpu"]
    }), numpy \
{where["numpy"]}, {where["date"]}.

Studies of 5 lrs x 11 sparsities are drawn from truths that are known, and judged. Every number is the percentage of
{draws} studies; at 5 % its standard error is {error:.1f}. In all, the rule said more than is true in at most
**{100 * worst:.1f} %** of the studies of any one kind, and less in at most **{100 * low:.1f} %**; it promises 5 % for
both together. A truth "+ gamma" or "- delta" lies exactly on a margin, where a rule errs most; all rivals but one lr
lie 5 pt lower there, so that nothing else protects it.

Spreads: *equal*; *by lr*, 8 times from the smallest to the largest; *one lr*, 16 times at one lr of the ticket; *by
arm*, 3 times for the ticket; *at random*, each (arm, sparsity, lr) its own (log-normal, sigma .7).

{pictures("errors")}

## It says more than is true: false tickets and Jackpots

Seed sd .3 pt.

{by_seeds(found, [Scene(t, 0, 0.003, kind) for t, kind in product(TRUTHS, KINDS)], "kind", SEEDS)}

Other sds, of equal spread, and heavy tails (Student's t with 3 degrees of freedom, sd .3 pt).

{
        by_seeds(
            found,
            [
                *(Scene(t, 0, sd) for t, sd in product(TRUTHS, (0.001, 0.01))),
                *(Scene(t, 0, 0.003, tails="heavy") for t in TRUTHS),
            ],
            "sd",
            SEEDS,
        )
    }

## What else might have been chosen

The same studies, other rules: the worst of the truths above, seed sd .3 pt. *Each variance alone* is Student's t
without a prior, *one variance for all* pools the gaps of a kind, the *bootstrap* draws replicates with replacement and
takes percentiles of what `paper` says (paired, 400 draws), *paper* holds best against best, *naive* holds lt against
rr, sdt and dense at its own lr.

{by_rule(found, TRUTHS)}

The same where LT = RR = dense or LT = SDT = dense, off the margins.

{by_rule(found, NONE[:2])}

## It finds what is there

The ticket equals dense and beats rr and sdt by the gap at every lr and sparsity; gamma is .5 pt, so at a gap of .5
there is none. First "at least a secondary prize", then "decided".

{pictures("power")}

{power(found)}

## More seeds until it is decided

Looks at {
        ", ".join(map(str, LOOKS))
    } seeds, sd .3 pt: more than is true, less than is true, decided, and seeds on average.

{sequential(found)}

## The test set's own part

Seed sd .3 pt, and test sets that move every accuracy by .25 pt alike, and each by .1 or .6 pt of its own. *Blind* is
the rule without counts by fold and without the test set's size. First "more than is true", then "at least a secondary
prize".

{test_sets(found)}
"""


def pictures(name: str) -> str:
    """A figure for light and dark pages."""
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="calibration-{name}{DARK.suffix}.png">'
        f'<img alt="{TITLES[name]}" src="calibration-{name}.png"></picture>'
    )


def pct(value: float) -> str:
    return f"{100 * value:.1f}"


def by_seeds(found: dict[Scene, Tally], scenes: Iterable[Scene], column: str, seeds: tuple[int, ...]) -> str:
    rows = []
    for scene in scenes:
        spread = scene.kind if column == "kind" else f"{100 * scene.sd:g} pt, {scene.tails}"
        cells = [pct(found[replace(scene, seeds=n)].above) for n in seeds]
        rows.append([scene.truth.name, spread, *cells])
    return tabulate(rows, ["truth", "spread", *(f"{n} seeds" for n in seeds)], "github", disable_numparse=True)


def by_rule(found: dict[Scene, Tally], truths: Iterable[Truth]) -> str:
    rows = []
    for rule in RULES:
        cells = []
        for kind, n in product(("equal", "by lr", "one lr"), (3, 5, 10)):
            cells.append(pct(max(found[Scene(t, n, 0.003, kind, rule=rule)].above for t in truths)))
        rows.append([rule, *cells])
    heads = [f"{kind}, {n}" for kind, n in product(("equal", "by lr", "one lr"), (3, 5, 10))]
    return tabulate(rows, ["rule", *heads], "github", disable_numparse=True)


def power(found: dict[Scene, Tally]) -> str:
    rows = []
    for sd, rule, n in product((0.003, 0.01), ("confident", "each variance alone", "paper", "naive, same lr"), SEEDS):
        scenes = [found[Scene(truth.ticket(gap), n, sd, rule=rule)] for gap in GAPS]
        rows.append([f"{100 * sd:g}", rule, n, *(f"{100 * s.ticket:.0f} / {100 * s.decided:.0f}" for s in scenes)])
    return tabulate(
        rows, ["sd, pt", "rule", "seeds", *(f"gap {100 * g:g} pt" for g in GAPS)], "github", disable_numparse=True
    )


def sequential(found: dict[Scene, Tally]) -> str:
    rows = []
    scenes = [Scene(t, LOOKS[-1], 0.003, kind, rule="until decided") for t, kind in product(TRUTHS, KINDS)]
    scenes += [Scene(truth.ticket(g), LOOKS[-1], 0.003, rule="until decided") for g in GAPS]
    for scene in scenes:
        each = found[scene]
        cells = [pct(each.above), pct(each.below), pct(each.decided), f"{each.seeds:.1f}"]
        rows.append([scene.truth.name, scene.kind, *cells])
    return tabulate(rows, ["truth", "spread", "more", "less", "decided", "seeds"], "github", disable_numparse=True)


def test_sets(found: dict[Scene, Tally]) -> str:
    rows = []
    for scene in tests():
        assert scene.test is not None
        each = found[scene]
        rows.append(
            [
                scene.truth.name,
                f"{100 * scene.test[1]:g} pt",
                scene.rule,
                scene.seeds,
                pct(each.above),
                pct(each.ticket),
            ]
        )
    return tabulate(rows, ["truth", "own part", "rule", "seeds", "more", "ticket"], "github", disable_numparse=True)


def paint_errors(found: dict[Scene, Tally], theme, figure) -> None:
    """The worst error of each rule by seeds, for two spreads."""
    colours = dict(zip(RULES, ("#0072b2", "#009e73", "#d55e00", "#cc79a7", "#e69f00", "#56b4e9"), strict=True))
    panels = figure.subplots(1, 3, sharey=True)
    for axes, kind in zip(panels, ("equal", "by lr", "one lr"), strict=True):
        for rule, marker in zip(RULES, "os^Dvx", strict=True):
            worst = [100 * max(found[Scene(t, n, 0.003, kind, rule=rule)].above for t in TRUTHS) for n in (3, 5, 10)]
            axes.plot((3, 5, 10), worst, marker=marker, color=colours[rule], label=rule)
        axes.axhline(5, color=theme.ink, linestyle=":", linewidth=1)
        axes.set(title=f"spread: {kind}", xlabel="seeds", xticks=(3, 5, 10), ylim=(-3, 103))
        axes.grid(color=theme.grid)
    panels[0].set_ylabel("studies, %; promised: 5")
    panels[0].legend(loc="center right", fontsize=7, labelcolor=theme.ink, facecolor=theme.paper)


def paint_power(found: dict[Scene, Tally], theme, figure) -> None:
    """Power by gap, for each number of seeds, beside that of `paper`."""
    panels = figure.subplots(1, 2, sharey=True)
    for axes, sd in zip(panels, (0.003, 0.01), strict=True):
        for n, colour, marker in zip(SEEDS, ("#56b4e9", "#009e73", "#e69f00", "#d55e00"), "os^D", strict=True):
            for rule, line in (("confident", "-"), ("paper", ":")):
                got = [100 * found[Scene(truth.ticket(gap), n, sd, rule=rule)].ticket for gap in GAPS]
                label = f"{n} seeds" if rule == "confident" else None
                axes.plot([100 * g for g in GAPS], got, line, marker=marker, color=colour, label=label)
        axes.set(title=f"seed sd {100 * sd:g} pt; dotted: paper", xlabel="LT - RR = LT - SDT, pt (.5: no ticket)")
        axes.grid(color=theme.grid)
    panels[0].set_ylabel("studies, %")
    panels[0].legend(fontsize=8, labelcolor=theme.ink, facecolor=theme.paper)


if __name__ == "__main__":
    main()
