"""A mutation in a real session of the suite: which test fails, what it says, and what is left behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mutation import FOLDER
from studies import BLOBS, furnish

from lthcheck.protocol import RULES
from lthcheck.store import Store

pytest_plugins = ["pytester"]

CHECKS = Path(__file__).parents[2] / "checks"
OPTIONS = f"--lth-model=mlp-16-8 --lth-dataset={BLOBS} --lth-method=omp --lth-lr=0.2 --lth-sparsity=0.488 --lth-seeds=1"
MUTATED = f"""
import os, sys
if "PYTEST_XDIST_WORKER" not in os.environ:  # workers train nothing
    sys.path.insert(0, {str(FOLDER)!r})
    from lthcheck.execute import spawn
    from mutation import named
    mutation = named("frozen-in-a-stack")
    mutation.apply()
    spawn.PROGRAM = mutation.before(spawn.PROGRAM)
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """Runs the suite in a session of its own, on a store beside it."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # of the session that this test runs in
    monkeypatch.setenv("LTHCHECK_CACHE", str(pytester.path / "cache"))
    monkeypatch.setenv("MPLCONFIGDIR", str(pytester.path / "fonts"))
    shutil.copytree(CHECKS, pytester.path / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    furnish(pytester.path)
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = -p no:cacheprovider -p no:hypothesispytest")

    def run(*more):
        rest = ("--lth-epochs=3", "--lth-store=store", "--lth-report-dir=reports", "-rf")
        return pytester.runpytest_subprocess("checks", *OPTIONS.split(), *rest, *more, timeout=300)

    return run


def failed(said):
    """The tests that failed, by their ids."""
    return sorted(line.split(" - ")[0].removeprefix("FAILED ") for line in said.outlines if line.startswith("FAILED "))


def names_the_rule(said):
    """The one test of integrity fails that is about the rule, and the verdict with it; nothing is left behind."""
    assert said.ret == 1
    assert failed(said) == [
        f"checks/test_integrity.py::test_the_protocol_was_kept[mlp-16-8-{BLOBS}-moves]",
        f"checks/test_verdict.py::test_the_verdict[mlp-16-8-{BLOBS}-omp]",
    ]
    rule = f"moves ({RULES['moves']}): run "
    assert any(line.startswith(rule) for line in said.outlines)
    assert any(line.startswith(f"no verdict: {rule}") for line in said.outlines)
    said.stdout.fnmatch_lines(["*the protocol was broken; no verdict, no report"])
    assert not list(Path("reports").iterdir())
    assert list(Store("store").keys()) == []


@pytest.mark.slow
def test_the_rule_is_named_until_the_program_is_mended(suite, pytester):
    conftest = pytester.makeconftest(MUTATED)
    names_the_rule(suite())
    conftest.unlink()
    assert not [test for test in failed(suite()) if "test_verdict" not in test]
    assert len(list(Path("reports").glob("*.md"))) == 1


@pytest.mark.slow
def test_the_rule_is_named_to_two_workers(suite, pytester):
    pytester.makeconftest(MUTATED)
    names_the_rule(suite("-n", "2"))
