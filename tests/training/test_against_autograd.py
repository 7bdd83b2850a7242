"""Both backends against autograd and torch.optim in a textbook loop, in float64, to 1e-10."""

from __future__ import annotations

import pytest
import torch
from stacks import replicas, run, stack, trained

from lthcheck import zoo
from lthcheck.run import Objective, Optimiser, Run, Schedule
from lthcheck.training.schedule import learning_rates
from lthcheck.training.threads import threads


@threads(1)
def by_autograd(own: Run) -> dict[str, torch.Tensor]:
    """The run trained as a textbook would: a module, autograd, torch.optim, masks by hand."""
    made, (concrete,) = stack([own]), replicas([own])
    data, order = made.data, made.order
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
        x, y = data.train_batch(index, seed=own.seed, epoch=order.epoch(step))
        loss = torch.nn.functional.cross_entropy(module(x), y, label_smoothing=own.training.objective.label_smoothing)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            for name, mask in concrete.mask.items():
                parameters[name].mul_(mask)
    return {name: parameter.detach() for name, parameter in parameters.items()}


OPTIMISERS = {
    "momentum": (Optimiser("sgd", 0.9, 1e-2), Schedule("step", (25, 40))),
    "plain": (Optimiser("sgd", 0.0, 0.0), Schedule("cosine", warmup=5)),
    "adam": (Optimiser("adam", 0.0, 1e-2), Schedule("constant")),
}


def check(model: str, optimiser: str, sparsity: float, steps: int, **more: object) -> None:
    how, schedule = OPTIMISERS[optimiser]
    lr = 0.005 if how.name == "adam" else 0.05
    settings = {"precision": "float64", "optimiser": how, "schedule": schedule, "steps": steps} | more
    runs = [run(model, seed=seed, lr=lr, sparsity=sparsity, **settings) for seed in (0, 1)]
    for own, state in zip(runs, trained(runs), strict=True):
        for name, expected in by_autograd(own).items():
            torch.testing.assert_close(state[f"weights/{name}"], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("model", ["mlp-23-11", "mlp-64-32", "mlp-5-4-3"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("sparsity", [0.0, 0.8])
def test_stacked_linear_networks(model: str, optimiser: str, sparsity: float) -> None:
    check(model, optimiser, sparsity, steps=50)


@pytest.mark.parametrize("model", ["mlp-23-11", "lenet5"])
@pytest.mark.parametrize("augmentation", ["none", "crop-flip", "resized-crop-flip"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_augmented_samples_and_smooth_labels(model: str, augmentation: str, smoothing: float) -> None:
    objective = Objective(label_smoothing=smoothing)
    check(model, "momentum", 0.5, steps=12, augmentation=augmentation, objective=objective)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_modules(optimiser: str) -> None:
    check("lenet5", optimiser, 0.8, steps=50)


def test_a_network_with_batch_norm_and_shortcuts() -> None:
    check("resnet8", "momentum", 0.8, steps=5)  # float64 convolutions are slow
