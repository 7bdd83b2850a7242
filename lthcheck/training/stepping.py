"""One replica as tensors on its device, and one step of its training as a function that asks the host for nothing.

The host enters an epoch: it writes the order of the samples, what their augmentation is made of, and where the counter
stands. From there on a step finds all of it by the counter, which it moves on itself. A step can therefore be captured
once and replayed: see `lthcheck.training.lane`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _NormBase

from lthcheck.data.resident import Resident
from lthcheck.training.contract import Evaluation, Replica, State
from lthcheck.training.descent import descent
from lthcheck.training.evaluation import evaluated
from lthcheck.training.flat import Flat

COMPUTES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "tf32": torch.float32,
    "bfloat16": torch.bfloat16,
}


class Stepping:
    """A replica's training, step by step.

    Attributes:
        counter: int64 of shape (2,): the step that comes next, and its place in the epoch.
    """

    def __init__(self, module: nn.Module, replica: Replica, data: Resident, layout: torch.memory_format) -> None:
        training = replica.run.training
        self.replica, self.data, self.layout = replica, data, layout
        self.compute, self.smoothing = COMPUTES[training.precision], training.objective.label_smoothing
        samples, device = len(data.y_train), data.device
        placed = module.to(device=device, dtype=data.dtype, memory_format=layout)  # type: ignore[call-overload]
        self.flat = Flat(placed, self.compute)
        self.module: nn.Module = placed
        self.norms, self.counts = _counts(placed, device)
        self.flat.write(self.flat.weights, replica.weights)
        self.flat.refresh()
        self.descent = descent(training, self.flat.weights, self._mask())
        self.gradient = self.flat.zeros()
        full = samples // training.batch
        self.left = samples % training.batch if training.last_batch == "keep" else 0
        self.full = full
        self.counter = torch.zeros(2, dtype=torch.int64, device=device)
        row = torch.arange(samples, dtype=torch.int64, device=device)
        self.rows = _batches(row, full, training.batch)
        self.drawn = _batches(data.drawn(row, seed=0, epoch=0), full, training.batch)
        self._row, self._entered = row, -1

    def _mask(self) -> Tensor | None:
        if not self.replica.mask:
            return None
        mask = torch.ones_like(self.flat.weights)
        self.flat.write(mask, {name: each.to(mask.dtype) for name, each in self.replica.mask.items()})
        return mask

    def state_tensors(self) -> list[Tensor]:
        """All that a step changes and the next one reads."""
        return [self.flat.weights, *self.descent.slots.values(), *self.module.buffers(), self.counts, self.counter]

    def enter(self, step: int, *, place: int, epoch: int, row: Tensor) -> None:
        """Makes ready for a step: what the host has to say in an epoch.

        Args:
            place: of the step, in the epoch.
            row: the samples of the whole epoch, int64 of shape (sample,).
        """
        self.counter.copy_(torch.tensor([step, place]))
        if epoch == self._entered:
            return
        self._row.copy_(row)
        drawn = self.data.drawn(row, seed=self.replica.run.seed, epoch=epoch)
        for written, made in zip(self.drawn, _batches(drawn, self.full, self.replica.run.training.batch), strict=True):
            written.copy_(made)
        self._entered = epoch

    def __call__(self) -> Tensor:
        """One step on a full batch; gives the inputs that the network had."""
        place = self.counter[1:]
        index = self.rows[0].index_select(0, place).squeeze(0)
        if self.data.augmentation == "none":
            return self._on(index, self.drawn[0][0])  # of no draws
        return self._on(index, self.drawn[0].index_select(0, place).squeeze(0))

    def tail(self) -> Tensor:
        """One step on the partial batch at the end of an epoch."""
        return self._on(self.rows[1][: self.left], self.drawn[1][: self.left])

    def _on(self, index: Tensor, drawn: Tensor) -> Tensor:
        self.flat.refresh()
        self.module.train()
        samples, y = self.data.augmented_batch(index, drawn)
        x = self._inputs(samples)
        out = self.module(x)
        exact = out if self.compute == torch.float64 else out.float()
        loss = functional.cross_entropy(exact, y, label_smoothing=self.smoothing)
        gradients = torch.autograd.grad(loss, self.flat.parameters)
        with torch.no_grad():
            self.flat.gather(gradients, self.gradient)
            self.descent.step(self.flat.weights, self.gradient, self.counter[:1])
            self.counts.add_(1)
            self.counter.add_(1)
        return x

    def _inputs(self, x: Tensor) -> Tensor:
        if x.dim() != 4:
            return x.to(self.compute)
        return x.to(self.compute, memory_format=self.layout)

    def evaluate(self) -> Evaluation:
        """The replica on the test split, in evaluation mode."""
        self.flat.refresh()
        return evaluated(self.module, self.data, self._inputs, [self.flat.weights])

    def state(self) -> State:
        """See `contract.Backend.state`."""
        state: State = {f"buffers/{name}": buffer for name, buffer in self._buffers().items()}
        for part, buffer in self._parts().items():
            state |= {f"{part}/{name}": tensor for name, tensor in self.flat.views(buffer).items()}
        return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}

    def load(self, state: State) -> None:
        """See `contract.Backend.load`."""
        with torch.no_grad():
            for name, buffer in self._buffers().items():
                buffer.copy_(state[f"buffers/{name}"])
        for part, buffer in self._parts().items():
            self.flat.write(buffer, {name: state[f"{part}/{name}"] for name in self.flat.names})

    def _buffers(self) -> dict[str, Tensor]:
        return dict(self.module.named_buffers()) | dict(zip(self.norms, self.counts.unbind(), strict=True))

    def _parts(self) -> dict[str, Tensor]:
        return {"weights": self.flat.weights} | {f"optimiser/{name}": slot for name, slot in self.descent.slots.items()}


def _counts(module: nn.Module, device: torch.device) -> tuple[list[str], Tensor]:
    """The batches that each normalisation has seen, taken out of the module: by name, and int64 of shape (norm,).

    Nothing is computed from them, and each would be a kernel of its own: 21 of the 194 of a step of ResNet-20.
    """
    norms = {
        f"{path}.num_batches_tracked": each
        for path, each in module.named_modules()
        if isinstance(each, _NormBase) and each.momentum is not None and each.num_batches_tracked is not None
    }
    for each in norms.values():
        each.num_batches_tracked = None
    return list(norms), torch.zeros(len(norms), dtype=torch.int64, device=device)


def _batches(row: Tensor, full: int, batch: int) -> tuple[Tensor, Tensor]:
    """What an epoch has for each sample, as full batches, (step, batch, ...), and what is left: views."""
    return row[: full * batch].view(full, batch, *row.shape[1:]), row[full * batch :]
