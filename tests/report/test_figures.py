"""Figures are PNG files of sane size, the same for the same record."""

from __future__ import annotations

import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lthcheck.evidence import Row
from lthcheck.report.figures import accuracy_by_lr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from lthcheck.verdict.judgement import Cell

    Make = Callable[..., Any]


def size(file: Path) -> tuple[int, int]:
    """Width and height in pixels from the header of a PNG."""
    head = file.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:])
    return width, height


def test_draws_one_png_named_after_the_study(make_record: Make, tmp_path: Path) -> None:
    (file,) = accuracy_by_lr(make_record(), tmp_path / "figures")
    assert file.name == "mlp-64-32-on-mnist1d-lr.png"
    width, height = size(file)
    assert 600 < width < 3000
    assert 500 < height < 2000
    assert 10_000 < file.stat().st_size < 1_000_000


def test_bytes_depend_on_the_record_alone(make_record: Make, tmp_path: Path) -> None:
    (one,) = accuracy_by_lr(make_record(), tmp_path, stem="one")
    (other,) = accuracy_by_lr(make_record(), tmp_path, stem="other")
    assert one.read_bytes() == other.read_bytes()
    assert b"Software" not in one.read_bytes()
    assert b"tEXt" not in one.read_bytes()


def test_the_readers_matplotlib_settings_do_not_matter(make_record: Make, tmp_path: Path) -> None:
    import matplotlib as mpl

    (plain,) = accuracy_by_lr(make_record(), tmp_path, stem="plain")
    with mpl.rc_context({"figure.facecolor": "black", "text.color": "white", "font.size": 30}):
        (styled,) = accuracy_by_lr(make_record(), tmp_path, stem="styled")
        assert mpl.rcParams["font.size"] == 30
    assert styled.read_bytes() == plain.read_bytes()


def test_more_than_six_cells_go_into_further_figures(
    make_record: Make, make_cell: Make, make_evidence: Make, tmp_path: Path
) -> None:
    sparsities = [0.5 + 0.05 * n for n in range(7)]
    cells = [make_cell("none", "none", sparsity=sparsity) for sparsity in sparsities]
    rows = [row for sparsity in sparsities for row in make_evidence(sparsity=sparsity)]
    files = accuracy_by_lr(make_record(cells, rows), tmp_path, stem="many")
    assert [file.name for file in files] == ["many-lr.png", "many-lr-2.png"]
    assert size(files[0])[0] > size(files[1])[0]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([Row("lt", 0.1, 0.9, "omp", 0.832)], id="one row"),
        pytest.param([Row("dense", 0.1, 0.9), Row("dense", 0.2, 0.9)], id="dense alone"),
        pytest.param([Row("lt", 0.1, 0.1, "omp", 0.832, diverged=True)], id="nothing but a diverged run"),
        pytest.param(
            [Row("lt", lr, 0.1 if lr > 1 else 0.9, "omp", 0.832, diverged=lr > 1) for lr in (0.1, 3.0)], id="diverged"
        ),
        pytest.param([Row("lt", lr, 0.9, "omp", 0.832) for lr in (0.1, 0.1001, 10)], id="lrs that nearly touch"),
        pytest.param([Row("lt", lr, lr, "omp", 0.832, seed=s) for lr in (0.01, 1) for s in (0, 1)], id="wide range"),
    ],
)
def test_draws_what_there_is(make_record: Make, tmp_path: Path, rows: list[Row]) -> None:
    (file,) = accuracy_by_lr(make_record(rows=rows), tmp_path)
    assert size(file)[0] > 600


def test_without_evidence_there_is_no_figure(make_record: Make, tmp_path: Path) -> None:
    assert accuracy_by_lr(make_record(rows=[]), tmp_path) == []
    assert accuracy_by_lr(make_record([]), tmp_path) == []


def test_an_undecided_cell_without_method_is_drawn(
    make_record: Make, make_cell: Make, make_evidence: Make, tmp_path: Path
) -> None:
    cell: Cell = make_cell("none", "jackpot", method=None, sparsity=None)
    made = make_record([cell], make_evidence(method=None, sparsity=None), study={"name": "50 $ of _weights_ ^2"})
    (file,) = accuracy_by_lr(made, tmp_path)
    assert file.name == "50-of-weights-2-lr.png"


def test_pyplot_is_never_loaded(make_record: Make, tmp_path: Path) -> None:
    from lthcheck.report.record import dumps

    (tmp_path / "record.json").write_text(dumps(make_record()), encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from lthcheck.report import figures, record;"
        "assert 'matplotlib' not in sys.modules;"
        f"folder = Path({str(tmp_path)!r});"
        "figures.accuracy_by_lr(record.loads((folder / 'record.json').read_text()), folder);"
        "print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False False"
