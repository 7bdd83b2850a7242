"""Linear networks, stacked: every layer of all replicas is one batched matrix product, the backward pass is by hand.

A replica's parameters, gradients and optimiser slots are rows of flat buffers. A layer lies there as one matrix of
shape (in + 1, out) whose last row is the bias, and its input carries a column of ones: three products a layer are all.
Every matrix of every replica begins on a 64-byte boundary: the BLAS picks its kernel by alignment, and without that the
last bits would depend on a replica's place in the stack.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from lthcheck.data.resident import Resident
from lthcheck.data.samples import Samples
from lthcheck.training.batches import Batches
from lthcheck.training.contract import Evaluation, Replica, State
from lthcheck.training.order import Order
from lthcheck.training.schedule import learning_rates
from lthcheck.training.threads import threads
from lthcheck.zoo.mlp import MLP

ALIGN = 16  # elements: 64 bytes of float32
EVALUATE_AT_ONCE = 4000  # samples


class LinearStack:
    """The stacked backend of multilayer perceptrons with ReLU and cross-entropy; see `contract.Backend`."""

    def __init__(self, module: MLP, replicas: list[Replica], data: Samples, order: Order) -> None:
        training = replicas[0].run.training
        self.replicas, self.data, self.order = replicas, data, order
        self.batches = Batches(data, order, training.steps)
        self.looks = 0
        self.kind, self.dtype, self.device = training.optimiser, data.dtype, data.device
        self.smoothing = training.objective.label_smoothing
        layers = [layer for layer in module.layers if isinstance(layer, nn.Linear)]
        self.names = [f"layers.{index}" for index in range(len(layers))]
        self.sizes = [layers[0].in_features, *(layer.out_features for layer in layers)]
        self.began = training.first_step
        self.offsets = [0]
        for fan_in, fan_out in self._shapes():
            self.offsets.append(self.offsets[-1] + _aligned((fan_in + 1) * fan_out))
        # rows that a step only has to gather; else it asks for its batches, replica by replica
        plain = isinstance(data, Resident) and data.augmentation == "none"
        everything = torch.arange(len(data.y_train) if plain else 0, device=self.device)
        self.x_train = self._with_ones(data.plain_batch(everything)[0]) if plain else None
        x_test, y_test = zip(*data.test_batches(EVALUATE_AT_ONCE), strict=True)
        self.x_test, self.y_test = self._with_ones(torch.cat(x_test)), torch.cat(y_test)
        self.weights, self.gradient, self.mask = self._flat(), self._flat(), self._flat()
        self.slots = {
            name: self._flat() for name in (("exp_avg", "exp_avg_sq") if self.kind.name == "adam" else ("momentum",))
        }
        self.weight_views, self.gradient_views = self._layers(self.weights), self._layers(self.gradient)
        runs = [replica.run for replica in replicas]
        self.decay = self._column([run.training.optimiser.weight_decay for run in runs])
        self.momentum = self._column([run.training.optimiser.momentum for run in runs])
        self._workspaces: dict[int, _Workspace] = {}
        for index, replica in enumerate(replicas):
            ones = {name: torch.ones_like(weight) for name, weight in replica.weights.items()}
            self._write(self.mask, index, ones | {name: mask.to(self.dtype) for name, mask in replica.mask.items()})
            self._write(self.weights, index, replica.weights)

    def advance(self, first: int, last: int) -> None:
        """See `contract.Backend.advance`."""
        rates = torch.stack([torch.from_numpy(learning_rates(r.run.training, first, last)) for r in self.replicas], 1)
        rates = rates.to(self.device, self.dtype)[:, :, None]  # (step, replica, 1)
        # one thread: a BLAS that splits a product between threads adds in another order
        with threads(1):
            for step in range(first, last):
                self._gradient_at(step)
                self.gradient.addcmul_(self.weights, self.decay).mul_(self.mask)
                if self.kind.name == "adam":
                    self._adam(rates[step - first], step - self.began + 1)
                else:
                    self._sgd(rates[step - first])

    def _gradient_at(self, step: int) -> None:
        index = self.order.at(step)  # (replica, batch)
        batch = index.shape[1]
        work = self._workspaces.setdefault(batch, _Workspace(self, batch))
        self._fill(work, index, step)
        labels = self.data.y_train[index]  # (replica, batch)
        inputs, outputs, weights = work.inputs, work.outputs, self.weight_views
        top = len(weights) - 1
        for layer in range(top):
            torch.bmm(inputs[layer], weights[layer], out=outputs[layer])
            torch.clamp_min(outputs[layer], 0, out=inputs[layer + 1][:, :, :-1])
        logits = work.logits  # (replica, class, batch): a softmax over the middle axis runs along the batch
        torch.bmm(weights[top].transpose(1, 2), inputs[top].transpose(1, 2), out=logits)
        logits.sub_(logits.amax(1, keepdim=True)).exp_()
        logits.mul_(logits.sum(1, keepdim=True).mul_(batch).reciprocal_())
        logits.scatter_add_(1, labels.unsqueeze(1), work.minus)
        if self.smoothing:  # the target is (1 - e) for the label, and e shared by all classes
            logits.sub_(self.smoothing / (self.sizes[-1] * batch))
        slope = logits.transpose(1, 2)  # d loss / d output of the layer
        for layer in range(top, -1, -1):
            torch.bmm(inputs[layer].transpose(1, 2), slope, out=self.gradient_views[layer])
            if layer:
                below = torch.bmm(slope, weights[layer][:, :-1].transpose(1, 2), out=outputs[layer - 1])
                slope = torch.ops.aten.threshold_backward.grad_input(
                    below, inputs[layer][:, :, :-1], 0, grad_input=below
                )

    def _fill(self, work: _Workspace, index: Tensor, step: int) -> None:
        """Puts the samples of a step, (replica, batch), into the first layer's input."""
        if self.x_train is not None:
            torch.index_select(self.x_train, 0, index.reshape(-1), out=work.x)
            return
        seen: dict[int, Tensor] = {}  # replicas of one seed see the same
        for place, seed in enumerate(self.order.seeds):
            if seed not in seen:
                seen[seed] = self.batches.at(step, place, index[place])[0].flatten(1)
            work.inputs[0][place, :, :-1] = seen[seed]
            self.order.given(step, place, work.inputs[0][place, :, :-1])

    def _sgd(self, rate: Tensor) -> None:
        self.slots["momentum"].mul_(self.momentum).add_(self.gradient)
        self.weights.addcmul_(self.slots["momentum"], rate, value=-1)

    def _adam(self, rate: Tensor, count: int) -> None:
        first, second = self.kind.betas
        mean, square = self.slots["exp_avg"], self.slots["exp_avg_sq"]
        mean.lerp_(self.gradient, 1 - first)
        square.mul_(second).addcmul_(self.gradient, self.gradient, value=1 - second)
        root = square.sqrt().div_((1 - second**count) ** 0.5).add_(self.kind.eps)
        self.weights.addcmul_(mean / root, rate / (1 - first**count), value=-1)

    def evaluate(self) -> list[Evaluation]:
        """See `contract.Backend.evaluate`."""
        with threads(1):
            return [self._evaluated(index) for index in range(len(self.replicas))]

    def digest_of_test(self) -> str:
        """See `contract.Backend.digest_of_test`; this backend reads a copy of its own."""
        both = self.data.digest_of_test().encode() + self.x_test.cpu().numpy().tobytes()
        return hashlib.sha256(both).hexdigest()

    def _evaluated(self, index: int) -> Evaluation:
        self.looks += 1
        labels = self.y_test
        correct, loss, finite = [], 0.0, bool(torch.isfinite(self.weights[index]).all())
        for begin in range(0, len(labels), EVALUATE_AT_ONCE):
            target = labels[begin : begin + EVALUATE_AT_ONCE]
            x = self.x_test[begin : begin + EVALUATE_AT_ONCE]
            for layer, weight in enumerate(self.weight_views):
                ones = x[:, : self.sizes[layer] + 1]
                out = torch.mm(ones, weight[index])
                x = functional.pad(out.clamp_min_(0), (0, 1), value=1.0) if layer < len(self.names) - 1 else out
            finite = finite and bool(torch.isfinite(x).all())
            correct.append(x.argmax(1) == target)
            loss += float(functional.cross_entropy(x.double(), target, reduction="sum"))
        return Evaluation(torch.cat(correct).cpu(), loss / len(labels), finite)

    def state(self, replica: int) -> State:
        """See `contract.Backend.state`."""
        parts = {"weights": self.weights} | {f"optimiser/{name}": slot for name, slot in self.slots.items()}
        return {
            f"{part}/{name}": tensor
            for part, flat in parts.items()
            for name, tensor in self._read(flat, replica).items()
        }

    def load(self, replica: int, state: State) -> None:
        """See `contract.Backend.load`."""
        parts = {"weights": self.weights} | {f"optimiser/{name}": slot for name, slot in self.slots.items()}
        for part, flat in parts.items():
            start = f"{part}/"
            self._write(flat, replica, {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)})

    def _shapes(self) -> list[tuple[int, int]]:
        return list(zip(self.sizes[:-1], self.sizes[1:], strict=True))

    def _flat(self) -> Tensor:
        return torch.zeros(len(self.replicas), self.offsets[-1], dtype=self.dtype, device=self.device)

    def _layers(self, flat: Tensor) -> list[Tensor]:
        """Views of shape (replica, in + 1, out)."""
        return [
            flat[:, begin : begin + (fan_in + 1) * fan_out].view(-1, fan_in + 1, fan_out)
            for begin, (fan_in, fan_out) in zip(self.offsets[:-1], self._shapes(), strict=True)
        ]

    def _write(self, flat: Tensor, replica: int, parameters: Mapping[str, Tensor]) -> None:
        for name, layer in zip(self.names, self._layers(flat), strict=True):
            layer[replica, :-1] = parameters[f"{name}.weight"].t()
            layer[replica, -1] = parameters[f"{name}.bias"]

    def _read(self, flat: Tensor, replica: int) -> dict[str, Tensor]:
        read: dict[str, Tensor] = {}
        for name, layer in zip(self.names, self._layers(flat), strict=True):
            read[f"{name}.weight"] = layer[replica, :-1].t().cpu().contiguous().clone()
            read[f"{name}.bias"] = layer[replica, -1].cpu().clone()
        return read

    def _column(self, values: list[float]) -> Tensor:
        return torch.tensor(values, dtype=self.dtype, device=self.device)[:, None]

    def _with_ones(self, x: Tensor) -> Tensor:
        """The samples as rows, a column of ones after them, padded so that every row begins aligned."""
        flat = x.flatten(1)
        padded = flat.new_zeros(len(flat), _aligned(flat.shape[1] + 1))
        padded[:, : flat.shape[1]] = flat
        padded[:, flat.shape[1]] = 1
        return padded


class _Workspace:
    """The activations of one batch size: `inputs` (replica, batch, in + 1) and `outputs` (replica, batch, out)."""

    def __init__(self, stack: LinearStack, batch: int) -> None:
        replicas, (first, *hidden), classes = len(stack.replicas), stack.sizes[:-1], stack.sizes[-1]

        def aligned(rows: int, columns: int, fill: float) -> Tensor:
            flat = torch.full((replicas, _aligned(rows * columns)), fill, dtype=stack.dtype, device=stack.device)
            return flat[:, : rows * columns].view(replicas, rows, columns)

        self.x = torch.ones(replicas * batch, _aligned(first + 1), dtype=stack.dtype, device=stack.device)
        self.inputs = [self.x.view(replicas, batch, -1)[:, :, : first + 1]]
        self.inputs += [aligned(batch, size + 1, 1.0) for size in hidden]
        self.outputs = [aligned(batch, size, 0.0) for size in hidden]
        self.logits = aligned(classes, batch, 0.0)
        hit = (stack.smoothing - 1) / batch
        self.minus = torch.full((replicas, 1, batch), hit, dtype=stack.dtype, device=stack.device)


def _aligned(elements: int) -> int:
    return -(-elements // ALIGN) * ALIGN
