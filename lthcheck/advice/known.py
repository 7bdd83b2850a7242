"""What a store knows of a network and data set: the studies on record, and the accuracies of their runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from lthcheck.advice.seen import adequacy_at
from lthcheck.arms import Arms
from lthcheck.evidence import Row
from lthcheck.store.census import peek
from lthcheck.store.ledger import Entry, entries
from lthcheck.study import Slot, Study
from lthcheck.verdict.judge import judge

if TYPE_CHECKING:
    from pathlib import Path

    from lthcheck.data import Info


@dataclass(frozen=True)
class Record:
    """A study on record, judged anew with the default margins by what the store holds of it.

    Attributes:
        lrs, seeds: those that it was judged at last, to which it may have grown.
        alike: whether it trains and prunes as the recipe that is asked for does, but for the number of epochs.
        missing: runs without a result.
        verdict: "none", "secondary", "jackpot" or "undecided".
        cells: by method and sparsity, the verdict.
        adequacy: what is known of its recipe, in words.
    """

    id: str
    preset: str | None
    recipe: str
    epochs: int
    device: str
    lrs: tuple[float, ...]
    seeds: int
    alike: bool
    missing: int
    verdict: str
    cells: tuple[tuple[str | None, float | None, str], ...]
    adequacy: str

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Known:
    """What a store knows.

    Attributes:
        records: of the same network and data, the study that was asked last first.
        rows: the accuracies of those that are alike, of every length, each training once.
    """

    records: tuple[Record, ...] = ()
    rows: tuple[Row, ...] = ()


def known(root: Path, study: Study, info: Info, *, delta: float) -> Known:
    """What the store in a folder knows of a study's network and data.

    A study on record counts if the keys of its runs are those that it would have today: of the same network's code, the
    same data's content and the same trainer. One with weights or masks of the user's own says nothing of a method.

    Args:
        delta: the "similar" margin, a fraction.
    """
    records: list[Record] = []
    rows: dict[Slot, Row] = {}
    for entry in entries(root)[0]:
        then = _study(entry, study.model)
        if then is None or not _would_ask(then, entry, info):
            continue
        recipe = study.recipe.but({name: getattr(then.recipe, name) for name in ("lrs", "sparsities", "seeds")})
        recipe = replace(recipe.but({"epochs": then.recipe.epochs}), steps=then.recipe.steps)
        asked = replace(study, recipe=recipe, methods=then.methods, preset=None)
        alike = _would_ask(asked, entry, info)
        found = dict(_rows(root, entry, then))
        records.append(_record(entry, then, found.values(), alike=alike, delta=delta))
        if alike:
            rows |= found
    return Known(tuple(records), tuple(rows.values()))


def _study(entry: Entry, model: str) -> Study | None:
    """The study on record, if it is of this network and says something of a method."""
    if entry.study.get("model") != model or entry.study.get("theta0") or entry.study.get("mask"):
        return None
    try:
        return Study.from_json(entry.study)
    except (ValueError, TypeError, KeyError):  # another version has other recipes
        return None


def _record(entry: Entry, study: Study, rows: Collection[Row], *, alike: bool, delta: float) -> Record:
    epochs = study.recipe.epochs
    judgement = judge(rows, delta=delta)
    return Record(
        id=entry.id,
        preset=study.preset,
        recipe=study.recipe.name,
        epochs=epochs,
        device=study.device,
        lrs=tuple(sorted(entry.study["lrs"])),
        seeds=entry.study["seeds"],
        alike=alike,
        missing=sum(run.sparsity is None or run.sparsity in study.sparsities for run in entry.runs) - len(rows),
        verdict=judgement.verdict,
        cells=tuple((cell.method, cell.sparsity, cell.verdict) for cell in judgement.cells),
        adequacy=adequacy_at(rows, epochs, delta=delta).detail,
    )


def _would_ask(study: Study, entry: Entry, info: Info) -> bool:
    """Whether a study means the runs of an entry: those of one replicate and lr, whose keys name all else."""
    try:
        arms = Arms(study, info)
    except ValueError:  # it was asked of other data, or it prunes what this network does not have
        return False
    first = min((run for run in entry.runs if run.arm == "dense"), key=lambda run: run.slot)
    found = [run for run in entry.runs if (run.lr, run.seed, run.epochs) == (first.lr, first.seed, first.epochs)]
    made = [(run, arms.run(Slot(run.arm, *_place(run)))) for run in found]  # type: ignore[arg-type]
    return all(now is not None and now.key == run.key for run, now in made)


def _place(run: Any) -> tuple[Any, ...]:
    return run.method, run.sparsity, run.lr, run.seed, run.epochs


def _rows(root: Path, entry: Entry, study: Study) -> Iterable[tuple[Slot, Row]]:
    """The rows of evidence, without the rounds of IMP on the way to them."""
    for run in entry.runs:
        result = peek(root, run.key) if run.sparsity is None or run.sparsity in study.sparsities else None
        if result is not None:
            yield (
                Slot(run.arm, *_place(run)),  # type: ignore[arg-type]
                Row(
                    arm=run.arm,  # type: ignore[arg-type]
                    method=run.method,
                    sparsity=run.sparsity,
                    lr=run.lr,
                    seed=run.seed,
                    epochs=run.epochs,
                    accuracy=result["accuracy"],
                    diverged=result["diverged"],
                    run=run.key,
                ),
            )
