"""The sequel: what a study wants once its evidence says something. Pure functions of a study and of rows.

A study grows in stages. At each, all its arms are trained at the same lrs and seeds; then come the probes at 2T, of
dense and of the controls of what would be a ticket; then the next stage, if there is one: more lrs while the best lr of
an arm is at the end of the grid (`Study.extend_lr`), more seeds while the verdict is open (`Study.until_decided`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from lthcheck.evidence import Arm, Row
from lthcheck.grid import best_lr, lrs_beyond
from lthcheck.study import Slot, Study
from lthcheck.verdict.conditions import NON_TRIVIAL, reaches
from lthcheck.verdict.looks import looks

if TYPE_CHECKING:
    from lthcheck.verdict.judge import Examination

Known = Mapping[Slot, Row]
Place = tuple[Arm, str | None, float | None]


@dataclass(frozen=True)
class Stage:
    """How far a study has grown: what each of its arms is trained at."""

    lrs: tuple[float, ...]
    seeds: int


@dataclass(frozen=True)
class Asked:
    """What a stage asks for.

    Attributes:
        slots: its trainings, as far as they can be told.
        whole: the evidence holds all of them.
    """

    stage: Stage
    slots: list[Slot]
    whole: bool


def first(study: Study) -> Stage:
    """What the recipe asks for."""
    return Stage(study.recipe.lrs, study.recipe.seeds)


def most_stages(study: Study) -> int:
    """How many there may be."""
    return study.extend_lr + len(_looks(study))


def places(study: Study, methods: Iterable[str]) -> list[Place]:
    """Arm, method and sparsity of all that is trained at each lr and seed."""
    found: list[Place] = [("dense", None, None)]
    for sparsity in study.sparsities:
        found += [(arm, method, sparsity) for method in methods for arm in ("lt", "rr")]
        found.append(("sdt", None, sparsity))
    return found


def grid(study: Study, place: Place, lrs: Iterable[float], seeds: int, *, stretch: int = 1) -> list[Slot]:
    """The trainings of an arm, or of its probe."""
    return [Slot(*place, lr, seed, stretch * study.recipe.epochs) for lr in lrs for seed in range(seeds)]


def dense_probe(study: Study, stage: Stage, known: Known) -> list[Slot]:
    """The dense network at its best lr for twice as long, once that lr is known: is the recipe adequate?"""
    best = _best(study, ("dense", None, None), stage, known)
    return [] if best is None else grid(study, ("dense", None, None), [best], stage.seeds, stretch=2)


def control_probes(study: Study, stage: Stage, rows: Sequence[Row], test_size: int | None) -> list[Slot]:
    """Where a ticket would stand, rr and sdt at their best lrs for twice as long: does the gap close?

    A ticket would stand where it does if training on gains the controls nothing.

    Args:
        rows: of T epochs at every lr and seed of the stage, and those of the dense probe.
    """
    if study.terms.assume_adequate:
        return []
    probes: dict[Place, list[Slot]] = {}
    imagined: list[Row] = []
    known = {slot_of(row): row for row in rows}
    for place in places(study, study.methods):
        best = _best(study, place, stage, known) if place[0] in ("rr", "sdt") else None
        if best is not None:
            probes[place] = grid(study, place, [best], stage.seeds, stretch=2)
            imagined += [_trained_on(known[slot]) for slot in grid(study, place, [best], stage.seeds)]
    wanted: list[Slot] = []
    for cell in _examined(study, (*rows, *imagined), test_size).judgement.cells:
        if cell.at_least != "none":
            for place in (("rr", cell.method, cell.sparsity), ("sdt", None, cell.sparsity)):
                wanted += probes.get(place, [])
    return list(dict.fromkeys(wanted))


def next_stage(study: Study, stage: Stage, rows: Sequence[Row], test_size: int | None) -> Stage | None:
    """The stage after one whose evidence is whole; None where the study is at its end, or seeds would decide nothing.

    Args:
        rows: all that the stage asks for, its probes included.
    """
    seeds = next((seeds for seeds in _looks(study) if seeds > stage.seeds), None)
    if seeds is None:
        return None
    examined = _examined(study, tuple(rows), test_size)
    if examined.judgement.verdict != "undecided" or examined.left_to_doubt:
        return None
    return Stage(stage.lrs, seeds)


def extended(study: Study, stage: Stage, rows: Iterable[Row]) -> Stage | None:
    """The stage with the lrs that would put the best one of every arm inside the grid; None where nothing is added.

    Nothing is added above an lr at which every dense training diverged.

    Args:
        rows: of T epochs at every lr and seed of the stage.
    """
    left = _lrs_left(study, stage)
    if not left:
        return None
    known = {slot_of(row): row for row in rows}
    high = max(stage.lrs)
    most = high if _all_diverged(study, stage, high, known) else math.inf
    more: dict[float, None] = {}
    for place in places(study, study.methods):
        best = _best(study, place, stage, known)
        for lr in () if best is None else lrs_beyond(stage.lrs, best):
            if 0 < lr < most:
                more[lr] = None
    return Stage(tuple(sorted((*stage.lrs, *list(more)[:left]))), stage.seeds) if more else None


def course(
    study: Study, methods: Sequence[str], known: Known, exists: Callable[[Slot], bool], test_size: int | None
) -> Iterator[Asked]:
    """The stages that the evidence leads through, one after the other; what the last one lacks is wanted next.

    Args:
        exists: whether there is a training for a slot; there is none for the sdt of a network without a width.
    """
    stage: Stage | None = first(study)
    while stage is not None:
        slots = [slot for place in places(study, methods) for slot in grid(study, place, stage.lrs, stage.seeds)]
        slots = [slot for slot in slots if exists(slot)]
        whole = all(slot in known for slot in slots)
        more = extended(study, stage, [known[slot] for slot in slots]) if whole else None
        if more is None and (whole or not _lrs_left(study, stage)):
            slots += dense_probe(study, stage, known)
            whole = all(slot in known for slot in slots)
            if whole:
                slots += control_probes(study, stage, [known[slot] for slot in slots], test_size)
                whole = all(slot in known for slot in slots)
        yield Asked(stage, slots, whole)
        if whole and more is None:
            more = next_stage(study, stage, [known[slot] for slot in slots], test_size)
        stage = more


def evidence(asked: Iterable[Asked]) -> Asked | None:
    """The last stage that is whole, by which the study is judged; None where the first is not."""
    return next((each for each in reversed([*asked]) if each.whole), None)


def later(
    study: Study, known: Known, missing: Callable[[Slot], bool], asked: Asked, test_size: int | None
) -> list[Slot]:
    """All that may be wanted beside what a stage asks for now, at most: in a case that leaves most to train.

    Args:
        missing: whether a training is still to be done.
        asked: the last of the course.
    """
    if asked.whole:
        return []
    stage = asked.stage
    grows = _lrs_left(study, stage) > 0 or stage.seeds < study.most_seeds
    rows = [known[slot] for slot in asked.slots if slot.epochs == study.recipe.epochs and slot in known]
    if not grows and len(rows) == sum(slot.epochs == study.recipe.epochs for slot in asked.slots):
        # dense is on its way for 2T; whatever it gains, no more tickets will stand than if it gains nothing
        probe = dense_probe(study, stage, known)
        once = (known[slot._replace(epochs=study.recipe.epochs)] for slot in probe)
        return control_probes(study, stage, [*rows, *map(_trained_on, once)], test_size)
    every = places(study, study.methods)

    def to_train(lr: float) -> int:
        return sum(missing(slot) for place in every for slot in grid(study, place, [lr], study.most_seeds))

    left = _lrs_left(study, stage)
    lrs = (*stage.lrs, *sorted(_outward(stage.lrs, left), key=to_train, reverse=True)[:left])
    found = [slot for place in every for slot in grid(study, place, lrs, study.most_seeds)] if grows else []
    for place in every:
        trivial = place[2] is not None and not reaches(place[2], NON_TRIVIAL)
        if place[0] == "lt" or (place[0] != "dense" and (trivial or study.terms.assume_adequate)):
            continue
        best = None if grows else _best(study, place, stage, known)
        most = sorted(lrs, key=lambda lr: -sum(map(missing, grid(study, place, [lr], study.most_seeds, stretch=2))))
        for index, seeds in enumerate(n for n in reversed(_looks(study)) if n >= stage.seeds):
            # at each look the best lr may be another one
            found += grid(study, place, [most[index % len(most)] if best is None else best], seeds, stretch=2)
    return found


def slot_of(row: Row) -> Slot:
    """The place of a row of a study's own."""
    assert row.seed is not None
    assert row.epochs is not None
    return Slot(row.arm, row.method, row.sparsity, row.lr, row.seed, int(row.epochs))


def _lrs_left(study: Study, stage: Stage) -> int:
    return len(study.recipe.lrs) + study.extend_lr - len(stage.lrs)


def _outward(lrs: tuple[float, ...], steps: int) -> list[float]:
    """The lrs that so many steps to either side lead to."""
    grid = lrs
    for _ in range(steps):
        grid = (*grid, lrs_beyond(grid, min(grid))[0], lrs_beyond(grid, max(grid))[-1])
    return list(grid[len(lrs) :])


def _looks(study: Study) -> tuple[int, ...]:
    return looks(study.recipe.seeds, study.most_seeds)


def _best(study: Study, place: Place, stage: Stage, known: Known) -> float | None:
    """The lr of the highest mean; None while a row is missing."""
    means: dict[float, float] = {}
    for lr in stage.lrs:
        slots = grid(study, place, [lr], stage.seeds)
        if not all(slot in known for slot in slots):
            return None
        means[lr] = math.fsum(known[slot].accuracy for slot in slots) / len(slots)
    return best_lr(means)


def _all_diverged(study: Study, stage: Stage, lr: float, known: Known) -> bool:
    return all(known[slot].diverged for slot in grid(study, ("dense", None, None), [lr], stage.seeds) if slot in known)


def _trained_on(row: Row) -> Row:
    assert row.epochs is not None
    return replace(row, epochs=2 * row.epochs)


@lru_cache(maxsize=256)  # a study is asked again and again, of each of its looks, and a large one takes a second
def _examined(study: Study, rows: tuple[Row, ...], test_size: int | None) -> Examination:
    # a look forward along the line: judging is a pure function of rows, and what is wanted next follows from it
    from lthcheck.verdict.judge import examine

    terms = replace(study.terms, test_size=study.terms.test_size or test_size)
    return examine(rows, terms, epochs=study.recipe.epochs)
