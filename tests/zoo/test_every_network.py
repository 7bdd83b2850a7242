"""Every network of lthcheck's own takes any number of classes and any shape, down to the fewest pixels it states."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lthcheck import zoo
from lthcheck.zoo import registry

NETWORKS = {example: family for family in registry.FAMILIES for example in family.examples}


@pytest.mark.parametrize("classes", [1, 13])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_runs_forwards_and_backwards_at_its_smallest_input(name, classes):
    pixels = NETWORKS[name].pixels
    shape = (2, pixels, pixels + 3) if pixels else (5,)
    module = zoo.build(replace(zoo.network(name, shape, classes), width=0.05))
    x = torch.linspace(-1, 1, 4 * torch.Size(shape).numel()).view(4, *shape)
    out = module(x)
    assert out.shape == (4, classes)
    out.square().sum().backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in module.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_it_refuses_fewer_pixels(name):
    pixels = NETWORKS[name].pixels
    if not pixels:
        assert zoo.network(name, (1,), 2).shape == (1,)
        return
    for shape in ((3, pixels - 1, pixels), (3, pixels)):
        with pytest.raises(ValueError, match=r"shape=.* must|must all be above 0"):
            zoo.network(name, shape, 2)
