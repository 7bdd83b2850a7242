"""The first epoch of the paper's study on real images, which `--model resnet20 --dataset cifar10` asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lthcheck import data
from lthcheck.arms import Arms
from lthcheck.data.placed import placed
from lthcheck.options import parsed, studies
from lthcheck.study import Slot
from lthcheck.training.realise import Library, replica
from lthcheck.training.train import backend, train


@pytest.mark.slow
def test_one_epoch_of_resnet20_on_cifar10(cifar10_folder):
    """In one epoch of 782 steps at lr 0.1, with crops and flips, of 160."""
    (study,) = studies(parsed({"model": "resnet20", "dataset": "cifar10"}))
    arms = Arms(study, data.describe("cifar10", data_dir=cifar10_folder))
    assert (arms.steps_per_epoch, arms.data.augmentation) == (782, "crop-flip")
    dense = arms.run(Slot("dense", None, None, 0.1, 0, study.recipe.epochs))
    assert dense.training.steps == 160 * 782
    both_cores = replace(dense, training=replace(dense.training, threads=2))
    samples = placed(data.load("cifar10", data_dir=cifar10_folder), "cpu", augmentation=dense.data.augmentation)
    stack = backend([replica(both_cores, Library())], samples)
    train(stack, 0, arms.steps_per_epoch)
    (evaluation,) = stack.evaluate()
    assert evaluation.finite
    assert 0.35 < evaluation.accuracy < 0.75
