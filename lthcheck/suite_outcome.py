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


def finding(question: Question, request: pytest.FixtureRequest) -> Finding:
    """What is known of the study that a question is about."""
    return inquiry_of(request.config).finding(question.study)


def settle(question: Question, request: pytest.FixtureRequest) -> None:
    """A claim that is met passes; one that is not is an expected failure, and an open one is skipped.

    No claim decides the exit code: the conditions ask for one lr at which they hold, not for all.
    """
    condition = finding(question, request).claim(question)
    if condition.holds is None:
        pytest.skip(f"unknown: {condition.detail}")
    if not condition.holds:
        pytest.xfail(f"not met: {condition.detail}")


def hold(question: Question, request: pytest.FixtureRequest) -> None:
    """Fails where a rule of the protocol was broken, and is skipped where no run is of its kind."""
    found = finding(question, request)
    broken = [text for rule, text in found.violations if rule == question.rule]
    if broken:
        pytest.fail("\n".join(broken), pytrace=False)
    if not found.checked[question.rule or ""]:
        pytest.skip("no run of this study is of the kind that the rule is about")


def decide(question: Question, request: pytest.FixtureRequest) -> None:
    """Fails unless the verdict on a method is the one asked for, expected or, with neither, a ticket."""
    found = finding(question, request)
    if found.violations:
        pytest.fail("no verdict: " + "\n".join(text for _, text in found.violations), pytrace=False)
    inquiry = inquiry_of(request.config)
    judgement = found.of_method(question.method)
    # not record_property, which warns under pytest's own junit_family
    request.node.user_properties.append(("lthcheck.verdict", judgement.verdict))
    said = prize(judgement.verdict, judgement.at_least, judgement.at_most, judgement.edge)
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
