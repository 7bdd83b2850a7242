"""The verdict on the summary page of a GitHub Actions run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lthcheck.report.headline import headline
from lthcheck.report.sure import disagreement
from lthcheck.report.tables import CONDITION_HEADS, escape, github, verdict_rows
from lthcheck.report.words import study_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VARIABLE = "GITHUB_STEP_SUMMARY"


def summary(records: Sequence[Mapping[str, Any]], broken: Sequence[str] = ()) -> str:
    """The verdicts in Markdown, without links: a table, one row a cell, and a line for each study.

    Args:
        records: the records.
        broken: names of the studies that have no verdict, since they broke the protocol.
    """
    rows = [[study_name(record), *row] for record in records for row in verdict_rows(record, record["cells"])]
    heads = ("study", "method", "sparsity", "verdict", *CONDITION_HEADS, "lr")
    lines = [f"- {escape(line)}" for record in records for line in (headline(record), *disagreement(record))]
    lines += [f"- {escape(name)}: no verdict, the protocol was broken" for name in broken]
    blocks = ["## lthcheck", *([github(rows, heads)] if rows else []), *(["\n".join(lines)] if lines else [])]
    return "\n\n".join(blocks) + "\n"


def append_summary(records: Sequence[Mapping[str, Any]], broken: Sequence[str] = ()) -> list[str]:
    """Append `summary` to the file that GitHub Actions names in `GITHUB_STEP_SUMMARY`; nothing elsewhere.

    Returns:
        What a user must be told: a file that cannot be written, which is no reason to fail a run.
    """
    file = os.environ.get(VARIABLE)
    if not file:
        return []
    try:
        with open(file, "a", encoding="utf-8") as page:
            page.write(summary(records, broken) + "\n")
    except OSError as error:
        return [f"{VARIABLE}={file!r} cannot be written ({error.strerror}); the verdict is not on the run's summary"]
    return []
