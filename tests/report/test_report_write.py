"""Writing gives one JSON, one Markdown, a badge and the figures it shows, or an error with a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lthcheck.report.figures import draw
from lthcheck.report.markdown import markdown
from lthcheck.report.record import loads
from lthcheck.report.write import render, stem, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Make = Callable[..., Any]


def test_writes_json_markdown_badge_and_figures_into_a_new_folder(make_record: Make, tmp_path: Path) -> None:
    made, folder = make_record(), tmp_path / "new" / "reports"
    files = write(made, folder, "study")
    assert [file.name for file in files[:3]] == ["study.json", "study.md", "study-badge.json"]
    assert {file.suffix for file in files[3:]} == {".png"}
    assert sorted(folder.iterdir()) == sorted(files)
    assert loads(files[0].read_text(encoding="utf-8")) == made
    pictures = draw(made, tmp_path, "study")
    assert [picture.light.name for picture in pictures] == [file.name for file in files[3::2]]
    assert files[1].read_text(encoding="utf-8") == markdown(made, pictures)


def test_all_but_the_record_can_be_made_from_it(
    make_record: Make, make_evidence: Make, make_density: Make, tmp_path: Path
) -> None:
    rows = make_evidence()
    written = write(make_record(rows=rows, layers=make_density(rows)), tmp_path, "study")
    first = {file: file.read_bytes() for file in written}
    record, *made = written
    for file in made:
        file.unlink()
    assert render(loads(record.read_text(encoding="utf-8")), tmp_path, "study") == made
    assert {file: file.read_bytes() for file in written} == first


def test_writes_the_same_bytes_again(make_record: Make, tmp_path: Path) -> None:
    first = [file.read_bytes() for file in write(make_record(), tmp_path, "study")]
    assert [file.read_bytes() for file in write(make_record(), tmp_path, "study")] == first


def test_a_folder_that_takes_no_files_is_told_with_a_remedy(make_record: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="make room or name another folder"):
        write(make_record(), tmp_path / "file" / "reports", "study")


def test_a_failed_write_leaves_the_old_file_and_no_other(make_record: Make, tmp_path: Path) -> None:
    (tmp_path / "study.md").mkdir()
    with pytest.raises(OSError, match=r"study\.md must be written"):
        write(make_record(), tmp_path, "study")
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("mlp-64-32 on mnist1d", "mlp-64-32-on-mnist1d"),
        ("ResNet-20 / CIFAR-10 @ .832", "resnet-20-cifar-10-.832"),
        ("../../etc/passwd", "etc-passwd"),
        ("Réseau", "reseau"),
        ("神经网络", "study"),
        ("", "study"),
        ("x" * 300, "x" * 120),
    ],
)
def test_stem_is_a_safe_file_name(name: str, slug: str) -> None:
    assert stem(name) == slug
