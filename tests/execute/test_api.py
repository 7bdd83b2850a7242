"""From Python: a study gives evidence, the judge a verdict."""

from __future__ import annotations

import pytest

import lthcheck


def test_a_study_runs_and_is_judged(study, tmp_path):
    evidence = study(methods=("omp",)).run(store=tmp_path)
    assert {row.arm for row in evidence} == {"dense", "lt", "rr", "sdt"}
    assert lthcheck.judge(evidence).verdict == "none"  # a sparsity of 0.36 is trivial


@pytest.mark.parametrize("name", lthcheck.__all__)
def test_every_public_name_is_there(name):
    assert getattr(lthcheck, name).__name__ == name


def test_another_name_is_not():
    with pytest.raises(AttributeError, match="nonsense"):
        lthcheck.nonsense  # noqa: B018
