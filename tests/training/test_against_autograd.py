"""The stacked backend against autograd and torch.optim, in float64 over 50 steps, to 1e-10."""

from __future__ import annotations

import pytest
import torch
from stacks import replicas, run, stack, trained

from lthcheck import zoo
from lthcheck.run import Optimiser, Run, Schedule
from lthcheck.training.schedule import learning_rates


def by_autograd(own: Run) -> dict[str, torch.Tensor]:
    """The run trained as a textbook would: a module, autograd, torch.optim, masks by hand."""
    made, (concrete,) = stack([own]), replicas([own])
    data, order = made.data, made.order  # type: ignore[attr-defined]
    module = zoo.build(own.network).double()
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(concrete.weights[name])
    how = own.training.optimiser
    optimiser: torch.optim.Optimizer
    if how.name == "adam":
        optimiser = torch.optim.Adam(parameters.values(), betas=how.betas, eps=how.eps, weight_decay=how.weight_decay)
    else:
        optimiser = torch.optim.SGD(parameters.values(), lr=1, momentum=how.momentum, weight_decay=how.weight_decay)
    rates = learning_rates(own.training, 0, own.training.steps)
    for step in range(own.training.steps):
        index = order.at(step)[0]
        optimiser.param_groups[0]["lr"] = float(rates[step])
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(module(data.x_train[index]), data.y_train[index]).backward()
        optimiser.step()
        with torch.no_grad():
            for name, mask in concrete.mask.items():
                parameters[name].mul_(mask)
    return {name: parameter.detach() for name, parameter in parameters.items()}


@pytest.mark.parametrize("model", ["mlp-23-11", "mlp-64-32", "mlp-5-4-3", "lenet5", "resnet8"])
@pytest.mark.parametrize(
    ("optimiser", "schedule"),
    [
        (Optimiser("sgd", 0.9, 1e-2), Schedule("step", (25, 40))),
        (Optimiser("sgd", 0.0, 0.0), Schedule("cosine", warmup=5)),
        (Optimiser("adam", 0.0, 1e-2), Schedule("constant")),
    ],
    ids=["momentum", "plain", "adam"],
)
@pytest.mark.parametrize("sparsity", [0.0, 0.8])
def test_weights_agree(model: str, optimiser: Optimiser, schedule: Schedule, sparsity: float) -> None:
    lr = 0.005 if optimiser.name == "adam" else 0.05
    runs = [
        run(model, seed=seed, lr=lr, sparsity=sparsity, precision="float64", optimiser=optimiser, schedule=schedule)
        for seed in (0, 1)
    ]
    for own, state in zip(runs, trained(runs), strict=True):
        for name, expected in by_autograd(own).items():
            torch.testing.assert_close(state[f"weights/{name}"], expected, rtol=0, atol=1e-10)
