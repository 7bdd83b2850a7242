"""From options to findings, records and reports: what pytest and the command line have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lthcheck import gpus
from lthcheck.duration import duration
from lthcheck.execute.answer import answer
from lthcheck.execute.progress import Progress
from lthcheck.finding import Finding
from lthcheck.quantity import count
from lthcheck.report.environment import environment
from lthcheck.report.folder import made
from lthcheck.report.github import append_summary
from lthcheck.report.headline import nearest
from lthcheck.store import Store, default_root, ledger
from lthcheck.study import Question, Study


@dataclass(frozen=True)
class Found:
    """The findings on some studies, the records of those that kept the protocol, and what else a user should read."""

    findings: list[Finding]
    records: list[dict[str, Any]]
    notes: list[str]


def inquire(
    asked: Mapping[Study, Iterable[Question]],
    chosen: Mapping[str, Any],
    *,
    command: str,
    show: Callable[[Progress], None] = lambda progress: None,
) -> Found:
    """Trains what the questions need, judges it and writes a report on each study.

    Args:
        chosen: the options by name (`lthcheck.options.parsed`).
        command: what the user typed, for the report.

    Raises:
        ValueError: for bad input, before anything is trained.
        TrainerError: if a trainer failed.
        OSError: if the store or the reports cannot be written; every training that was finished is kept.
        Interrupted: on Ctrl-C.
    """
    told: list[str] = []
    device = chosen.get("device", "cpu")
    check_device(device)
    store = Store(chosen.get("store", default_root()), told.append)
    data_dir = Path(chosen["data-dir"]) if "data-dir" in chosen else None
    folder = made("report-dir", Path(chosen.get("report-dir", "reports")))
    answers, progress = answer(asked, store, data_dir=data_dir, on=gpus.named(device), show=show)
    surroundings = environment() | {"command": command}
    findings = [
        Finding(
            study=each.as_json(),
            rows=tuple(each.rows),
            violations=tuple((violation.rule, str(violation)) for violation in each.violations),
            checked=each.checked,
            test_size=each.test_size,
            cost=each.cost,
            layers=each.layers,
            terms=each.study.terms,
        )
        for each in answers
    ]
    notes = [*told, *progress.told]
    records, broken = [], []
    for each, finding in zip(answers, findings, strict=True):
        if finding.violations:
            notes += [text for _, text in finding.violations]
            notes.append(f"{finding.name}: the protocol was broken; no verdict, no report")
            broken.append(finding.name)
            continue
        records.append(finding.record(surroundings))
        written = finding.write(folder, surroundings)
        notes.append(f"report: {written[1]}")
        assert each.entry is not None
        if store.writable:
            ledger.keep(store.root, replace(each.entry, study=finding.study, judged=_judged(records[-1])))
    notes += append_summary(records, broken)
    done = progress.trained + progress.elsewhere
    notes.append(f"{count(done, 'training')} in {duration(progress.seconds)}, the rest from the store {store.root}")
    return Found(findings, records, notes)


def _judged(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the store remembers of a verdict (`ledger.Entry.judged`)."""
    cells = []
    left = list(record["cells"])
    while (cell := nearest(record, left)) is not None:
        left.remove(cell)
        lrs = [one["witness_lr"] for one in cell["conditions"] if one["witness_lr"] is not None]
        cells.append({name: cell[name] for name in ("method", "sparsity", "verdict")} | {"lr": next(iter(lrs), None)})
    return {name: record[name] for name in ("verdict", "at_least", "at_most")} | {"cells": cells}


def check_device(device: str) -> None:
    """Refuses a GPU that is not there."""
    if gpus.kind(device) == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise ValueError(f"device={device!r} must be there, and torch sees no CUDA; use cpu")
        there = torch.cuda.device_count()
        if any(number >= there for number in gpus.named(device)):
            rule = f"must be among the GPUs that torch sees, cuda:0 to cuda:{there - 1}"
            raise ValueError(f"device={device!r} {rule}; name others, or write cuda for all")
