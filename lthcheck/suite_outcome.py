"""How a test of the suite ends: what pytest is told of a condition and of a verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from lthcheck.plugin import inquiry_of
from lthcheck.report.words import prize

if TYPE_CHECKING:
    from lthcheck.finding import Finding
    from lthcheck.study import Question
    from lthcheck.verdict.judgement import Condition


def settle(condition: Condition) -> None:
    """A claim that is met passes; one that is not is an expected failure, and an open one is skipped.

    No claim decides the exit code: the conditions ask for one lr at which they hold, not for all.
    """
    if condition.holds is None:
        pytest.skip(f"unknown: {condition.detail}")
    if not condition.holds:
        pytest.xfail(f"not met: {condition.detail}")


def decide(
    question: Question, finding: Finding, config: pytest.Config, record_property: Callable[[str, object], None]
) -> None:
    """Fails unless the verdict on a method is the one asked for, expected or, with neither, a ticket."""
    from lthcheck.verdict.judge import meets

    assert not finding.violations, "no verdict: " + "\n".join(text for _, text in finding.violations)
    inquiry = inquiry_of(config)
    judgement = finding.judgement.of_method(question.method)
    said = prize(judgement.verdict, judgement.at_least, judgement.at_most)
    record_property("lthcheck.verdict", judgement.verdict)
    advice = "".join(f"\n  {line}" for line in judgement.advice)
    required = inquiry.chosen.get("require")
    if required:
        assert meets(judgement, required), f"{said}; --require asks for {required}{advice}"
        return
    expected = inquiry.expected.get((question.study, question.method or ""))
    if expected:
        verdict, reason = expected
        assert judgement.verdict == verdict, f"{said}; expected is {verdict} ({reason}){advice}"
        return
    assert meets(judgement, "secondary"), f"{said}; no verdict is expected of this study, so it must hold a ticket{advice}"
