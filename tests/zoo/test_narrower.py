"""The SDT is the narrowest network that is not smaller than the ticket (failure F14 is an SDT that is)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lthcheck import zoo
from lthcheck.zoo import registry

NETWORKS = {
    300: zoo.network("mlp-300-100", (40,), 10),
    120: zoo.network("lenet5", (1, 28, 28), 10),
    64: zoo.network("resnet20", (3, 32, 32), 10),
    512: zoo.network("vgg16", (3, 32, 32), 10),
    2048: zoo.network("resnet50", (3, 224, 224), 1000),
}


def total(network):
    """All parameters."""
    return sum(zoo.parameter_counts(network).values())


@pytest.mark.parametrize("widest", NETWORKS)
@given(share=st.floats(0, 1))
def test_it_is_the_narrowest_that_is_large_enough(widest, share):
    full = NETWORKS[widest]
    at_least = round(share * total(full))
    narrow = zoo.narrower(full, at_least)
    k = round(narrow.width * widest)
    assert narrow == replace(full, width=k / widest)
    assert total(narrow) >= at_least
    assert k == 1 or total(replace(full, width=(k - 1) / widest)) < at_least


@pytest.mark.parametrize("widest", NETWORKS)
def test_all_parameters_need_the_full_network(widest):
    full = NETWORKS[widest]
    assert zoo.narrower(full, total(full)) == full
    with pytest.raises(ValueError, match=f"at_least={total(full) + 1} must be at most {total(full)}"):
        zoo.narrower(full, total(full) + 1)


def test_a_narrow_or_wide_network_is_its_own_full_network():
    wide = replace(NETWORKS[64], width=2.0)
    assert zoo.narrower(wide, total(wide)) == wide
    assert zoo.narrower(wide, total(NETWORKS[64])) == NETWORKS[64]
    narrow = replace(NETWORKS[300], width=0.3)
    assert zoo.narrower(narrow, total(narrow)) == narrow


def test_own_networks(monkeypatch):
    from torch import nn

    def pyramid(shape, classes, width):
        return nn.Sequential(nn.Linear(shape[0], round(10 * width)), nn.Linear(round(10 * width), classes))

    def fixed(shape, classes):
        return pyramid(shape, classes, 1.0)

    monkeypatch.setattr(registry, "_registered", {})
    zoo.register_model("fixed", fixed)
    zoo.register_model("scaled", pyramid)
    assert zoo.narrower(zoo.network("fixed", (4,), 3), 20) is None
    assert zoo.narrower(zoo.network("scaled", (4,), 3), 20).width == 0.3  # 8 k + 3 parameters at k of 10 units
