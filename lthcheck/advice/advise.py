"""From options to advice: facts, what the store knows, the guideline, and what its suggestion would cost."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lthcheck import data
from lthcheck.advice.guideline import Suggestion, suggest
from lthcheck.advice.known import Known, known
from lthcheck.advice.subject import Subject, subject
from lthcheck.arms import Arms
from lthcheck.forecast import Forecast, forecast
from lthcheck.options import parsed, studies
from lthcheck.recipes import names
from lthcheck.store import Store
from lthcheck.study import Study
from lthcheck.verdict.terms import default_delta

KEPT = ("device", "data-dir", "store")  # options that the suggested command takes over, and --import before all


@dataclass(frozen=True)
class Advice:
    """What to try first on one network and data set.

    Attributes:
        command: a line for a POSIX shell.
        study: what the command asks.
    """

    subject: Subject
    known: Known
    suggestion: Suggestion
    command: str
    study: Study
    forecast: Forecast

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return {
            "subject": self.subject.as_json(),
            "store": [record.as_json() for record in self.known.records],
            "suggestion": self.suggestion.as_json(),
            "command": self.command,
            "forecast": self.forecast.as_json(),
        }


def advise(chosen: Mapping[str, Any], store: Store, *, calibrated: bool = True) -> list[Advice]:
    """Advice on every network on every data set that the options name.

    Args:
        chosen: the options by name (`lthcheck.options.parsed`); "model" and "dataset" must be there.
        calibrated: whether the time is estimated, for which a little is trained.

    Raises:
        ValueError: for bad input, before anything is trained.
        TrainerError: if the calibration fails.
    """
    for name, example in (("model", "resnet20"), ("dataset", "fashion_mnist")):
        if name not in chosen:
            raise ValueError(f"{name} must be named for there to be advice; add e.g. --{name} {example}")
    data_dir = Path(chosen["data-dir"]) if "data-dir" in chosen else None
    found = []
    for asked in studies(chosen):
        # the recipe that was measured on the data set, where there is one
        name = chosen.get("recipe", asked.dataset if asked.dataset in names() else asked.recipe.name)
        (study,) = studies({**chosen, "model": (asked.model,), "dataset": (asked.dataset,), "recipe": name})
        info = data.describe(study.dataset, data_dir=data_dir)
        study = Arms(study, info).study  # refuses what cannot be trained
        delta = default_delta(study.dataset)
        facts, knows = subject(study.model, info), known(store.root, study, info, delta=delta)
        suggestion = suggest(facts, study.recipe, knows.rows, delta=delta, seeds=chosen.get("seeds"))
        options = {name: chosen[name] for name in ("import",) if name in chosen}
        options |= _options(study, suggestion) | {name: chosen[name] for name in KEPT if name in chosen}
        (suggested,) = studies(parsed(options))
        words = [part for name, text in options.items() for part in (f"--{name}", text)]
        found.append((facts, knows, suggestion, shlex.join(["lthcheck", "run", *words]), suggested))
    costs, _ = forecast([suggested for *_, suggested in found], store, data_dir=data_dir, calibrated=calibrated)
    return [Advice(*parts, cost) for parts, cost in zip(found, costs, strict=True)]


def _options(study: Study, suggestion: Suggestion) -> dict[str, str]:
    """The options of the suggested study, as they are typed."""
    length = {"epochs": str(suggestion.epochs)}
    if study.recipe.steps is not None and suggestion.epochs == study.recipe.epochs:
        length = {}  # as the recipe counts them, in steps
    return {
        "model": study.model,
        "dataset": study.dataset,
        "recipe": study.recipe.name,
        "method": ",".join(suggestion.methods),
        "lr": ",".join(f"{lr:.12g}" for lr in suggestion.lrs),
        "sparsity": ",".join(_typed(sparsity, study) for sparsity in suggestion.sparsities),
        **length,
        "seeds": str(suggestion.seeds),
    }


def _typed(sparsity: float, study: Study) -> str:
    """A sparsity in as few digits as name its rung."""
    shorter = (f"{sparsity:.{digits}g}" for digits in range(3, 17))
    return next((each for each in shorter if study.rounds(float(each))[-1] == sparsity), repr(sparsity))
