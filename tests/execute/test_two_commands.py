"""Two commands at once on one store train nothing twice."""

from __future__ import annotations

import pytest

from lthcheck.store import Store


@pytest.mark.slow
def test_two_commands_share_the_work(study, command, ask, tmp_path):
    made = study(methods=("imp", "omp"), lrs=(0.05, 0.2), epochs=60)
    one, two = (each.finish() for each in [command(made, tmp_path, trainers=1) for _ in range(2)])
    keys = list(Store(tmp_path).keys())
    assert one["rows"] == two["rows"]
    assert len(one["rows"]) == 2 * 6 + 1
    assert sorted(one["finished"] + two["finished"]) == keys
    assert one["trained"] + two["trained"] == len(keys) == 2 * 7 + 1
    assert one["told"] == two["told"] == []
    found, progress = ask(made, Store(tmp_path))
    assert [row.as_json() for row in found.rows] == one["rows"]
    assert progress.planned == 0
