"""Writing gives one JSON, one Markdown and the figures it shows, or an error with a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lthcheck.report.markdown import markdown
from lthcheck.report.record import loads
from lthcheck.report.write import stem, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Make = Callable[..., Any]


def test_writes_json_markdown_and_figure_into_a_new_folder(make_record: Make, tmp_path: Path) -> None:
    made, folder = make_record(), tmp_path / "new" / "reports"
    files = write(made, folder, "study")
    assert [file.name for file in files] == ["study.json", "study.md", "study-lr.png"]
    assert sorted(folder.iterdir()) == sorted(files)
    assert loads(files[0].read_text(encoding="utf-8")) == made
    assert files[1].read_text(encoding="utf-8") == markdown(made, ["study-lr.png"])


def test_writes_the_same_bytes_again(make_record: Make, tmp_path: Path) -> None:
    first = [file.read_bytes() for file in write(make_record(), tmp_path, "study")]
    assert [file.read_bytes() for file in write(make_record(), tmp_path, "study")] == first


def test_a_folder_that_takes_no_files_is_told_with_a_remedy(make_record: Make, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="name another folder with the option report-dir"):
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
