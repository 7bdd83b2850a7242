"""A golden trajectory: when it moves, the same expression means other results, and TRAINER_VERSION must be raised."""

from __future__ import annotations

import pytest
from stacks import run, stack

from lthcheck.run import TRAINER_VERSION
from lthcheck.training.train import train

# Mean test cross-entropy (nats) at steps 0, 10, 25, 50, in float64; this test prints what it got.
GOLDEN: dict[int, dict[str, list[float]]] = {
    1: {
        "mlp-23-11": [1.624618786179, 1.56229633981, 1.177492249245, 1.104477961089],
        "lenet5": [1.622636300139, 1.624539775505, 1.579408807355, 1.566196682657],
        "resnet8": [1.617037124846, 1.341406371942, 0.034563928647, 0.009315019343],
    }
}


@pytest.mark.parametrize("model", ["mlp-23-11", "lenet5", "resnet8"])
def test_the_trajectory_is_that_of_the_trainer_version(model: str) -> None:
    own = run(model, sparsity=0.5, lr=0.05, precision="float64")
    made = stack([own])
    losses: list[float] = []
    train(made, 0, 50, stops=[0, 10, 25, 50], at=lambda _: losses.append(made.evaluate()[0].loss))
    assert losses == pytest.approx(GOLDEN[TRAINER_VERSION][model], abs=1e-9), "raise TRAINER_VERSION, and add a row"
