"""The ResNets for ImageNet are torchvision's."""

from __future__ import annotations

import pytest
import torch
import torchvision

from lthcheck import draws, zoo

IMAGENET = (3, 224, 224)


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"])
def test_parameters_and_buffers_have_torchvisions_names_and_shapes(name):
    with torch.device("meta"):
        theirs = getattr(torchvision.models, name)(num_classes=1000)
        own = zoo.build(zoo.network(name, IMAGENET, 1000))
    for tensors in ("named_parameters", "named_buffers"):
        expected, found = ({key: t.shape for key, t in getattr(m, tensors)()} for m in (theirs, own))
        assert list(found.items()) == list(expected.items())


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_it_begins_and_computes_as_torchvisions(name):
    with draws.seeded(3):
        theirs = getattr(torchvision.models, name)(num_classes=7)
    own = zoo.build(zoo.network(f"{name}-7x7", (3, 40, 48), 7), seed=3)
    assert _equal(theirs.state_dict(), own.state_dict())
    own.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 3, 40, 48, generator=torch.Generator().manual_seed(0))
    outputs = [module.train()(x) for module in (theirs, own)]
    assert torch.equal(*outputs)
    assert outputs[0].std() > 0.1
    assert _equal(theirs.state_dict(), own.state_dict())  # the statistics of BN
    assert torch.equal(*(module.eval()(x) for module in (theirs, own)))


def test_the_small_stem_keeps_the_image():
    with torch.device("meta"):
        sizes = {}
        for stem in ("3x3", "7x7"):
            module = zoo.build(zoo.network(f"resnet18-{stem}-w0.1", (3, 32, 32), 10))
            module.layer1.register_forward_pre_hook(lambda _, x, stem=stem: sizes.update({stem: x[0].shape[2:]}))
            module(torch.empty(2, 3, 32, 32))
    assert sizes == {"3x3": (32, 32), "7x7": (8, 8)}


def test_without_residual_connections_a_block_is_its_convolutions():
    module = zoo.build(zoo.network("resnet50-noresidual-w0.1", (2, 8, 8), 3))
    with torch.no_grad():
        for block in module.layer4:
            block.conv3.weight.zero_()
        x = torch.randn(2, 2, 8, 8, generator=torch.Generator().manual_seed(0))
        assert torch.equal(module(x), module.fc.bias.expand(2, 3))


def _equal(one, other):
    return list(one) == list(other) and all(torch.equal(one[key], other[key]) for key in one)
