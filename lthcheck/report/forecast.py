"""A forecast in words: a pure function of its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tabulate import tabulate

from lthcheck.duration import duration
from lthcheck.quantity import count
from lthcheck.report.departures import departures, foreseen
from lthcheck.report.words import excess, rate
from lthcheck.size import size


def forecast_text(record: Mapping[str, Any], *, calibrated: bool = True) -> str:
    """What a study will take and can tell, for the terminal."""
    costs = cost_text(record, calibrated=calibrated)
    said = "\n".join([record["summary"], *departures(record["study"]), *_foreseen(record["study"])])
    return "\n\n".join([said, _arms(record), _parameters(record), costs])


def cost_text(record: Mapping[str, Any], *, calibrated: bool = True) -> str:
    """Trainings, time and space, and the gap that the study can see, without the tables by arm and sparsity."""
    shared = f"{record['unshared']:,} if each of the {record['rows']:,} rows of evidence had all of its own"
    lines = _cost(record, _machine(record), shared=shared, calibrated=calibrated)
    if record["cost"]["later"]:
        lines.insert(1, ("", f"(the later ones: {_later_ones(record['study'])})"))
    return _aligned([*lines, *_resolution(record["resolution"])])


def together_text(records: Sequence[Mapping[str, Any]], *, calibrated: bool = True) -> str:
    """What several studies take in one command."""
    record, machine = records[0]["together"], _machine(records[0])
    lines = _cost(record, machine, shared="each once for all studies that share it", calibrated=calibrated)
    return "all studies together\n\n" + _aligned(lines)


def _foreseen(study: Mapping[str, Any]) -> list[str]:
    return [f"Before anything is trained: {line}." for line in foreseen(study)]


def _arms(record: Mapping[str, Any]) -> str:
    rows = [
        [
            arm,
            f"{cost['trainings']:,}{_later(cost)}".removeprefix("0 + "),
            f"{cost['stored']:,}",
            f"{cost['replica_steps']:,}",
        ]
        for arm, cost in record["arms"].items()
    ]
    heads = ("arm", "trainings", "in the store", "replica-steps to train")
    return tabulate(rows, heads, disable_numparse=True, colalign=("left", "right", "right", "right"))


def _parameters(record: Mapping[str, Any]) -> str:
    found = record["parameters"]
    rows = [
        [
            rate(one["sparsity"]),
            *("none" if count is None else f"{count:,}" for count in (found["dense"], one["ticket"], one["sdt"])),
            "" if one["sdt"] is None else excess(one["sdt"], one["ticket"]),
        ]
        for one in found["by_sparsity"]
    ]
    heads = ("sparsity", "dense parameters", "in the ticket", "in the sdt", "than the ticket")
    return tabulate(rows, heads, disable_numparse=True, colalign=("left", *("right",) * 4))


def _cost(record: Mapping[str, Any], machine: str, *, shared: str, calibrated: bool) -> list[tuple[str, str]]:
    cost = record["cost"]
    return [
        ("trainings", f"{cost['trainings']:,}{_later(cost)}; {shared}"),
        ("in the store", f"{cost['stored']:,} of them"),
        (
            "to train",
            f"{cost['to_train']:,}{_later(cost)}, {cost['replica_steps']:,} optimiser steps over all replicas",
        ),
        ("time", _time(record["seconds"], machine, calibrated=calibrated)),
        ("disk", f"{size(cost['bytes'])} more in the store"),
    ]


def _later(cost: Mapping[str, Any]) -> str:
    return f" + up to {cost['later']:,}" if cost["later"] else ""


def _later_ones(study: Mapping[str, Any]) -> str:
    steps = study.get("recipe", {}).get("steps")
    length = count(2 * study["epochs"], "epoch") if steps is None else f"{2 * steps:,} steps"
    said = [f"dense for {length} at its best lr, once that is known"]
    if not study["terms"]["assume_adequate"]:
        said[0] += ", and rr and sdt where a ticket would stand"
    if study["extend_lr"]:
        said.append(f"up to {count(study['extend_lr'], 'lr')} beyond the grid")
    if study["until_decided"] is not None:
        said.append(f"up to {count(study['until_decided'], 'seed')} in all, until the verdict is decided")
    return "; ".join(said)


def _machine(record: Mapping[str, Any]) -> str:
    trainers = record["trainers"]
    if record["study"]["device"] == "cuda":
        return count(trainers, "GPU") if trainers > 1 else "the GPU"
    return count(trainers, "core")


def _time(seconds: float | None, machine: str, *, calibrated: bool) -> str:
    if not calibrated:
        return "not measured (--no-calibration)"
    if seconds is None:
        return "not measured: the calibration ended before its turn; ask for fewer networks at once"
    if not seconds:
        return "none, all is in the store"
    return f"about {duration(seconds)} with {machine}, as measured just now"


def _resolution(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    origin = {name: "assumed" if name in found["assumed"] else "from the store" for name in ("sd", "accuracy")}
    seeds = f"{count(found['seeds'], 'seed')}, sd {100 * found['sd']:.2g} pt ({origin['sd']}): {_reach(found)}"
    error = f"one standard error is {100 * found['test_error']:.2g} pt, of a gap up to 1.4 times that,"
    accuracy = f"{100 * found['accuracy']:.1f} % ({origin['accuracy']})"
    return [("seeds", seeds), ("test set", f"{found['test_size']:,} samples: {error} at an accuracy of {accuracy}")]


def _reach(found: Mapping[str, Any]) -> str:
    """What the rule confident can tell with so many seeds."""
    if found["reach"] is None:
        return "no gap can be told from chance; take 2 or more"
    above, near = found["reach"] + found["gamma"], found["reach"] - found["delta"]
    side = "above" if near > 0 else "below"
    said = (
        "in 4 of 5 studies the rule confident sees a ticket that truly lies "
        f"{100 * above:.2g} pt above rr and sdt and {100 * abs(near):.2g} pt {side} dense, or further up "
        f"({count(found['tickets'], 'ticket')} paid for)"
    )
    if found["most_reach"] not in {None, found["reach"]}:
        above, near = found["most_reach"] + found["gamma"], found["most_reach"] - found["delta"]
        said += f"; with {found['most_seeds']} seeds {100 * above:.2g} pt and {100 * abs(near):.2g} pt "
        said += "above" if near > 0 else "below"
    return said


def _aligned(lines: Iterable[tuple[str, str]]) -> str:
    return tabulate(list(lines), tablefmt="plain", disable_numparse=True)
