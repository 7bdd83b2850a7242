"""The forecast: what studies will take and can tell, before anything is trained."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from lthcheck import gpus, zoo
from lthcheck.cores import cores
from lthcheck.execute.calibrate import calibrate
from lthcheck.execute.pace import Paces
from lthcheck.execute.wants import Wants, ancestors
from lthcheck.execute.work import Cost, Work
from lthcheck.run import Network
from lthcheck.store import Store
from lthcheck.study import Slot, Study
from lthcheck.verdict.power import binomial_error, pooled_sd, reach

ASSUMED_SD, ASSUMED_ACCURACY = 0.003, 0.9


@dataclass(frozen=True)
class Resolution:
    """What so many seeds and test samples can tell apart; fractions.

    Attributes:
        sd: of the accuracy over seeds.
        tickets: that the error rate of the rule `confident` is paid for.
        reach: see `lthcheck.verdict.power.reach`.
        gamma, delta: the margins.
        most_seeds: the most that a growing study may come to, with their own reach; None where it does not grow.
        test_error: one standard error of `accuracy`, for the test samples.
        assumed: which of "sd" and "accuracy" are not from results in the store.
    """

    seeds: int
    sd: float
    tickets: int
    reach: float | None
    gamma: float
    delta: float
    most_seeds: int | None
    most_reach: float | None
    test_size: int
    accuracy: float
    test_error: float
    assumed: tuple[str, ...]


@dataclass(frozen=True)
class Forecast:
    """What a study will take and can tell.

    Attributes:
        trainers: processes that train at once.
        rows: of evidence: the arms' trainings, without rounds of IMP on the way.
        unshared: trainings, if every row had all of its own.
        parameters: "dense", and by sparsity those of the "ticket" and the "sdt" (None without a width to choose).
        arms: by name, its part of the cost.
        seconds: of a command that trains it; None where no pace was measured.
    """

    study: Study
    trainers: int
    rows: int
    unshared: int
    parameters: dict[str, Any]
    arms: dict[str, Cost]
    cost: Cost
    seconds: float | None
    resolution: Resolution

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        plain = {name: getattr(self, name) for name in ("trainers", "rows", "unshared", "parameters", "seconds")}
        return {
            "study": self.study.as_json(),
            "summary": self.study.summary,
            **plain,
            "arms": {arm: asdict(cost) for arm, cost in self.arms.items()},
            "cost": asdict(self.cost),
            "resolution": asdict(self.resolution),
        }


@dataclass(frozen=True)
class Together:
    """Several studies that are run by one command, and train together what they share."""

    cost: Cost
    seconds: float | None

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self)


def forecast(
    studies: Iterable[Study],
    store: Store,
    *,
    data_dir: Path | None = None,
    calibrated: bool = True,
    on: tuple[int, ...] = (),
) -> tuple[list[Forecast], Together]:
    """What studies will take, each alone and all together.

    Args:
        calibrated: whether the time is estimated, for which a little is trained.
        on: the numbers of the GPUs to train on, for studies on cuda; all, where none is named.

    Raises:
        ValueError: for a study that cannot be run.
        TrainerError: if the calibration fails.
    """
    asked = list(studies)
    chosen = (on or tuple(range(gpus.count()))) if any(study.device == "cuda" for study in asked) else ()
    trainers = len(chosen) or cores()
    wants = [Wants(study, store, data_dir) for study in asked]
    works = [Work([want], store) for want in wants]
    every = works[0] if len(works) == 1 else Work(wants, store)
    paces = Paces()
    if calibrated and every.jobs:
        paces = calibrate(every.jobs, data_dir=data_dir, trainers=trainers, gpus=chosen)
    made = [
        Forecast(
            study=want.study,
            trainers=trainers,
            rows=len(want.slots),
            unshared=sum(1 + len(ancestors([run])) for run in want.slots.values()),
            parameters=_parameters(want),
            arms=work.by_arm(),
            cost=work.cost(),
            seconds=work.seconds(paces, trainers),
            resolution=_resolution(want),
        )
        for want, work in zip(wants, works, strict=True)
    ]
    return made, Together(every.cost(), every.seconds(paces, trainers))


def _parameters(want: Wants) -> dict[str, Any]:
    small = {slot.sparsity: run.network for slot, run in want.slots.items() if slot.arm == "sdt"}
    return {
        "dense": _size(want.arms.network),
        "by_sparsity": [
            {
                "sparsity": sparsity,
                "ticket": want.arms.ticket_size(sparsity),
                "sdt": _size(small[sparsity]) if sparsity in small else None,
            }
            for sparsity in want.study.sparsities
        ],
    }


def _resolution(want: Wants) -> Resolution:
    cells: dict[Slot, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for slot, record in want.records.items():
        if not record["diverged"]:
            cells[slot._replace(lr=0.0, seed=0)][slot.lr].append(record["accuracy"])
    sd = pooled_sd(cells.values())
    dense = [max(map(fmean, lrs.values())) for cell, lrs in cells.items() if cell.arm == "dense"]
    accuracy = max(dense, default=None)
    assumed = (("sd", sd), ("accuracy", accuracy))
    sd, accuracy = ASSUMED_SD if sd is None else sd, ASSUMED_ACCURACY if accuracy is None else accuracy
    study, terms = want.study, want.study.terms
    tickets = len(study.methods) * len(study.sparsities) * (len(study.recipe.lrs) + study.extend_lr)
    return Resolution(
        seeds=study.recipe.seeds,
        sd=sd,
        tickets=tickets,
        reach=reach(study.recipe.seeds, sd, tickets=tickets, looks=terms.looks),
        gamma=terms.gamma,
        delta=terms.delta,
        most_seeds=study.until_decided,
        most_reach=study.until_decided and reach(study.until_decided, sd, tickets=tickets, looks=terms.looks),
        test_size=want.test_size,
        accuracy=accuracy,
        test_error=binomial_error(accuracy, want.test_size),
        assumed=tuple(name for name, value in assumed if value is None),
    )


def _size(network: Network) -> int:
    return sum(zoo.parameter_counts(network).values())
