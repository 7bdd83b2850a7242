"""The protocol's rules between the runs of a study, checked on their records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lthcheck.protocol import ProtocolViolation
from lthcheck.run import Run

Records = Mapping[tuple[Any, ...], tuple[Run, Mapping[str, Any]]]
"""The runs of a study and their records, by (arm, method, sparsity, lr, seed, epochs)."""


def audit(arms: Records, narrower: Callable[[Run], int | None]) -> list[ProtocolViolation]:
    """Holds the records of a study against each other.

    Args:
        narrower: parameters of the network one step narrower than a run's, None if there is none.

    Returns:
        The violations, none where all is well.
    """
    return [violation for _, found in _pairs(arms, narrower) for violation in found]


def audited(arms: Records) -> dict[str, int]:
    """By rule between runs, how many pairs were held against it."""
    counts = dict.fromkeys(("theta0", "mask", "order", "sdt"), 0)
    for rule, _ in _pairs(arms, lambda run: None):
        counts[rule] += 1
    return counts


def _pairs(arms: Records, narrower: Callable[[Run], int | None]) -> Iterator[tuple[str, list[ProtocolViolation]]]:
    """Each pair that a rule applies to, with what it violates."""

    def held(rule: str, run: Run, other: Run, sound: bool, detail: str) -> tuple[str, list[ProtocolViolation]]:
        return rule, [] if sound else [ProtocolViolation(rule, run.key, "all layers", detail, other.key)]

    tickets: dict[float | None, dict[int, Run]] = {}  # by sparsity, by parameters
    for (arm, _, sparsity, *_), (run, record) in arms.items():
        if arm == "lt" and not record["untrained"]:
            tickets.setdefault(sparsity, {})[record["params"]] = run
    for (arm, method, sparsity, lr, seed, epochs), (run, record) in arms.items():
        if arm == "dense" or record["untrained"]:
            continue
        own = record["digests"]
        dense = arms.get(("dense", None, None, lr, seed, epochs))
        # a probe of rr for 2T has the mask of the ticket, which trains for T
        lts = (arms.get(("lt", method, sparsity, lr, seed, length)) for length in (epochs, epochs // 2))
        lt = next(filter(None, lts), None)
        if dense:
            of_dense = dense[1]["digests"]
            otherwise = "" if run.data.augmentation == "none" else ", or augmented otherwise"
            same, detail = own["order"] == of_dense["order"], f"{arm} and dense see the samples in another order"
            yield held("order", run, dense[0], same, detail + otherwise)
            if arm == "lt":
                same = own["theta0"] == of_dense["theta0"]
                yield held("theta0", run, dense[0], same, "lt does not begin at dense's theta_0")
        if arm == "rr" and lt and not lt[1]["untrained"]:
            of_lt = lt[1]["digests"]
            same, detail = own["mask"] == of_lt["mask"], "rr's mask is not that of the lt it is compared with"
            yield held("mask", run, lt[0], same, detail)
            yield held("theta0", run, lt[0], own["theta0"] != of_lt["theta0"], "rr begins at lt's theta_0")
        if arm == "sdt" and sparsity in tickets:
            ticket, size, less = max(tickets[sparsity]), record["params"], narrower(run)
            largest = tickets[sparsity][ticket]
            detail = f"{size} parameters, fewer than the ticket's {ticket}"
            yield held("sdt", run, largest, size >= ticket, detail)
            detail = f"a narrower one has {less}, the ticket {ticket}"
            yield held("sdt", run, largest, less is None or less < ticket, detail)
