"""The SDT of every network at every rung of the ladder of Ma et al. 2021: the narrowest that is not smaller."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import lthcheck
from lthcheck import zoo
from lthcheck.pruning.count import kept
from lthcheck.recipe import ladder
from lthcheck.zoo import registry

CIFAR = (3, 32, 32)
PRUNABLE = ("conv", "shortcut", "linear")
# An example of every name of lthcheck's own, and widths and options that the names of a family hide.
NETWORKS = [example for family in registry.FAMILIES for example in family.examples] + ["resnet32-w2", "lenet5-w0.7"]

# The largest excess of a network's SDTs over its tickets, a fraction of the ticket's parameters. One channel more is a
# large step where layers are few and narrow, and where several are rounded up at one width, as in these ResNets.
LARGEST_EXCESS = {
    "mlp-300-100": 0.069,
    "lenet-300-100": 0.069,
    "lenet5": 0.192,
    "conv2": 0.037,
    "conv4": 0.031,
    "conv6": 0.033,
    "resnet20": 0.105,
    "resnet32": 0.138,
    "resnet32-w2": 0.061,
    "resnet56": 0.161,
    "mobilenet-v1": 0.012,
    "mobilenet-v2": 0.005,
    "efficientnet-b0": 0.013,
    "pnasnet-a": 0.177,
    "pnasnet-b": 0.181,
}


def total(network):
    """All parameters."""
    return sum(zoo.parameter_counts(network).values())


def tickets(network):
    """The parameters of a ticket at each rung."""
    counts, roles = zoo.parameter_counts(network), zoo.roles(network)
    prunable = sum(count for name, count in counts.items() if roles[name] in PRUNABLE)
    return [total(network) - prunable + kept(prunable, sparsity) for sparsity in ladder(14)]


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_the_narrowest_that_is_not_smaller_at_every_rung(name):
    full = zoo.network(name, CIFAR, 10)
    widths = zoo.widths(full)
    for ticket in tickets(full):
        small = zoo.narrower(full, ticket)
        assert small == replace(full, width=small.width)
        assert total(small) >= ticket
        at = widths.index(small.width)
        assert at == 0 or total(replace(full, width=widths[at - 1])) < ticket


@pytest.mark.parametrize("name", NETWORKS)
def test_its_excess_is_below_a_fifth_and_as_stated(name):
    full = zoo.network(name, CIFAR, 10)
    largest = max(total(zoo.narrower(full, ticket)) / ticket - 1 for ticket in tickets(full))
    assert largest < 0.2
    assert largest == pytest.approx(LARGEST_EXCESS.get(name, largest), abs=5e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_wider_network_has_the_same_layers_and_none_is_smaller(name):
    full = zoo.network(name, CIFAR, 10)
    widths = zoo.widths(full)
    before = {}
    for width in [*widths[:: max(1, len(widths) // 40)], widths[-1]]:
        shapes = zoo.shapes(replace(full, width=width))
        assert list(shapes) == list(before or shapes)
        assert all(
            a <= b for key, shape in shapes.items() for a, b in zip(before.get(key, shape), shape, strict=True)
        ), width
        before = shapes
    assert before == zoo.shapes(full)


def test_the_widest_sdt_is_no_wider_than_the_network():
    for name in NETWORKS:
        full = zoo.network(name, CIFAR, 10)
        assert zoo.widths(full)[-1] == pytest.approx(full.width)


def test_none_of_them_needs_torch():
    code = f"""
import sys, lthcheck.zoo as zoo
for name in {NETWORKS}:
    full = zoo.network(name, (3, 32, 32), 10)
    zoo.narrower(full, sum(zoo.parameter_counts(full).values()) // 5)
sys.exit(str([name for name in ("torch", "torchvision") if name in sys.modules] or ""))
"""
    env = os.environ | {"PYTHONPATH": str(Path(lthcheck.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
