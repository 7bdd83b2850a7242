"""The plugin in real sessions: exit codes, outcomes, what is shown and written, what is trained and imported."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from lthcheck.cli import main
from lthcheck.evidence import Row
from lthcheck.protocol import RULES
from lthcheck.report.record import loads
from lthcheck.store import Store
from lthcheck.verdict.judge import examine
from lthcheck.verdict.terms import Terms

pytest_plugins = ["pytester"]

CHECKS = Path(__file__).parents[1] / "checks"
LRS = (0.1, 0.2, 0.4)
STUDY = "mlp-8-toy.npz"  # how test ids begin
DENSE, CHAIN, CELL = 3, 5 * 3, 3  # trainings of one seed at three lrs: five rounds of IMP reach .672
WHOLE = DENSE + CHAIN + CELL + 2 * CELL + CELL + 1  # dense, imp, omp, rr of both, sdt, the probe

# Mean accuracies by lr. imp is a Jackpot at lr .2; the omp ticket is as good as its reinitialisation.
PLANTED = {
    ("dense", None): (0.80, 0.90, 0.85),
    ("lt", "imp"): (0.80, 0.90, 0.85),
    ("rr", "imp"): (0.78, 0.86, 0.82),
    ("lt", "omp"): (0.80, 0.86, 0.84),
    ("rr", "omp"): (0.80, 0.86, 0.84),
    ("sdt", None): (0.78, 0.84, 0.80),
}
PROBE = 0.902
CLAIMS = 1 + 4 * 3
MET = {"imp": 1 + 2 + 1 + 3 + 1, "omp": 1 + 1 + 0 + 1 + 0}  # of these, by condition
ABSENT = {"given", "permuted", "saliency"}  # rules of masks that the study has not
KEPT = len(RULES) - len(ABSENT)

INI = """[pytest]
filterwarnings = error
junit_family = xunit1
addopts = -p no:cacheprovider -p no:hypothesispytest -p no:benchmark
"""
SPY = """
from pathlib import Path
import sys

def pytest_unconfigure(config):
    who = getattr(config, "workerinput", {}).get("workerid", "main")
    Path(f"{who}.imports").write_text("\\n".join(sys.modules))
"""


def chosen(store):
    """The tiny study: options by name."""
    study = {"model": "mlp-8", "dataset": "toy.npz", "lr": "0.1,0.2,0.4", "sparsity": "0.672", "seeds": "1"}
    return study | {"epochs": "4", "report-dir": "reports", "store": str(store)}


def arguments(store):
    return [*(f"--lth-{name}={value}" for name, value in chosen(store).items()), "--junitxml=junit.xml"]


def name_of(argument):
    """Of the option in "--lth-lr=0.1" or "--lr=0.1"."""
    return argument.partition("=")[0].removeprefix("--").removeprefix("lth-")


def furnish(folder):
    """A folder with the suite and data, in which warnings are errors and every process tells what it imported."""
    shutil.copytree(CHECKS, folder / "checks", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pytest.ini").write_text(INI)
    (folder / "conftest.py").write_text(SPY)
    write_data(folder / "toy.npz")


def write_data(path):
    """Four well separated classes in 20 dimensions, on which every arm reaches 100 %."""
    random = np.random.default_rng(0)
    centres, arrays = random.normal(size=(4, 20)), {}
    for part, size in (("train", 400), ("test", 200)):
        labels = np.arange(size) % 4
        arrays |= {f"y_{part}": labels, f"x_{part}": centres[labels] + 0.3 * random.normal(size=(size, 20))}
    np.savez(path, **arrays)


@dataclass
class Session:
    """A session that several tests look at."""

    folder: Path
    store: Path
    said: pytest.RunResult

    @classmethod
    def held(cls, folder, store):
        furnish(folder)
        command = [sys.executable, "-m", "pytest", "checks", *arguments(store)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        lines = [text.splitlines() for text in (done.stdout, done.stderr)]
        return cls(folder, store, pytest.RunResult(done.returncode, *lines, duration=0))


def record(folder, stem="mlp-8-on-toy.npz"):
    return loads((folder / "reports" / f"{stem}.json").read_text())


def outcomes(folder):
    """By test, how JUnit XML calls its end: "passed", "failure", "error", or the type of skip."""
    ends = {}
    for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):
        bad = [child for child in case if child.tag in {"failure", "error", "skipped"}]
        ends[case.get("name")] = (bad[0].get("type") or bad[0].tag) if bad else "passed"
    return ends


def by_id(folder):
    """The outcomes, by the id of their question."""
    return {name.partition("[")[2].removesuffix("]"): end for name, end in outcomes(folder).items()}


def imported(folder, who="main"):
    return set((folder / f"{who}.imports").read_text().splitlines())


def trainings(store):
    return len(list(Store(store).keys()))


def plant(store, key, **changes):
    store.write_result(key, store.result(key) | changes)


@pytest.fixture(scope="module", autouse=True)
def _surroundings(tmp_path_factory):
    """No session here reads or writes the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LTHCHECK_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("fonts")))  # else each session lists the fonts anew
        yield


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A session over the whole suite that found an empty store."""
    folder = tmp_path_factory.mktemp("first")
    return Session.held(folder, folder / "store")


@pytest.fixture(scope="module")
def planted(first, tmp_path_factory):
    """Its store with accuracies that are known; whatever is judged on it trains nothing."""
    store = Store(shutil.copytree(first.store, tmp_path_factory.mktemp("planted") / "store"))
    sow(store, record(first.folder)["evidence"])
    # a ticket stands now, so its controls are trained for twice as long, and gain nothing
    probed = Session.held(tmp_path_factory.mktemp("probed"), store.root)
    sow(store, record(probed.folder)["evidence"])
    return store.root


def sow(store, evidence):
    """Plants what is known."""
    for row in evidence:
        mean = PLANTED[row["arm"], row["method"]][LRS.index(row["lr"])]
        accuracy = PROBE if (row["arm"], row["epochs"]) == ("dense", 8) else mean
        plant(store, row["run"], accuracy=accuracy)
        (correct,) = store.root.glob(f"runs/*/{row['run']}/correct-*")
        store.write_tensors(row["run"], correct.stem, {"correct": torch.arange(200) < round(200 * accuracy)})


@pytest.fixture(scope="module")
def second(planted, tmp_path_factory):
    """A session over the whole suite that found all it needs, and the times of the store's files before it."""
    return files(planted), Session.held(tmp_path_factory.mktemp("second"), planted)


def files(store):
    return {path: path.stat().st_mtime_ns for path in store.glob("runs/*/*/*")}


@pytest.fixture
def suite(pytester, planted):
    """Runs the suite, or a part of it, in a session of its own, on the planted store unless told otherwise."""
    furnish(pytester.path)

    def run(*more, store=planted, which="checks"):
        given = {name_of(argument) for argument in more}
        rest = [argument for argument in arguments(store) if name_of(argument) not in given]
        return pytester.runpytest_subprocess(which, *rest, *more, timeout=300)

    return run


@pytest.fixture
def own(planted, tmp_path):
    """A copy of the planted store that may be changed."""
    return Store(shutil.copytree(planted, tmp_path / "own"))


class TestAFirstSession:
    def test_trains_what_the_study_needs(self, first):
        assert trainings(first.store) == WHOLE == record(first.folder)["cost"]["trainings"]
        first.said.stdout.fnmatch_lines([f"{WHOLE} trainings in *, the rest from the store *"])

    def test_shows_progress(self, first):
        first.said.stdout.fnmatch_lines([f"*: 0 of {WHOLE - 1} trainings, *"])  # the probe is planned later

    def test_settles_each_claim_as_the_evidence_says(self, first):
        rows = [Row(**row) for row in record(first.folder)["evidence"]]
        told = {True: "passed", False: "pytest.xfail", None: "pytest.skip"}
        ends = by_id(first.folder)
        for method in ("imp", "omp"):
            for number in (1, 2, 3, 4, 5):
                for lr in LRS if number > 1 else [None]:
                    place = f"{STUDY}-{method}-s0.67232-" + (f"lr{lr:g}-" if lr else "") + f"c{number}"
                    found = examine(rows, Terms()).claim(number, method, 0.67232, lr)
                    assert ends[place] == told[found.holds], place

    def test_keeps_the_protocol(self, first):
        ends = by_id(first.folder)
        assert {rule for rule in RULES if ends[f"{STUDY}-{rule}"] != "passed"} == ABSENT
        assert {ends[f"{STUDY}-{rule}"] for rule in ABSENT} == {"pytest.skip"}

    def test_finds_no_ticket_where_every_arm_is_perfect(self, first):
        assert first.said.ret == 1
        assert [by_id(first.folder)[f"{STUDY}-{method}"] for method in ("imp", "omp")] == ["failure", "failure"]
        assert record(first.folder)["verdict"] == "none"


class TestASecondSession:
    def test_trains_nothing_and_imports_no_torch(self, second):
        before, session = second
        session.said.stdout.fnmatch_lines(["0 trainings in *, the rest from the store *"])
        assert files(session.store) == before
        assert "torch" not in imported(session.folder)

    def test_passes_what_holds(self, second):
        met = sum(MET.values())
        expected = {"passed": met + KEPT + 1, "xfailed": 2 * CLAIMS - met, "skipped": len(ABSENT), "failed": 1}
        second[1].said.assert_outcomes(**expected)
        assert second[1].said.ret == 1  # omp has no ticket

    def test_ends_with_table_and_headline(self, second):
        second[1].said.stdout.fnmatch_lines(
            [
                "mlp-8 on toy.npz, omp: No ticket; no verdict is on record for this study, so it must hold a ticket",
                "*= lthcheck =*",
                "mlp-8 on toy.npz *imp *0.672 *jackpot *yes *yes +6.0 *yes +4.0 *yes 0.0 *yes 0.0 *0.2",
                "mlp-8 on toy.npz *omp *0.672 *no ticket *",
                "mlp-8 on toy.npz, imp at sparsity 0.672: JACKPOT (LT 90.0 % at lr 0.2 beats *)",
                "report: reports*mlp-8-on-toy.npz.md",
            ]
        )

    def test_writes_its_reports(self, second):
        folder = second[1].folder
        names = {path.name for path in (folder / "reports").iterdir()}
        figures = [f"-{name}{page}.png" for name in ("gaps", "sparsity", "lr", "layers") for page in ("", "-dark")]
        assert names == {f"mlp-8-on-toy.npz{end}" for end in (".json", ".md", "-badge.json", *figures)}
        written = record(folder)
        assert (written["schema"], written["verdict"]) == ("lthcheck.verdict/1", "jackpot")
        assert "--lth-model=mlp-8" in written["environment"]["command"]

    def test_says_how_dense_each_layer_is(self, second):
        layers = record(second[1].folder)["layers"]
        assert (layers["names"], layers["weights"]) == (["layers.0.weight"], [160])
        assert [(ticket["method"], ticket["lr"], ticket["kept"]) for ticket in layers["tickets"]] == [
            ("imp", 0.2, [52.0]),
            ("omp", 0.2, [52.0]),
        ]

    def test_its_report_comes_from_its_record_alone(self, second, tmp_path):
        reports = second[1].folder / "reports"
        done = CliRunner().invoke(main, ["report", str(reports / "mlp-8-on-toy.npz.json"), "--out", str(tmp_path)])
        assert done.exit_code == 0
        written = {path.name: path.read_bytes() for path in reports.iterdir()}
        del written["mlp-8-on-toy.npz.json"]
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == written

    def test_calls_no_unmet_claim_passed_in_junit_xml(self, second):
        folder, met = second[1].folder, sum(MET.values())
        ends = Counter(outcomes(folder).values())
        assert ends == {
            "passed": met + KEPT + 1,
            "pytest.xfail": 2 * CLAIMS - met,
            "pytest.skip": len(ABSENT),
            "failure": 1,
        }
        junit = (folder / "junit.xml").read_text()
        assert "not met: LT .860 &lt;= best RR (lr 0.2) .860 + .005" in junit
        assert 'name="lthcheck.verdict" value="jackpot"' in junit


class TestExitCode:
    @pytest.mark.parametrize(
        ("asked", "code"),
        [("--lth-require=jackpot --lth-method=imp", 0), ("--lth-require=secondary", 1)],  # omp has no ticket
    )
    def test_is_that_of_the_verdicts(self, suite, asked, code):
        assert suite(*asked.split(), which="checks/test_verdict.py").ret == code

    def test_is_that_of_the_selected_verdict(self, suite):
        said = suite(which=f"checks/test_verdict.py::test_the_verdict[{STUDY}-imp]")
        said.assert_outcomes(passed=1)
        assert said.ret == 0

    @pytest.mark.parametrize(
        ("imp", "omp", "failed"),
        [("jackpot", "none", 0), ("none", "secondary", 2)],  # what is better than expected fails as well
    )
    def test_is_that_of_the_expectation(self, suite, pytester, imp, omp, failed):
        entry = '[[expect]]\nstudy = "mlp-8 on toy.npz"\nmethod = "{}"\nverdict = "{}"\nreason = "planted"\n'
        pytester.path.joinpath("expect.toml").write_text(entry.format("imp", imp) + entry.format("omp", omp))
        said = suite("--lth-expect=expect.toml", which="checks/test_verdict.py")
        said.assert_outcomes(passed=2 - failed, failed=failed)
        assert said.ret == bool(failed)

    def test_an_undecided_study_is_not_green(self, suite, own, first):
        probe = next(row["run"] for row in record(first.folder)["evidence"] if row["epochs"] == 8)
        plant(own, probe, diverged=True)
        said = suite("--lth-method=imp", store=own.root)
        assert said.ret == 1
        said.assert_outcomes(
            passed=KEPT + MET["imp"] - 1, xfailed=CLAIMS - MET["imp"], skipped=len(ABSENT) + 1, failed=1
        )
        said.stdout.fnmatch_lines(["*imp: Undecided (none to jackpot); *", "*to decide it: replace the diverged*"])

    def test_does_not_depend_on_junit(self, suite):
        said = suite("--lth-method=imp", "-o", "junit_family=xunit2", which="checks/test_verdict.py")
        assert said.ret == 0


@pytest.fixture
def broken(own, first):
    """A store in which lt and dense of a replicate saw the samples in another order, and lt's key."""
    rows = record(first.folder)["evidence"]
    lt = next(row["run"] for row in rows if (row["arm"], row["method"]) == ("lt", "imp"))
    plant(own, lt, digests=own.result(lt)["digests"] | {"order": "another"})
    return own.root, lt


class TestABrokenProtocol:
    def test_fails_its_rule_and_the_verdict_and_gives_no_report(self, suite, broken, pytester):
        store, lt = broken
        said = suite("--lth-require=secondary", "--lth-method=imp", store=store)
        assert said.ret == 1
        assert [place for place, end in by_id(pytester.path).items() if end == "failure"] == [
            f"{STUDY}-order",
            f"{STUDY}-imp",
        ]
        said.stdout.fnmatch_lines([f"*order (*): run {lt[:12]}, *", "no verdict: *", "*no verdict, no report"])
        assert not list(pytester.path.glob("reports/*"))

    def test_gives_no_headline(self, suite, broken):
        said = suite("--lth-method=imp", store=broken[0], which="checks/test_verdict.py")
        assert "JACKPOT" not in said.stdout.str()


class TestASelection:
    @pytest.mark.slow
    def test_trains_only_what_it_needs_and_claims_decide_nothing(self, suite, tmp_path):
        said = suite("-k", "omp and (c3 or c4)", store=tmp_path / "store")
        said.assert_outcomes(passed=3, xfailed=3, deselected=2 * (CLAIMS + 1) + len(RULES) - 6)
        assert said.ret == 0
        assert trainings(tmp_path / "store") == DENSE + 2 * CELL < WHOLE

    def test_collecting_alone_trains_nothing(self, suite, pytester, tmp_path):
        said = suite("--collect-only", "-q", store=tmp_path / "store")
        assert said.ret == 0
        said.stdout.fnmatch_lines(
            [f"checks/test_verdict.py::test_the_verdict?{STUDY}-imp?", f"{26 + len(RULES) + 2} tests collected*"]
        )
        said.stdout.no_fnmatch_line("*lthcheck =*")
        assert not (tmp_path / "store").exists()
        assert not (pytester.path / "reports").exists()
        assert "torch" not in imported(pytester.path)


@pytest.mark.slow
def test_two_workers_find_what_one_process_finds(suite, pytester, first, tmp_path):
    said = suite("-n", "2", store=tmp_path / "store")
    assert said.ret == first.said.ret
    said.stdout.fnmatch_lines(["*: 0 of *", "*= lthcheck =*", f"{WHOLE} trainings in *"])
    assert outcomes(pytester.path) == outcomes(first.folder)
    apart = {"environment": None, "cost": None}
    assert record(pytester.path) | apart == record(first.folder) | apart
    assert not any("torch" in imported(pytester.path, worker) for worker in ("gw0", "gw1"))


class TestTheSummaryOfARunOnGitHub:
    @pytest.fixture
    def page(self, tmp_path, monkeypatch):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
        return tmp_path / "summary.md"

    def test_gets_the_verdict_once_from_two_workers(self, suite, page):
        suite("-n", "2", which="checks/test_verdict.py")
        text = page.read_text()
        assert text.count("## lthcheck\n") == 1
        assert text.count("- mlp-8 on toy.npz, imp at sparsity 0.672: JACKPOT (") == 1

    def test_says_that_a_broken_protocol_gives_none(self, suite, page, broken):
        suite("--lth-method=imp", store=broken[0], which="checks/test_verdict.py")
        assert page.read_text() == "## lthcheck\n\n- mlp-8 on toy.npz: no verdict, the protocol was broken\n\n"

    def test_that_cannot_be_written_is_told_and_fails_nothing(self, suite, page):
        page.mkdir()
        said = suite("--lth-require=jackpot", "--lth-method=imp", which="checks/test_verdict.py")
        assert said.ret == 0
        said.stdout.fnmatch_lines(["GITHUB_STEP_SUMMARY=* cannot be written (Is a directory); *"])


@pytest.mark.slow
def test_two_studies_in_one_call(suite, pytester, own):
    before = trainings(own.root)
    said = suite("--lth-model=mlp-8,mlp-6", "--lth-method=omp", store=own.root)
    said.stdout.fnmatch_lines(["mlp-8 on toy.npz *omp *", "mlp-6 on toy.npz *omp *", "mlp-8 on *:*", "mlp-6 on *:*"])
    assert len(outcomes(pytester.path)) == 2 * (len(RULES) + CLAIMS + 1)
    assert [record(pytester.path, f"mlp-{n}-on-toy.npz")["study"]["model"] for n in (8, 6)] == ["mlp-8", "mlp-6"]
    assert trainings(own.root) - before == DENSE + 3 * CELL + 1


BAD = {
    "a percentage": ("--lth-sparsity=90", "sparsity=90 must be in (0, 1); write 0.9 for 90 %"),
    "no number": ("--lth-lr=0.1,fast", "lr='0.1,fast' must be numbers between commas, e.g. 0.1,0.2"),
    "an unknown model": ("--lth-model=resnet21", "model='resnet21' is not known; did you mean resnet*? Known: *"),
    "an unknown prize": ("--lth-require=gold", "require='gold' must be one of secondary, jackpot"),
    "no file": ("--lth-expect=none.toml", "expect='none.toml' must be a TOML file that can be read (*); name another"),
    "no data": ("--lth-dataset=none.npz", "dataset='none.npz' must be a file; write it with numpy.savez, *"),
}


def refused(said, message):
    assert said.ret == pytest.ExitCode.USAGE_ERROR
    assert len([line for line in (*said.outlines, *said.errlines) if "ERROR" in line]) == 1
    said.stderr.fnmatch_lines([f"ERROR: {message}"])
    assert "Traceback" not in said.stdout.str() + said.stderr.str()


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_told_in_one_line(suite, what):
    option, message = BAD[what]
    refused(suite(option), message)


@pytest.mark.parametrize("what", ["a percentage", "no data"])
def test_bad_input_is_told_once_by_two_workers(suite, what):
    option, message = BAD[what]
    refused(suite("-n", "2", option), message)


class TestAProjectWithoutIt:
    @pytest.fixture
    def plain(self, pytester):
        pytester.makeconftest(SPY)
        pytester.makepyfile("def test_plain(): pass")
        return pytester.runpytest_subprocess("-p", "no:hypothesispytest")

    def test_sees_nothing_of_it(self, plain, pytester):
        plain.assert_outcomes(passed=1)
        assert plain.ret == 0
        plain.stdout.no_fnmatch_line("*lthcheck =*")
        assert {"torch", "torchvision", "matplotlib"}.isdisjoint(imported(pytester.path))
        assert not list(pytester.path.glob("reports"))

    def test_does_not_pay_for_numpy(self, plain, pytester):
        assert "numpy" not in imported(pytester.path)


def test_this_repository_has_the_options_under_bare_names(suite, pytester):
    shutil.copy(CHECKS.parent / "conftest.py", pytester.path)
    refused(suite("--sparsity=90"), BAD["a percentage"][1])


def test_options_may_stand_in_the_ini_file(pytester, planted):
    furnish(pytester.path)
    asked = chosen(planted) | {"method": "imp", "require": "jackpot", "assume-adequate": "true"}
    lines = [f"lth_{name.replace('-', '_')} = {value}" for name, value in asked.items()]
    pytester.path.joinpath("pytest.ini").write_text(INI + "\n".join(lines))
    said = pytester.runpytest_subprocess("checks/test_verdict.py")
    said.assert_outcomes(passed=1)
    said.stdout.fnmatch_lines(["0 trainings in *"])
    assert record(pytester.path)["assumed"] == ["adequate recipe"]


def test_a_data_file_may_have_any_name(suite, pytester):
    write_data(pytester.path / "größe.npz")
    said = suite("--lth-dataset=größe.npz", "--lth-lr=0.2", "-k", "omp and c4", store="store")
    said.assert_outcomes(passed=1, deselected=len(RULES) + 2 * (1 + 4 + 1) - 1)


def test_sparsities_may_lie_close_together(suite):
    said = suite("--lth-sparsity=0.70001,0.70002", "--lth-lr=0.2", "-k", "omp and c4", store="store")
    said.assert_outcomes(passed=2, deselected=len(RULES) + 4 * (1 + 4) + 2 - 2)
