"""Any torch.nn.Module, one by one, in channels_last."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from lthcheck import draws, zoo
from lthcheck.data.samples import Samples
from lthcheck.run import Run
from lthcheck.training.batches import Batches
from lthcheck.training.contract import Evaluation, Replica, State
from lthcheck.training.evaluation import evaluated
from lthcheck.training.layout import overruns
from lthcheck.training.order import Order
from lthcheck.training.schedule import learning_rates
from lthcheck.training.threads import threads


class ModuleLoop:
    """The backend for every network that is not linear; see `contract.Backend`."""

    def __init__(self, build: Callable[[Run], nn.Module], replicas: list[Replica], data: Samples, order: Order) -> None:
        self.replicas, self.data, self.order = replicas, data, order
        self.looks = 0
        self.batches = Batches(data, order, replicas[0].run.training.steps)
        self.device, self.dtype = data.device, data.dtype
        made = [build(replica.run) for replica in replicas]
        self.layouts = [self._layout(module, replica) for module, replica in zip(made, replicas, strict=True)]
        self.modules = [self._module(*each) for each in zip(made, self.layouts, replicas, strict=True)]
        self.optimisers = [_optimiser(module, replica) for module, replica in zip(self.modules, replicas, strict=True)]
        self.pruned = [self._pruned(module, replica) for module, replica in zip(self.modules, replicas, strict=True)]

    def _layout(self, module: nn.Module, replica: Replica) -> torch.memory_format:
        """channels_last is faster for images; a network of the user's own may say `x.view(...)`, which it forbids."""
        fits = len(self.data.shape) == 3 and not replica.run.network.fingerprint
        return torch.channels_last if fits and not overruns(module) else torch.contiguous_format

    def _module(self, module: nn.Module, layout: torch.memory_format, replica: Replica) -> nn.Module:
        module = module.to(device=self.device, dtype=self.dtype, memory_format=layout)  # type: ignore[call-overload]
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                parameter.copy_(replica.weights[name])
        return module

    def _pruned(self, module: nn.Module, replica: Replica) -> _Pruned:
        parameters, before = dict(module.named_parameters()), replica.weights
        keeps_value = any(bool(before[name][~mask.cpu()].any()) for name, mask in replica.mask.items())
        return _Pruned(
            # a mask that lies in memory as its parameter does
            [(parameters[name], torch.empty_like(parameters[name]).copy_(mask)) for name, mask in replica.mask.items()],
            [
                (parameters[name], ~mask.to(self.device), before[name].to(self.device)[~mask.to(self.device)])
                for name, mask in replica.mask.items()
                if keeps_value
            ],
        )

    def _inputs(self, x: Tensor, index: int) -> Tensor:
        return x.contiguous(memory_format=self.layouts[index]) if x.dim() == 4 else x

    def advance(self, first: int, last: int) -> None:
        """See `contract.Backend.advance`."""
        for index, (replica, module, optimiser, pruned) in enumerate(
            zip(self.replicas, self.modules, self.optimisers, self.pruned, strict=True)
        ):
            training = replica.run.training
            rates, noisy = learning_rates(training, first, last), zoo.draws(replica.run.network)
            module.train()
            with threads(training.threads):
                for step in range(first, last):
                    x, y = self.batches.at(step, index, self.order.at(step)[index])
                    self.order.given(step, index, x)
                    optimiser.zero_grad()
                    with _noise(replica, step) if noisy else nullcontext():
                        out = module(self._inputs(x, index))
                        loss = functional.cross_entropy(out, y, label_smoothing=training.objective.label_smoothing)
                        loss.backward()  # type: ignore[no-untyped-call]
                    for parameter, mask in pruned.stay:
                        if parameter.grad is not None:  # as it is where a network of the user's skips a layer
                            parameter.grad.mul_(mask)
                    optimiser.param_groups[0]["lr"] = float(rates[step - first])
                    optimiser.step()
                    with torch.no_grad():
                        for parameter, gone, value in pruned.fixed:
                            parameter[gone] = value

    def evaluate(self) -> list[Evaluation]:
        """See `contract.Backend.evaluate`."""
        self.looks += len(self.replicas)
        evaluations = []
        for index, (replica, module) in enumerate(zip(self.replicas, self.modules, strict=True)):
            # a network of the user's may change its input in place
            inputs = Tensor.clone if replica.run.network.fingerprint else partial(self._inputs, index=index)
            with threads(replica.run.training.threads), _noise(replica, "test"):
                evaluations.append(evaluated(module, self.data, inputs, module.parameters()))
        return evaluations

    def digest_of_test(self) -> str:
        """See `contract.Backend.digest_of_test`."""
        return self.data.digest_of_test()

    def state(self, replica: int) -> State:
        """See `contract.Backend.state`."""
        module, optimiser = self.modules[replica], self.optimisers[replica]
        state: State = {f"weights/{name}": parameter for name, parameter in module.named_parameters()}
        state |= {f"buffers/{name}": buffer for name, buffer in module.named_buffers()}
        for name, parameter in module.named_parameters():
            slots: dict[str, Tensor | None] = optimiser.state.get(parameter, {})
            state |= {f"optimiser/{slot}/{name}": value for slot, value in slots.items() if value is not None}
        return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}

    def load(self, replica: int, state: State) -> None:
        """See `contract.Backend.load`."""
        module, optimiser = self.modules[replica], self.optimisers[replica]
        optimiser.state.clear()
        with torch.no_grad():
            for name, buffer in module.named_buffers():
                buffer.copy_(state[f"buffers/{name}"])
            for name, parameter in module.named_parameters():
                parameter.copy_(state[f"weights/{name}"])
                for slot in ("momentum_buffer", "exp_avg", "exp_avg_sq", "step"):
                    value = state.get(f"optimiser/{slot}/{name}")
                    if value is not None:
                        kept = value.to(self.device) if slot == "step" else torch.empty_like(parameter).copy_(value)
                        optimiser.state[parameter][slot] = kept


@dataclass(frozen=True)
class _Pruned:
    """The masks of a replica, made ready once: a beat of half a second may be a single step.

    Attributes:
        stay: parameters, each with its mask as numbers.
        fixed: parameters, where they are pruned, and the values there; weight decay would shrink one that is not zero.
    """

    stay: list[tuple[Tensor, Tensor]]
    fixed: list[tuple[Tensor, Tensor, Tensor]]


def _optimiser(module: nn.Module, replica: Replica) -> torch.optim.Optimizer:
    training, kind = replica.run.training, replica.run.training.optimiser
    if kind.name == "adam":
        return torch.optim.Adam(
            module.parameters(),
            lr=training.lr,
            betas=kind.betas,
            eps=kind.eps,
            weight_decay=kind.weight_decay,
            fused=True,
        )
    return torch.optim.SGD(
        module.parameters(), lr=training.lr, momentum=kind.momentum, weight_decay=kind.weight_decay, fused=True
    )


def _noise(replica: Replica, when: int | str) -> AbstractContextManager[None]:
    """For a network that draws, as dropout does from torch's global generator: by seed and step."""
    run = replica.run
    return draws.seeded(draws.stream(run.seed, "noise", when)) if zoo.draws(run.network) else nullcontext()
