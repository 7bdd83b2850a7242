"""The verdict on the summary page of a GitHub Actions run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lthcheck.report.github import append_summary, summary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    import pytest

    from lthcheck.verdict.judgement import Cell

    Make = Callable[..., Any]


def test_holds_a_table_and_a_line_for_each_study(make_record: Make, none: Cell) -> None:
    text = summary([make_record([none])], ["mlp-8 on toy"])
    assert text.splitlines()[0] == "## lthcheck"
    assert "| mlp-64-32 on mnist1d | omp " in text
    assert "\n- mlp-64-32 on mnist1d, omp at sparsity 0.832: NO TICKET (LT 75.1 % at lr 0.2 leads RR" in text
    assert text.endswith("\n- mlp-8 on toy: no verdict, the protocol was broken\n")
    assert "](" not in text


def test_is_appended_to_what_other_steps_wrote(
    make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert append_summary([make_record()]) == []
    assert page.read_text(encoding="utf-8") == f"before\n{summary([make_record()])}\n"


def test_a_page_that_cannot_be_written_is_told(
    make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    (note,) = append_summary([make_record()])
    assert note.startswith(f"GITHUB_STEP_SUMMARY='{tmp_path}' cannot be written (")


def test_elsewhere_nothing_is_written(make_record: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    assert append_summary([make_record()]) == []
    assert not list(tmp_path.iterdir())
