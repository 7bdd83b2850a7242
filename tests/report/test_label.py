"""A picture is drawn again when what it shows has changed, and only then."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from lthcheck.report.figures.label import bears, label, labelled
from lthcheck.report.write import render, write


@pytest.fixture
def record(make_record):
    return make_record()


def pictures(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.png")}


def test_equal_evidence_is_not_drawn_twice(record, tmp_path):
    write(record, tmp_path, "s")
    before = pictures(tmp_path)
    write(record | {"cost": {"seconds": 3.0}, "environment": {"date": "today"}}, tmp_path, "s")
    assert pictures(tmp_path) == before != {}


def test_other_evidence_is_drawn_anew(record, tmp_path):
    write(record, tmp_path, "s")
    before = pictures(tmp_path)
    write(record | {"delta": 0.011}, tmp_path, "s")
    assert not set(pictures(tmp_path).values()) & set(before.values())


def test_a_report_made_again_draws_everything(record, tmp_path):
    write(record, tmp_path, "s")
    for path in tmp_path.glob("*.png"):
        path.write_bytes(path.read_bytes()[:-20])  # its label stands, the picture is spoilt
    render(record, tmp_path, "s")
    for path in tmp_path.glob("*.png"):
        Image.open(path).load()


def test_a_label_leaves_a_picture_readable(record, tmp_path):
    file = io.BytesIO()
    Image.new("L", (3, 2), 5).save(file, "png")
    path = tmp_path / "x.png"
    path.write_bytes(labelled(file.getvalue(), label(record)))
    with Image.open(path) as image:
        assert image.tobytes() == b"\5" * 6
        assert image.text["record"].encode() == label(record)
    assert bears(path, label(record))
    assert not bears(path, label(record | {"delta": 0.02}))
    assert not bears(tmp_path / "absent.png", label(record))
