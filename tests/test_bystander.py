"""The plugin in projects that do not use it: it does nothing, costs nothing, and collides with nothing."""

from __future__ import annotations

import tempfile

import pytest

pytest_plugins = ["pytester"]

SPY = """
import sys
from pathlib import Path

def pytest_unconfigure(config):
    who = getattr(config, "workerinput", {}).get("workerid", "main")
    Path(f"{who}.imports").write_text("\\n".join(sys.modules))
"""
PARAMETRISED = """
import pytest

@pytest.mark.parametrize("n", range(20))
def test_plain(n):
    pass
"""
ALONE = ("-p", "no:hypothesispytest", "-p", "no:benchmark")  # which import much themselves


@pytest.fixture
def project(pytester, monkeypatch):
    """A project of parametrised tests in which warnings are errors, and temporary files go to a folder of its own."""
    monkeypatch.setenv("TMPDIR", str(pytester.mkdir("tmp")))
    monkeypatch.setattr(tempfile, "tempdir", None)
    pytester.makeini("[pytest]\nfilterwarnings = error\naddopts = -p no:cacheprovider")
    pytester.makeconftest(SPY)
    pytester.makepyfile(PARAMETRISED)
    return pytester


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_it_imports_its_options_alone_and_leaves_no_file(project, workers):
    said = project.runpytest_subprocess(*ALONE, *workers)
    said.assert_outcomes(passed=20)
    seen = list(project.path.glob("*.imports"))
    assert len(seen) == 1 + len(workers)
    for path in seen:
        imported = set(path.read_text().splitlines())
        own = {name for name in imported if name.partition(".")[0] == "lthcheck"}
        assert own == {"lthcheck", "lthcheck.names", "lthcheck.options", "lthcheck.plugin", "lthcheck.quantity"}
        assert {"torch", "numpy", "click", "cloudpickle", "filelock", "matplotlib"}.isdisjoint(imported)
    assert not list(project.path.joinpath("tmp").glob("lthcheck*"))


def test_it_adds_no_fixture(project):
    said = project.runpytest_subprocess("--fixtures", "-v")
    said.stdout.no_fnmatch_line("*lthcheck*plugin*")


def test_it_says_nothing(project):
    said = project.runpytest_subprocess("-q")
    assert "lthcheck" not in said.stdout.str() + said.stderr.str()


def test_it_may_be_switched_off(project):
    said = project.runpytest_subprocess("-p", "no:lthcheck.plugin", *ALONE)
    said.assert_outcomes(passed=20)
    imported = (project.path / "main.imports").read_text().splitlines()
    assert not [name for name in imported if name.startswith("lthcheck")]


def test_another_plugin_may_have_options_and_fixtures_of_its_names(project):
    project.makeconftest("""
import pytest

def pytest_addoption(parser):
    for name in ("--model", "--dataset", "--lr", "--seeds", "--device", "--store", "--import", "--mask"):
        parser.addoption(name, default="theirs")
    parser.addini("model", "theirs")

@pytest.fixture
def finding(request):
    return request.config.getoption("--model")

@pytest.fixture
def question():
    return "theirs"
""")
    project.makepyfile("def test_theirs(finding, question):\n    assert (finding, question) == ('mine', 'theirs')")
    project.runpytest_subprocess("--model=mine").assert_outcomes(passed=1)


def test_it_runs_beside_other_plugins(project):
    pytest.importorskip("pytest_benchmark")
    project.makepyfile("""
from hypothesis import given, strategies
def test_speed(benchmark):
    benchmark(lambda: None)
@given(strategies.integers())
def test_numbers(n):
    assert n + 0 == n
""")
    project.runpytest_subprocess().assert_outcomes(passed=2)
    project.runpytest_subprocess("-n", "1", "--benchmark-disable").assert_outcomes(passed=2)
