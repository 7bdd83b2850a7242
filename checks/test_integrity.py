"""The protocol was kept: what the verdict rests on. A failure here always fails the suite."""

import pytest


@pytest.mark.lthcheck(kind="integrity")
def test_the_protocol_was_kept(question, finding):
    """One rule of `lthcheck.protocol.RULES`, over all runs of a study."""
    broken = [text for rule, text in finding.violations if rule == question.rule]
    if broken:
        pytest.fail("\n".join(broken), pytrace=False)
    if not finding.checked[question.rule]:
        pytest.skip("no run of this study is of the kind that the rule is about")
