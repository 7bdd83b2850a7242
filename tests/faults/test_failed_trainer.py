"""A failure that nobody foresaw is told in one line; its traceback lies in the store."""

from __future__ import annotations

import pytest

from lthcheck.execute.error import TrainerError
from lthcheck.store import Store

FAILING = """
from lthcheck.execute import trainer
def train(*_, **__): raise RuntimeError("one\\n  two")
trainer.train = train
"""


def test_its_traceback_is_in_a_file(study, ask, in_trainers, tmp_path):
    in_trainers(FAILING)
    with pytest.raises(TrainerError) as caught:
        ask(study(), Store(tmp_path), conditions=(4,))
    file = tmp_path / "trainer-error.txt"
    told = f"a trainer failed: RuntimeError: one two; what was finished is kept; its traceback is in {file}"
    assert str(caught.value) == told
    assert file.read_text().startswith("Traceback")
