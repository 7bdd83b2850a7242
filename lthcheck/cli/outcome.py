"""Exit codes.

0: met, or a verdict was given; 1: not met, or undecided; 2: bad input; 3: it failed, with what was finished kept; 130:
Ctrl-C, as a shell counts it (128 + SIGINT), since click's own 1 would read as "not met".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lthcheck.finding import Finding

MET, NOT_MET, BAD_INPUT, FAILED, INTERRUPTED = 0, 1, 2, 3, 130


def outcome(findings: list[Finding], require: Any) -> int:
    """0: met, or without `require` a verdict was given; 1: not met, or undecided."""
    from lthcheck.verdict.judge import meets

    verdicts = [finding.of_method(method) for finding in findings for method in finding.judgement.methods or (None,)]
    if require:
        return MET if all(meets(judgement, require) for judgement in verdicts) else NOT_MET
    return MET if all(judgement.verdict != "undecided" for judgement in verdicts) else NOT_MET
