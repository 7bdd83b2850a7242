"""Figures are small PNG files, the same for the same record, that show what stands in it."""

from __future__ import annotations

import io
import math
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from matplotlib.figure import Figure
from PIL import Image

from lthcheck.evidence import Row
from lthcheck.report.figures import FIGURES, by_layer, by_lr, by_sparsity, draw, gaps, hands
from lthcheck.report.figures.theme import DARK, LIGHT
from lthcheck.verdict.judge import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

    from matplotlib.axes import Axes

    from lthcheck.verdict.judgement import Cell

    Make = Callable[..., Any]

LADDER = [1 - 0.8**k for k in range(1, 15)]


def study(
    make_record: Make,
    methods: Sequence[str | None] = ("imp",),
    sparsities: Sequence[float | None] = (0.832,),
    lrs: Sequence[float] = (0.1, 0.2, 0.4),
    arms: Sequence[str] = ("rr", "sdt"),
    diverged: bool = False,
) -> dict[str, Any]:
    """A judged record of two seeds; at the last lr of a diverged one every arm ends in chance."""
    below = {"dense": 0.0, "lt": 0.003, "rr": 0.02, "sdt": 0.04}
    rows = [
        Row(
            arm,
            lr,
            0.1 if diverged and lr == lrs[-1] else 0.9 - below[arm] - 0.02 * abs(lr - 0.2) + 0.001 * seed,
            method=None if arm in ("dense", "sdt") else method,
            sparsity=None if arm == "dense" else sparsity,
            seed=seed,
            epochs=80,
            diverged=diverged and lr == lrs[-1],
        )
        for arm in ("dense", "lt", *arms)
        for method in (methods if arm in ("lt", "rr") else [None])
        for sparsity in (sparsities if arm != "dense" else [None])
        for lr in lrs
        for seed in (0, 1)
    ]
    made: dict[str, Any] = make_record(judge(rows).cells, rows)
    return made


@pytest.fixture
def panels(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Axes]]:
    """The panels that a module paints of a record's first page."""

    def painted(module: Any, record: dict[str, Any]) -> list[Axes]:
        figure = Figure()
        monkeypatch.setattr(module, "png", lambda theme, size, title, paint: paint(figure))
        module.pages(record)[0](LIGHT)
        return figure.axes

    return painted


# --- files ---


def test_draws_each_figure_for_light_and_dark_pages(
    make_record: Make, make_evidence: Make, make_density: Make, tmp_path: Path
) -> None:
    rows = make_evidence()
    pictures = draw(make_record(rows=rows, layers=make_density(rows)), tmp_path / "figures", "study")
    assert [(picture.light.name, picture.dark.name) for picture in pictures] == [
        (f"study-{name}.png", f"study-{name}-dark.png") for name in ("gaps", "sparsity", "lr", "layers")
    ]
    for picture in pictures:
        for file, theme in ((picture.light, LIGHT), (picture.dark, DARK)):
            image = Image.open(file).convert("RGB")
            assert "#{:02x}{:02x}{:02x}".format(*image.getpixel((0, 0))) == theme.paper
            assert 600 < image.width < 3000
            assert file.stat().st_size < 150_000


def test_bytes_depend_on_the_record_alone(make_record: Make) -> None:
    for figure in FIGURES:
        for page, again in zip(figure.pages(make_record()), figure.pages(make_record()), strict=True):
            drawn = page(DARK)
            assert drawn == again(DARK)
            assert b"tEXt" not in drawn


def test_the_readers_matplotlib_settings_do_not_matter(make_record: Make) -> None:
    import matplotlib as mpl

    (page,) = gaps.pages(make_record())
    plain = page(LIGHT)
    with mpl.rc_context({"figure.facecolor": "black", "text.color": "white", "font.size": 30}):
        assert page(LIGHT) == plain
        assert mpl.rcParams["font.size"] == 30


def test_more_than_six_cells_go_into_further_pages(make_record: Make, tmp_path: Path) -> None:
    record = study(make_record, sparsities=LADDER[:7], lrs=[0.2])
    names = [picture.light.name for picture in draw(record, tmp_path, "many")]
    assert names == ["many-gaps.png", "many-sparsity.png", "many-lr.png", "many-lr-2.png"]


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"sparsities": LADDER, "methods": ["imp", "omp"], "lrs": [0.2]}, id="14 sparsities of 2 methods"),
        pytest.param({"lrs": [0.001, 0.005, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4]}, id="8 lrs"),
        pytest.param({"lrs": [0.1, 0.1001, 10]}, id="lrs that nearly touch"),
        pytest.param({"methods": [None], "sparsities": [None]}, id="neither method nor sparsity"),
        pytest.param({"diverged": True}, id="diverged"),
        pytest.param({"diverged": True, "lrs": [0.2]}, id="nothing but diverged runs"),
        pytest.param({"arms": ["rr"]}, id="no sdt"),
        pytest.param({"arms": []}, id="neither rr nor sdt"),
    ],
)
def test_draws_what_there_is(make_record: Make, asked: dict[str, Any]) -> None:
    record = study(make_record, **asked)
    for figure in FIGURES:
        for page in figure.pages(record)[:1]:
            drawn = page(LIGHT)
            assert Image.open(io.BytesIO(drawn)).width > 600
            assert len(drawn) < 150_000


def test_without_evidence_there_are_gaps_alone(make_record: Make, tmp_path: Path) -> None:
    assert [picture.figure.name for picture in draw(make_record(rows=[]), tmp_path, "x")] == ["gaps"]
    assert draw(make_record([], rows=[]), tmp_path, "x") == []


def test_pyplot_is_never_loaded(make_record: Make, tmp_path: Path) -> None:
    from lthcheck.report.record import dumps

    (tmp_path / "record.json").write_text(dumps(make_record()), encoding="utf-8")
    program = (
        "import sys; from pathlib import Path; from lthcheck.report import figures, record;"
        "assert 'matplotlib' not in sys.modules;"
        f"folder = Path({str(tmp_path)!r});"
        "figures.draw(record.loads((folder / 'record.json').read_text()), folder, 'x');"
        "print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False False"


# --- what they show ---


def drawn(axes: Axes, label: str) -> list[tuple[float, float]]:
    """The points of a curve, or of the curve of error bars, that the legend calls so."""
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    line = handles[label] if hasattr(handles[label], "get_xdata") else handles[label][0]
    return [(round(float(x), 6), round(float(y), 6)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_gaps_stand_beside_what_is_asked_and_signs_tell_what_holds(panels: Any, make_record: Make, none: Cell) -> None:
    first, second, third, fourth, fifth = panels(gaps, make_record([none]))
    assert drawn(first, "holds") == [(0, 0)]
    assert drawn(second, "holds") == [(1.0, 0)]
    assert drawn(third, "does not hold") == [(0.3, 0)]
    assert drawn(fourth, "does not hold") == drawn(fifth, "does not hold") == [(-2.2, 0)]
    asked = [drawn(axes, gaps.ASKED)[0][0] for axes in (second, third, fourth, fifth)]
    assert asked == [0.5, 0.5, -0.5, -0.5]
    assert gaps.MARKERS[True] != gaps.MARKERS[False] != gaps.MARKERS[None]


def test_what_is_unknown_has_a_sign_and_no_number(panels: Any, make_record: Make, undecided: Cell) -> None:
    axes = panels(gaps, make_record([undecided]))[2]
    assert drawn(axes, "unknown") == [(0, 0)]
    assert [text.get_text() for text in axes.texts] == []


def test_a_gap_far_beyond_the_others_stands_at_the_edge(panels: Any, make_record: Make, make_cell: Make) -> None:
    cell = make_cell("none", "none", holds=(True, True, True, True, False), gaps=(0.8, 0.02, 0.01, 0.0, -0.8))
    axes = panels(gaps, make_record([cell]))[4]
    ((place, _),) = drawn(axes, "does not hold")
    assert -20 < axes.get_xlim()[0] < place
    assert [text.get_text() for text in axes.texts] == ["-80.0"]


def bars(axes: Axes) -> list[tuple[list[float], str]]:
    """The lines of intervals, each with the markers at the ends of all."""
    flat = [line for line in axes.lines if len(line.get_xdata()) == 2 and len(set(line.get_ydata())) == 1]
    seen = [line for line in axes.lines if all(map(math.isfinite, line.get_xdata()))]  # the legend's own is nowhere
    ends = [line.get_marker() for line in seen if line.get_marker() in {"|", "<", ">"}]
    return [([round(float(x), 6) for x in line.get_xdata()], "".join(ends)) for line in flat]


def test_intervals_are_bars(panels: Any, make_sure: Make) -> None:
    first, second, _, fourth, _ = panels(gaps, make_sure())
    assert bars(first) == []
    assert bars(second) == [([1.2, 4.1], "||")]
    assert bars(fourth) == [([-0.46, 0.1], "||")]
    assert drawn(second, "holds") == [(2.7, 0)]


def test_an_interval_beyond_the_axis_ends_in_an_arrow(
    panels: Any, make_sure: Make, make_confident: Make, jackpot: Cell
) -> None:
    far = make_confident(jackpot, [(-0.9, 0.041), (-0.003, 0.9), None, None])
    _, second, third, fourth, _ = panels(gaps, make_sure([far]))
    ((shown, ends),) = bars(second)
    assert ends == "<|"
    assert second.get_xlim()[0] < shown[0] < 0
    assert bars(third)[0][1] == "|>"
    assert bars(fourth) == []


def test_what_an_interval_leaves_open_is_a_ring(panels: Any, make_sure: Make, open_cell: Cell) -> None:
    axes = panels(gaps, make_sure([open_cell]))[2]
    assert drawn(axes, "unknown") == [(0.9, 0)]
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    assert handles["unknown"].get_markerfacecolor() == LIGHT.paper


def test_the_rule_paper_has_no_bars(panels: Any, make_record: Make) -> None:
    every = panels(gaps, make_record())
    assert all(not bars(axes) and gaps.INTERVAL not in axes.get_legend_handles_labels()[1] for axes in every)


def test_accuracy_by_sparsity_is_that_of_each_arm_at_its_best_lr(panels: Any, make_record: Make) -> None:
    (axes,) = panels(by_sparsity, study(make_record, sparsities=[0.36, 0.832]))
    assert [y for _, y in drawn(axes, "LT, own initialisation")] == [89.75, 89.75]
    assert [y for _, y in drawn(axes, "SDT, small dense")] == [86.05, 86.05]
    assert {y for _, y in drawn(axes, "dense")} == {90.05}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.36", "0.832"]


def test_accuracy_by_sparsity_says_the_verdict_of_each(panels: Any, make_record: Make, make_cell: Make) -> None:
    cells = [make_cell("jackpot", "jackpot"), make_cell("none", "secondary", sparsity=0.9)]
    rows = [Row("lt", 0.2, 0.9, "omp", sparsity) for sparsity in (0.832, 0.9)]
    (axes,) = panels(by_sparsity, make_record(cells, rows))
    (first, _), *_ = drawn(axes, "jackpot")
    (second, _), *_ = drawn(axes, "undecided")
    assert first < second


def test_accuracy_by_lr_marks_diverged_runs(panels: Any, make_record: Make) -> None:
    (axes,) = panels(by_lr, study(make_record, diverged=True))
    assert len(drawn(axes, "a run diverged: LT")) == 1
    assert axes.get_ylim()[0] > 50  # chance does not press the rest together


def test_density_is_the_share_of_each_layer_that_stays(
    panels: Any, make_record: Make, make_evidence: Make, make_density: Make
) -> None:
    rows = make_evidence()
    (axes,) = panels(by_layer, make_record(rows=rows, layers=make_density(rows)))
    assert drawn(axes, "sparsity 0.832") == [(31.0, 0), (13.25, 1)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["conv  (2,000)", "fc  (8,000)"]


def test_an_emptied_layer_is_marked(panels: Any, make_record: Make, make_evidence: Make, make_density: Make) -> None:
    rows = make_evidence()
    layers = make_density(rows, kept=((0, 1680), (0, 1680)))
    (axes,) = panels(by_layer, make_record(rows=rows, layers=layers))
    assert [row for _, row in drawn(axes, "no weight stays")] == [0]
    assert drawn(axes, "sparsity 0.832") == [(21.0, 1)]


class TestHands:
    """Pictures that other processes draw."""

    @pytest.fixture
    def record(self, make_record):
        return study(make_record)

    @pytest.fixture
    def many(self, monkeypatch):
        monkeypatch.setattr(hands, "ALONE", 1)
        monkeypatch.setattr(hands, "cores", lambda: 2)

    def test_draw_the_same_bytes(self, record, tmp_path, many, monkeypatch):
        both = [picture for each in draw(record, tmp_path / "both", "x") for picture in (each.light, each.dark)]
        monkeypatch.setattr(hands, "cores", lambda: 1)
        alone = [picture for each in draw(record, tmp_path / "alone", "x") for picture in (each.light, each.dark)]
        assert [file.name for file in both] == [file.name for file in alone]
        assert [file.read_bytes() for file in both] == [file.read_bytes() for file in alone]

    def test_what_a_hand_leaves_is_drawn(self, record, tmp_path, many, monkeypatch):
        monkeypatch.setattr(hands, "PROGRAM", "raise SystemExit(1)")
        pictures = draw(record, tmp_path, "x")
        assert all(file.is_file() for each in pictures for file in (each.light, each.dark))

    def test_one_that_ends_before_it_listens_does_no_harm(self, record, tmp_path, many, monkeypatch):
        monkeypatch.setattr(hands, "PROGRAM", "import os; os._exit(1)")
        big = record | {"environment": {"note": "x" * 2**20}}  # more than a pipe holds
        assert draw(big, tmp_path, "x")
