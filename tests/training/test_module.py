"""The loop over modules, whose masks are made ready once, gives bit by bit what its steps written out give."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from stacks import arrays, equal, replicas, run
from torch.nn import functional

from lthcheck import zoo
from lthcheck.data.resident import Resident
from lthcheck.run import Pruned, Run
from lthcheck.training.contract import State
from lthcheck.training.schedule import learning_rates
from lthcheck.training.threads import threads
from lthcheck.training.train import backend, train

STEPS = 6


def written_out(own: Run) -> State:
    """Each step masks the gradients with the masks as they come, and puts every pruned value back."""
    made = backend(replicas([own]), Resident.put(arrays(own.network.shape), "cpu"))
    (each,), order = made.replicas, made.order
    module = zoo.build(own.network, seed=0).to(memory_format=torch.channels_last)
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(each.weights[name])
    kind = own.training.optimiser
    optimiser = torch.optim.SGD(
        module.parameters(), lr=1.0, momentum=kind.momentum, weight_decay=kind.weight_decay, fused=True
    )
    rates = learning_rates(own.training, 0, STEPS)
    for step in range(STEPS):
        x, y = made.data.train_batch(order.at(step)[0], seed=own.seed, epoch=order.epoch(step))
        optimiser.zero_grad()
        functional.cross_entropy(module(x.contiguous(memory_format=torch.channels_last)), y).backward()
        for name, mask in each.mask.items():
            parameters[name].grad.mul_(mask.float())
        optimiser.param_groups[0]["lr"] = float(rates[step])
        optimiser.step()
        with torch.no_grad():
            for name, mask in each.mask.items():
                parameters[name][~mask] = each.weights[name][~mask]
    momentum = {name: optimiser.state[parameter]["momentum_buffer"] for name, parameter in parameters.items()}
    state = {f"weights/{name}": tensor for name, tensor in parameters.items()}
    state |= {f"buffers/{name}": tensor for name, tensor in module.named_buffers()}
    state |= {f"optimiser/momentum_buffer/{name}": tensor for name, tensor in momentum.items()}
    return {name: tensor.detach().contiguous() for name, tensor in state.items()}


@pytest.mark.parametrize("value", ["zero", "initial"])
@pytest.mark.parametrize("model", ["lenet5", "resnet8"])
def test_a_masked_network_trains_as_its_steps_written_out(model: str, value: str) -> None:
    own = run(model, sparsity=0.6, lr=0.05, steps=STEPS)
    assert isinstance(own.mask, Pruned)
    own = replace(own, mask=replace(own.mask, pruned_value=value))
    made = backend(replicas([own]), Resident.put(arrays(own.network.shape), "cpu"))
    train(made, 0, 2)
    train(made, 2, STEPS)  # masks stay what they were
    with threads(1):
        assert equal(made.state(0), written_out(own))
