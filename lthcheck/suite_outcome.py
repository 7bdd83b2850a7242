"""How a test of the suite ends: what pytest is told of a condition and of a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lthcheck.plugin import inquiry_of
from lthcheck.report.words import prize
from lthcheck.verdict.judge import meets

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


def decide(question: Question, finding: Finding, request: pytest.FixtureRequest) -> None:
    """Fails unless the verdict on a method is the one asked for, expected or, with neither, a ticket."""
    if finding.violations:
        pytest.fail("no verdict: " + "\n".join(text for _, text in finding.violations), pytrace=False)
    inquiry = inquiry_of(request.config)
    judgement = finding.of_method(question.method)
    # not record_property, which warns under pytest's own junit_family
    request.node.user_properties.append(("lthcheck.verdict", judgement.verdict))
    said = prize(judgement.verdict, judgement.at_least, judgement.at_most)
    expected = inquiry.expected.get((question.study, question.method or ""))
    if required := inquiry.chosen.get("require"):
        met, asked = meets(judgement, required), f"required is {required!r}"
    elif expected:
        met, asked = judgement.verdict == expected[0], f"expected is {expected[0]!r}: {expected[1]}"
    else:
        met, asked = meets(judgement, "secondary"), "no verdict is on record for this study, so it must hold a ticket"
    if not met:
        advice = "".join(f"\n  to decide it: {line}" for line in judgement.advice)
        pytest.fail(f"{question.study}, {question.method}: {said}; {asked}{advice}", pytrace=False)
