"""A network of lthcheck's own that draws while it trains: what it draws is a function of its run's seed and step."""

from __future__ import annotations

from dataclasses import replace

import torch
from stacks import equal, run, stack, trained

from lthcheck.training.train import train

STEPS = 4


def drawing(seed=0, lr=0.1):
    """EfficientNet with the fewest channels."""
    return run("efficientnet-b0-w0.01", seed=seed, lr=lr, steps=STEPS)


def test_does_not_see_its_neighbours_nor_what_was_drawn_before():
    (alone,) = trained([drawing()])
    torch.rand(3)
    assert equal(trained([drawing(seed=1), drawing()])[1], alone)


def test_draws_otherwise_with_another_seed():
    """The order of samples and theta_0 are the run's too, so both are kept, and dropout alone told apart."""
    own = drawing()
    kept, other = stack([own]), stack([own])
    other.replicas = [replace(kept.replicas[0], run=replace(own, seed=1))]
    for each in (kept, other):
        train(each, 0, 1)
    assert not equal(kept.state(0), other.state(0))


def test_ends_with_the_same_bits_when_it_is_interrupted():
    (expected,) = trained([drawing()])
    first, second = stack([drawing()]), stack([drawing()])
    train(first, 0, 1)
    second.load(0, first.state(0))
    train(second, 1, STEPS)
    assert equal(second.state(0), expected)


def test_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    trained([drawing()])
    assert torch.equal(torch.get_rng_state(), before)
