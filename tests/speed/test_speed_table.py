"""The table of reports/speed."""

from __future__ import annotations

from reports.speed.floor import Floor
from reports.speed.rounds import Row
from reports.speed.table import table

MEASURED = """\
| network | side           | replicas | ms a step | range           | s an epoch | x plain | x good | x floor |
| ------- | -------------- | -------- | --------- | --------------- | ---------- | ------- | ------ | ------- |
| net     | plain, float32 | 1        | 30        | 20 to 40        | 11.7       | 1.00    | 0.50   | 60.0    |
| net     | ours, bfloat16 | 8        | 1         | 1 to 2          | 0.39       | 30.00   | 8.00   | 2.0     |
| net     | floor          |          | 0.5       | 0.1 / 0.5 / 0.8 | 0.195      |         |        |         |"""


def test_a_table_has_a_line_for_each_side_and_the_floor() -> None:
    rows = [
        Row("net", "plain", 1, "float32", 390, 30, (0.03, 0.02, 0.04), ((1.0, 0.5), (1.0, 0.5), (1.0, 0.5))),
        Row("net", "ours", 8, "bfloat16", 390, 390, (0.001, 0.002, 0.001), ((30, 9), (10, 3), (40, 8))),
    ]
    floors = {"net": Floor(0.0001, 0.0005, 0.0008), "vgg16": Floor(1, 1, 1)}  # vgg16 was not measured
    assert table(rows, floors) == MEASURED


def test_a_side_without_loops_beside_it_has_no_ratio() -> None:
    row = Row("mlp-8", "ours", 1, "float32", 2, 2, (0.5,), ((0.0, 0.0),))
    line = table([row], {"mlp-8": Floor(1.0, 1.0, 1.0)}).splitlines()[2]
    assert [cell.strip() for cell in line.split("|")[6:10]] == ["1", "", "", "0.5"]
