"""A golden trajectory: when it moves, the same expression means other results, and TRAINER_VERSION must be raised."""

from __future__ import annotations

from typing import Any

import pytest
from stacks import run, stack

from lthcheck.run import TRAINER_VERSION, Objective
from lthcheck.training.train import train

# Mean test cross-entropy (nats) at steps 0, 10, 25, 50, in float64; this test prints what it got.
GOLDEN: dict[int, dict[str, list[float]]] = {
    1: {
        "mlp-23-11": [1.624618786179, 1.56229633981, 1.177492249245, 1.104477961089],
        "lenet5": [1.622636300139, 1.624539775505, 1.579408807355, 1.566196682657],
        "resnet8": [1.617037124846, 1.341406371942, 0.034563928647, 0.009315019343],
        "lenet5 crop-flip": [1.622636300139, 1.632163308477, 1.624994841252, 1.626576281333],
        "lenet5 resized-crop-flip": [1.622636300139, 1.629409719515, 1.624186492042, 1.626003776556],
        "mlp-23-11 crop-flip": [1.587741685663, 1.6196685641, 1.651536673963, 1.652835831396],
        "mlp-23-11 label_smoothing": [1.624618786179, 1.566760266022, 1.238524864022, 1.171618656274],
        "lenet5 label_smoothing": [1.622636300139, 1.62277145855, 1.585071639132, 1.576104918652],
    }
}


WORDS: dict[str, dict[str, Any]] = {
    "": {},
    "crop-flip": {"augmentation": "crop-flip"},
    "resized-crop-flip": {"augmentation": "resized-crop-flip"},
    "label_smoothing": {"objective": Objective(label_smoothing=0.1)},
}


@pytest.mark.parametrize("golden", GOLDEN[TRAINER_VERSION])
def test_the_trajectory_is_that_of_the_trainer_version(golden: str) -> None:
    model, _, word = golden.partition(" ")
    own = run(model, sparsity=0.5, lr=0.05, precision="float64", **WORDS[word])
    made = stack([own])
    losses: list[float] = []
    train(made, 0, 50, stops=[0, 10, 25, 50], at=lambda _: losses.append(made.evaluate()[0].loss))
    assert losses == pytest.approx(GOLDEN[TRAINER_VERSION][golden], abs=1e-9), "raise TRAINER_VERSION, and add a row"
