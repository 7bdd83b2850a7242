"""The verdicts that are expected: a preset's own, or those of a user's file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lthcheck.names import known
from lthcheck.options import expected_by_preset
from lthcheck.study import Study

VERDICTS = ("none", "secondary", "jackpot", "undecided")

Expectations = Mapping[tuple[str, str], tuple[str, str]]
"""By (study, method): the verdict, and the reason it is expected for."""


def expectations(chosen: Mapping[str, Any], studies: Sequence[Study]) -> Expectations:
    """What is expected of these studies.

    Raises:
        ValueError: for a file that cannot be read, or an expectation that matches no study.
    """
    if "expect" in chosen:
        return _read(Path(chosen["expect"]), studies)
    preset = expected_by_preset(chosen)
    if preset is None:
        return {}
    return {
        (study.name, method): (verdict, preset.measured)
        for study in studies
        for method, verdict in preset.expected.items()
    }


def _read(path: Path, studies: Sequence[Study]) -> Expectations:
    """Reads TOML: tables [[expect]] with study ("mlp-300-100 on mnist1d"), verdict, reason and, if wanted, method."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        told = getattr(error, "strerror", None) or error
        raise ValueError(f"expect={str(path)!r} must be a TOML file that can be read ({told}); name another") from error
    try:
        return _verdicts(content.get("expect"), studies)
    except ValueError as error:
        raise ValueError(f"expect={str(path)!r}: {error}") from None


def _verdicts(entries: Any, studies: Sequence[Study]) -> Expectations:
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("the file must hold at least one table [[expect]] with study, verdict and reason")
    found: dict[tuple[str, str], tuple[str, str]] = {}
    # what names a method last, since it stands above what names none
    for entry in sorted(entries, key=lambda entry: "method" in entry):
        for key in entry:
            known("key", key, ("study", "method", "verdict", "reason"))
        missing = {"study", "verdict", "reason"} - set(entry)
        if missing or not all(isinstance(value, str) for value in entry.values()):
            raise ValueError(f"{entry} must have study, verdict and reason, as strings")
        alike = [other for other in entries if other.get("study") == entry["study"]]
        if [other.get("method") for other in alike].count(entry.get("method")) > 1:
            raise ValueError(f"study={entry['study']!r} must not be named twice for a method; keep one verdict")
        known("verdict", entry["verdict"], VERDICTS)
        study = known("study", entry["study"], [study.name for study in studies])
        methods = next(each.methods for each in studies if each.name == study)
        for method in [known("method", entry["method"], methods)] if "method" in entry else methods:
            found[study, method] = (entry["verdict"], entry["reason"])
    return found
