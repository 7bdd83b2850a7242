"""The gradient that snip ranks by: that of the loss, checked without autograd, and a mask that is not magnitude's."""

from __future__ import annotations

import pytest
import torch
from training.stacks import arrays

from lthcheck import zoo
from lthcheck.data.resident import Resident
from lthcheck.protocol import ProtocolViolation, _check_saliency
from lthcheck.pruning.scores import snip
from lthcheck.run import Data, Dense, Init, Pruned, Run, Score, Training
from lthcheck.training.initialiser import initial
from lthcheck.training.realise import Library, replica
from lthcheck.training.saliency import SAMPLES, batch, derivative, gradients


def place(model):
    shape = (1, 12, 12) if model.startswith(("resnet", "lenet")) else (12,)
    network = zoo.network(model, shape, 5)
    data = Resident.put(arrays(shape), "cpu", torch.float64)
    return network, initial(network, "pytorch", 0, "init"), batch(data, seed=3)


@pytest.mark.parametrize("model", ["mlp-23-11", "lenet5", "resnet8"])
def test_products_sum_to_the_derivative_along_the_weights(model):
    network, weights, samples = place(model)
    along = [name for name, role in zoo.roles(network).items() if role in ("conv", "shortcut", "linear")]
    slope = gradients(network, weights, samples)
    products = torch.cat([(weights[name] * slope[name]).flatten() for name in along])
    assert float(products.sum()) == pytest.approx(
        derivative(network, weights, along, samples), abs=1e-4 * float(products.abs().sum())
    )


def test_a_batch_is_a_function_of_the_seed():
    data = Resident.put(arrays(), "cpu", torch.float64)
    first, again, other = (batch(data, seed) for seed in (0, 0, 1))
    assert len(first[1]) == SAMPLES
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[0], other[0])


def test_a_batch_is_of_samples_as_they_are():
    """A score looks at what the network is for, whatever it is trained on."""
    plain, augmented = (
        batch(Resident.put(arrays((1, 12, 12)), "cpu", torch.float64, name), seed=0) for name in ("none", "crop-flip")
    )
    assert torch.equal(plain[0], augmented[0])


def test_snip_prunes_other_weights_than_magnitude():
    network, _, samples = place("mlp-23-11")
    init, data = Init(network, "pytorch", 0), Data("by hand", "0" * 64)
    library = Library(batch=lambda *_: samples)

    def mask(score):
        run = Run(network, data, Training(lr=0.1, batch=20, steps=1), init, Pruned(init, 0.5, score), 0)
        return replica(run, library).mask

    snipped, by_size = mask(Score("snip", data)), mask(Score())
    assert sum(int(layer.sum()) for layer in snipped.values()) == sum(int(layer.sum()) for layer in by_size.values())
    assert any(bool((snipped[name] != by_size[name]).any()) for name in snipped)


@pytest.mark.parametrize("wrong", [lambda w, g: w, lambda w, g: g, lambda w, g: w * g.abs()])
def test_other_products_do_not_sum_to_it(wrong):
    network, weights, samples = place("mlp-23-11")
    init = Init(network, "pytorch", 0)
    data = Data("by hand", "0" * 64)
    run = Run(network, data, Training(lr=0.1, batch=20, steps=1), init, Pruned(init, 0.5, Score("snip", data)), 0)
    made = replica(run, Library(batch=lambda *_: samples))
    slope = gradients(network, weights, samples)
    along = derivative(network, weights, list(made.mask), samples)
    _check_saliency(made, {name: weights[name] * slope[name] for name in made.mask}, along)
    with pytest.raises(ProtocolViolation, match="saliency"):
        _check_saliency(made, {name: wrong(weights[name], slope[name]) for name in made.mask}, along)


def test_snip_is_the_size_of_the_product():
    weights, slope = {"a": torch.tensor([2.0, -1.0])}, {"a": torch.tensor([-3.0, 0.5])}
    assert snip(weights, slope)["a"].tolist() == [6.0, 0.5]


def test_dense_needs_no_batch():
    network = zoo.network("mlp-4", (12,), 5)
    run = Run(network, Data("x", ""), Training(lr=0.1, batch=20, steps=1), Init(network, "pytorch", 0), Dense(), 0)
    assert replica(run, Library()).mask == {}
