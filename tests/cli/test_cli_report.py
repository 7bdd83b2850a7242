"""`lthcheck report`: from JSON alone the same bytes again, the overview of several records, bad input."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from lthcheck.cli import main
from lthcheck.evidence import Row
from lthcheck.finding import Finding

LRS = (0.1, 0.2, 0.4)
ACCURACY = {"dense": 0.90, "lt": 0.899, "rr": 0.87, "sdt": 0.86}


def finding(model="mlp-8", *, lt=0.899, probe=0.902, seeds=(0, 1)):
    """A study at one sparsity, at its best at lr .2, whose tickets have two layers."""
    rows = [
        Row(
            arm,
            lr,
            mean - 0.02 * (lr != 0.2),
            method="omp" if arm in ("lt", "rr") else None,
            sparsity=None if arm == "dense" else 0.832,
            seed=seed,
            epochs=4,
            run=f"{arm} {lr} {seed}",
        )
        for arm, mean in (ACCURACY | {"lt": lt}).items()
        for lr in LRS
        for seed in seeds
    ]
    rows += [Row("dense", 0.2, probe, seed=seed, epochs=8) for seed in seeds] if probe else []
    layers = {row.run: {"a.weight": [10, 100], "b.weight": [32, 150]} for row in rows if row.arm == "lt"}
    study = {"name": f"{model} on toy", "model": model, "dataset": "toy", "preset": None}
    return Finding(study=study, rows=tuple(rows), layers=layers)


def report(*arguments, code=0):
    done = CliRunner().invoke(main, ["report", *map(str, arguments)])
    assert done.exit_code == code, done.output
    return done


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def study_report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    finding().write(folder, {"lthcheck": "0.1.0"})
    return folder


@pytest.fixture
def written(study_report, tmp_path):
    """The folder of a study's report, and its record."""
    folder = shutil.copytree(study_report, tmp_path / "reports")
    return folder, folder / "mlp-8-on-toy.json"


@pytest.fixture
def _no_figures(monkeypatch):
    """Spares the time to draw where figures are not what is looked at."""
    monkeypatch.setattr("lthcheck.report.write.draw", lambda record, folder, stem, **_: [])


def refused(done, message):
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert message in line


class TestAgain:
    def test_gives_the_same_bytes_beside_the_record(self, written):
        folder, file = written
        before = contents(folder)
        assert len(before) == 3 + 2 * 4
        for path in folder.iterdir():
            if path != file:
                path.unlink()
        done = report(file)
        assert done.stderr == f"report: {folder / 'mlp-8-on-toy.md'}\n"
        assert contents(folder) == before

    def test_gives_them_in_another_folder(self, written, tmp_path):
        folder, file = written
        report(file, "--out", tmp_path / "new" / "folder")
        before = contents(folder)
        del before[file.name]
        assert contents(tmp_path / "new" / "folder") == before

    @pytest.mark.usefixtures("_no_figures")
    def test_takes_the_name_of_the_file(self, written):
        folder, file = written
        report(file.rename(folder / "mine.json"))
        assert {"mine.md", "mine-badge.json"} <= set(contents(folder))

    @pytest.mark.usefixtures("_no_figures")
    def test_leaves_the_record_as_it_is(self, written):
        _, file = written
        text = json.dumps(json.loads(file.read_text()))
        file.write_text(text)
        report(file)
        assert file.read_text() == text

    @pytest.mark.usefixtures("_no_figures")
    def test_shows_the_verdict_of_a_single_record(self, written):
        assert "mlp-8 on toy, omp at sparsity 0.832: JACKPOT (LT 89.9 %" in report(written[1]).stdout

    @pytest.mark.usefixtures("_no_figures")
    def test_reads_a_list_as_judge_prints_it(self, tmp_path):
        table = tmp_path / "accuracies.csv"
        lines = [f"{arm},{lr},{ACCURACY[arm]},{model}" for arm in ACCURACY for lr in LRS for model in ("a", "b")]
        table.write_text("\n".join(["arm,lr,accuracy,model", *lines]))
        printed = CliRunner().invoke(main, ["judge", str(table), "--json", "--dataset", "toy"]).stdout
        (tmp_path / "judged.json").write_text(printed)
        done = report(tmp_path / "judged.json", "--out", tmp_path / "out")
        assert {path.name for path in (tmp_path / "out").glob("*.md")} == {"a-on-toy.md", "b-on-toy.md"}
        assert [line.split()[:2] for line in done.stdout.splitlines()[2:]] == [["a", "toy"], ["b", "toy"]]


@pytest.mark.usefixtures("_no_figures")
class TestOverview:
    @pytest.fixture
    def folder(self, tmp_path):
        finding("mlp-8").write(tmp_path, {})
        finding("mlp-6", lt=0.88).write(tmp_path, {})
        finding("mlp-4", probe=None).write(tmp_path, {})
        return tmp_path

    def test_is_printed_of_several_records(self, folder):
        done = report(*(folder / f"mlp-{n}-on-toy.json" for n in (8, 6, 4)))
        assert [line.split() for line in done.stdout.splitlines()[2:]] == [
            ["mlp-8", "toy", "yes", "yes", "0.832", "omp", "0.2"],
            ["mlp-6", "toy", "no", "no"],
            ["mlp-4", "toy", "undecided", "undecided"],
        ]

    def test_passes_over_the_badges_of_a_folder(self, folder):
        files = sorted(folder.glob("*.json"))
        assert len(files) == 6
        assert len(report(*files, "--markdown").stdout.splitlines()) == 2 + 3

    def test_tells_records_of_one_name_apart_by_their_paths(self, folder, tmp_path):
        files = [shutil.copy(folder / "mlp-8-on-toy.json", tmp_path / name) for name in ("same.json", "other.json")]
        (tmp_path / "b").mkdir()
        files.append(shutil.copy(files[0], tmp_path / "b"))
        entries = json.loads(report(*files, "--json").stdout)
        assert [one["source"] for one in entries] == [f"{tmp_path}/same", "other", f"{tmp_path}/b/same"]

    def test_is_printed_as_json(self, folder):
        entries = json.loads(report(folder / "mlp-8-on-toy.json", folder / "mlp-4-on-toy.json", "--json").stdout)
        assert [(one["network"], one["jackpot"], one["lr"]) for one in entries] == [
            ("mlp-8", True, 0.2),
            ("mlp-4", None, None),
        ]


BAD = {
    "no JSON": ("{", "line 1, column 2 is not JSON"),
    "another schema": ('{"schema": "other/1"}', "schema='other/1' must be 'lthcheck.verdict/1'"),
    "an empty list": ("[]", "must hold a record"),
    "a list of something else": ("[1]", "a JSON int must be an object"),
    "a badge alone": ('{"schemaVersion": 1, "label": "lthcheck"}', "must hold a record"),
    "no text": (b"\xff", "must be text in UTF-8"),
    "a deep nest": ("[" * 100_000, "must not be nested so deeply"),
}


class TestBadInput:
    @pytest.mark.parametrize("what", BAD)
    def test_of_a_file_is_told_in_one_line(self, tmp_path, what):
        content, message = BAD[what]
        file = tmp_path / "record.json"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        refused(report(file, code=2), message)

    def test_a_missing_file_is_told_in_one_line(self, tmp_path):
        refused(report(tmp_path / "none.json", code=2), "none.json: must be a file that can be read (No such file")

    def test_a_folder_is_told_in_one_line(self, tmp_path):
        refused(report(tmp_path, code=2), "must be a file that can be read (Is a directory)")

    @pytest.mark.parametrize(
        ("path", "value", "message"),
        [
            (("evidence", 0, "accuracy"), 91.5, "accuracy=91.5 must be a fraction in [0, 1]"),
            (("evidence", 0, "lr"), "fast", "evidence[0]: lr='fast' must be of the schema's kind"),
            (("cells", 0, "verdict"), "gold", "verdict='gold' must be one of none, secondary, jackpot, undecided"),
            (("cells", 0, "conditions", 0, "id"), 6, "id=6 must be one of 1, 2, 3, 4, 5"),
            (("evidence", 0, "seed"), 10**400, "must be a number of at most 18 digits"),
            (("test_size",), 0, "test_size=0 must be above 0"),
            (("warnings",), "none", "warnings='none' must be a list"),
            (("cost",), {"seconds": "long"}, "cost: seconds='long' must be a number"),
        ],
    )
    def test_of_a_value_is_told_in_one_line(self, written, path, value, message):
        _, file = written
        record = json.loads(file.read_text())
        inner = record
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = value
        file.write_text(json.dumps(record))
        refused(report(file, code=2), message)

    def test_two_records_with_one_place_to_go_are_refused(self, written, tmp_path):
        _, file = written
        refused(report(file, file, code=2), "must be written once")
        assert not (tmp_path / "out").exists()

    def test_a_folder_that_takes_no_files_is_told_in_one_line(self, written, tmp_path):
        (tmp_path / "file").write_text("")
        done = report(written[1], "--out", tmp_path / "file" / "out", code=2)
        refused(done, "must be a folder that can be written (Not a directory); name another")

    def test_a_file_in_the_place_of_the_folder_is_told_in_one_line(self, written):
        _, file = written
        refused(report(file, "--out", file, code=2), f"out='{file}' must be a folder that can be written (File exists)")

    def test_a_home_folder_of_nobody_is_told_in_one_line(self, written):
        refused(report(written[1], "--out", "~nouser/x", code=2), "out='~nouser/x' must not begin with a user who")

    def test_a_table_is_not_printed_in_two_ways(self, written):
        refused(report(written[1], "--markdown", "--json", code=2), "--markdown and --json must not stand together")


@pytest.mark.usefixtures("_no_figures")
class TestRunSummary:
    def test_gets_the_verdict_of_report_and_judge(self, written, tmp_path, monkeypatch):
        page = tmp_path / "summary.md"
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
        report(written[1])
        table = "arm,lr,accuracy\n" + "".join(f"{arm},0.2,{mean}\n" for arm, mean in ACCURACY.items())
        CliRunner().invoke(main, ["judge", "-"], input=table)
        assert page.read_text().count("## lthcheck\n") == 2
        assert "mlp-8 on toy, omp at sparsity 0.832: JACKPOT" in page.read_text()

    def test_that_cannot_be_written_is_told_and_fails_nothing(self, written, tmp_path, monkeypatch):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
        assert f"note: GITHUB_STEP_SUMMARY='{tmp_path}' cannot be written" in report(written[1]).stderr
