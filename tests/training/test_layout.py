"""How the weights of convolutions lie in memory while they train."""

from __future__ import annotations

import pytest
import torch
from stacks import arrays, equal, replicas, run, stack, trained

from lthcheck import zoo
from lthcheck.data.resident import Resident
from lthcheck.run import Data, Dense, Init, Run
from lthcheck.training.train import backend


@pytest.mark.parametrize(
    ("model", "layout"),
    [
        ("resnet8", torch.channels_last),
        ("resnet8-w0.5", torch.channels_last),
        ("resnet8-w0.25", torch.contiguous_format),
        ("resnet8-w0.25-pad", torch.channels_last),
        ("lenet5", torch.channels_last),
    ],
)
def test_images_are_in_channels_last_but_where_a_strided_1x1_convolution_is_narrow(model, layout):
    network = zoo.network(model, (3, 12, 12), 5)
    training = run().training
    data = arrays((3, 12, 12))
    each = Run(network, Data("clusters", data.fingerprint), training, Init(network, "pytorch", 0), Dense(), 0)
    made = backend(replicas([each]), Resident.put(data, "cpu"))
    convolutions = [weight for weight in made.modules[0].parameters() if weight.dim() == 4 and weight.shape[1] > 1]
    assert all(weight.is_contiguous(memory_format=layout) for weight in convolutions)


def test_a_narrow_network_trains_as_its_contract_says():
    """In channels_last, torch 2.15 ended here with "double free or corruption"."""
    runs = [run("resnet8-w0.2", seed=seed, steps=20) for seed in range(2)]
    together = trained(runs)
    assert all(equal(alone, state) for each, state in zip(runs, together, strict=True) for alone in trained([each]))
    assert all(evaluation.finite for evaluation in stack(runs).evaluate())
