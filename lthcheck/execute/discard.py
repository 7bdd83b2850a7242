"""What a broken rule leaves behind goes, so that a program that keeps the rule finds nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lthcheck.protocol import ProtocolViolation
from lthcheck.store import Store


def discard(store: Store, violations: Iterable[ProtocolViolation], trained: set[str]) -> None:
    """Removes the runs that broke a rule, what the same program trained, and all that was built on any of these.

    Of a rule between runs both go, since either may be wrong. Runs that broke no rule go, too: a momentum that outlives
    its run shows where a weight is pruned, and not in a dense network.

    Args:
        trained: the keys of the runs that were trained just now.
    """
    broken = {key for violation in violations for key in (violation.run, violation.against) if key is not None}
    if not broken:
        return
    gone = broken | trained
    results = (result for result in map(store.result, store.keys()) if result is not None)
    built_on = {result["key"]: set(_runs(result["expression"])) for result in results}
    while more := {key for key, parents in built_on.items() if parents & gone} - gone:
        gone |= more
    for key in gone:
        store.forget(key)


def _runs(written: object) -> Iterator[str]:
    """The keys of the runs in an expression that was written out (`lthcheck.run.described`)."""
    if isinstance(written, dict):
        key = written.get("run")
        if isinstance(key, str):
            yield key
        for value in written.values():
            yield from _runs(value)
    elif isinstance(written, list):
        for value in written:
            yield from _runs(value)
