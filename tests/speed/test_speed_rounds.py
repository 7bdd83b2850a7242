"""Budget, bursts and rounds of reports/speed."""

from __future__ import annotations

import pytest

from reports.speed.rounds import Budget, Side, burst, fitting, interleaved


def test_a_budget_runs_down_by_its_clock() -> None:
    now = [100.0]
    budget = Budget(30.0, clock=lambda: now[0])
    assert budget.left == 30.0
    now[0] = 145.0
    assert budget.left == -15.0


@pytest.mark.parametrize(
    ("step", "epoch", "steps"),
    [
        pytest.param(0.001, 10, 500, id="many short epochs: whole ones"),
        pytest.param(0.005, 390, 390, id="an epoch of 2 s: one"),
        pytest.param(0.1, 390, 5, id="a long epoch: a part"),
        pytest.param(3.0, 390, 1, id="a long step: one"),
    ],
)
def test_a_burst_is_of_whole_epochs_where_they_are_short(step: float, epoch: int, steps: int) -> None:
    assert burst(step, epoch, seconds=0.5) == steps


COSTS = {"plain": 2.0, "good": 1.0, "ours 1": 1.0, "ours 16": 16.0, "ours 4": 4.0}


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        (24.0, ["plain", "good", "ours 1", "ours 16", "ours 4"]),
        (23.9, ["plain", "good", "ours 1", "ours 4"]),
        (7.0, ["plain", "good", "ours 1"]),
        (3.5, []),  # the loops alone compare nothing
        (1.0, []),
    ],
)
def test_what_does_not_fit_goes_the_dearest_first(left: float, kept: list[str]) -> None:
    assert fitting(COSTS, ("plain", "good"), left) == kept


def test_sides_take_turns_and_ratios_are_of_a_round() -> None:
    turns: list[tuple[str, int]] = []

    def side(name: str, replicas: int) -> Side:
        return Side(name, replicas, "float32", lambda count: turns.append((name, count)))

    sides = [(side("plain", 1), 3), (side("good", 1), 5), (side("ours", 8), 2)]
    rows = interleaved("resnet20", sides, epoch=390, rounds=2)
    assert turns == 2 * [("plain", 3), ("good", 5), ("ours", 2)]
    plain, good, ours = rows
    assert [row.burst for row in rows] == [3, 5, 2]
    for a, b, c, faster in zip(plain.seconds, good.seconds, ours.seconds, ours.faster, strict=True):
        assert faster == (a / c, b / c)
    assert {first for first, _ in plain.faster} == {1.0}
