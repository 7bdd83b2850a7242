"""Two versions of lthcheck on one store neither read nor spoil what the other wrote."""

from __future__ import annotations

import pytest
from faults.conftest import one_line

from lthcheck import run
from lthcheck.store import OtherVersion, Store


def files(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_store_of_another_format_is_refused_and_left_as_it_is(face, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "format").write_text("lthcheck.store/2\n")
    code, said = face("run").end()
    assert code == 2
    assert one_line(
        said, "format names 'lthcheck.store/2'; another version of lthcheck", "upgrade lthcheck or name anoth"
    )
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["format"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"lthcheck.store/1 or so"])
def test_a_format_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "format").write_bytes(content)
    with pytest.raises(OtherVersion, match="another version"):
        Store(tmp_path)


def test_a_store_without_a_format_is_given_one(tmp_path):
    (tmp_path / "runs").mkdir()
    for _ in range(2):
        Store(tmp_path)
    assert (tmp_path / "format").read_text() == "lthcheck.store/1\n"


@pytest.mark.slow
def test_results_of_another_trainer_stand_beside_each_other(study, ask, in_trainers, tmp_path, monkeypatch):
    made, store = study(methods=("omp",)), Store(tmp_path)
    ask(made, store, conditions=(4,))
    before = files(tmp_path / "runs")
    with monkeypatch.context() as patch:
        patch.setattr(run, "TRAINER_VERSION", run.TRAINER_VERSION + 1)
        in_trainers("from lthcheck import run; run.TRAINER_VERSION += 1")
        _, progress = ask(study(methods=("omp",)), store, conditions=(4,))
    assert progress.trained == 2
    after = files(tmp_path / "runs")
    assert before.items() < after.items()
    assert len(list(store.keys())) == 4
    _, progress = ask(made, store, conditions=(4,))
    assert progress.planned == 0
