"""The parameters of a module in one buffer, so that an optimiser takes one step over all of them.

The module's parameters become views of the buffer, in the memory format that they had. Where the module computes in
another format than its weights have, parameters of normalisations stay as they are, and all others become views of a
copy in that format, which `refresh` writes: bfloat16 convolutions over float32 weights and statistics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

ALIGN = 16  # elements: every parameter begins on 32 bytes of bfloat16; a kernel that loads vectors asks for 16


class Flat:
    """One buffer for all parameters of a module on its device.

    Attributes:
        weights: of shape (n,), in the format of the weights.
        copied: elements of `weights`, from the first on, that the module has in the format it computes in.
        parameters: the module's own, in the order of the buffer, which gradients are taken by.
    """

    def __init__(self, module: nn.Module, compute: torch.dtype) -> None:
        named = dict(module.named_parameters())
        dtype = next(iter(named.values())).dtype
        exact = _of_norms(module) if compute != dtype else set(named)
        self.names = [name for name in named if name not in exact] + [name for name in named if name in exact]
        self.shapes = {name: named[name].shape for name in self.names}
        # a kernel of one pixel has the strides of both formats: that of the others decides
        spread = any(
            each.dim() == 4 and not each.is_contiguous() and each.is_contiguous(memory_format=torch.channels_last)
            for each in named.values()
        )
        self.last = {name for name in self.names if spread and len(self.shapes[name]) == 4}
        self.spans: dict[str, tuple[int, int]] = {}
        end = self.copied = 0
        for name in self.names:
            self.spans[name] = end, end + named[name].numel()
            end = -(-(end + named[name].numel()) // ALIGN) * ALIGN
            self.copied = self.copied if name in exact else end
        self.weights = torch.zeros(end, dtype=dtype, device=next(iter(named.values())).device)
        self.low = torch.zeros(self.copied, dtype=compute, device=self.weights.device)
        self._padding = {each: torch.zeros(ALIGN, dtype=each, device=self.weights.device) for each in {dtype, compute}}
        masters = self.views(self.weights)
        used = masters | self.views(self.low)
        with torch.no_grad():
            for name, master in masters.items():
                master.copy_(named[name])
        self.refresh()
        for name in self.names:
            path, _, own = name.rpartition(".")
            setattr(module.get_submodule(path), own, nn.Parameter(used[name]))
        made = dict(module.named_parameters())
        self.parameters = [made[name] for name in self.names]

    def zeros(self) -> Tensor:
        """Another buffer, for an optimiser's slot."""
        return torch.zeros_like(self.weights)

    def refresh(self) -> None:
        """Writes what the module computes with; after the weights changed."""
        if self.copied:
            self.low.copy_(self.weights[: self.copied])

    def views(self, buffer: Tensor) -> dict[str, Tensor]:
        """By parameter, its part of a buffer that may be shorter than `weights`."""
        return {
            name: self._shaped(name, buffer[begin:end])
            for name, (begin, end) in self.spans.items()
            if end <= len(buffer)
        }

    def write(self, buffer: Tensor, tensors: Mapping[str, Tensor]) -> None:
        """Copies tensors by parameter name into a buffer; those that are not named keep theirs."""
        views = self.views(buffer)
        with torch.no_grad():
            for name, tensor in tensors.items():
                views[name].copy_(tensor)

    def gather(self, gradients: Sequence[Tensor], into: Tensor) -> None:
        """Copies gradients, in the order of `parameters`, into a buffer like `weights`."""
        pieces = [list(self._pieces(name, each)) for name, each in zip(self.names, gradients, strict=True)]
        low = sum(self.spans[name][0] < self.copied for name in self.names)
        if low:
            into[: self.copied].copy_(torch.cat([piece for some in pieces[:low] for piece in some]))
        if low < len(pieces):
            torch.cat([piece for some in pieces[low:] for piece in some], out=into[self.copied :])

    def _pieces(self, name: str, gradient: Tensor) -> Iterator[Tensor]:
        """A gradient as it lies in the buffer, and the zeros after it."""
        yield (gradient.permute(0, 2, 3, 1) if name in self.last else gradient).reshape(-1)
        rest = -gradient.numel() % ALIGN
        if rest:
            yield self._padding[gradient.dtype][:rest]

    def _shaped(self, name: str, part: Tensor) -> Tensor:
        shape = self.shapes[name]
        if name not in self.last:
            return part.view(shape)
        out, channels, height, width = shape
        return part.view(out, height, width, channels).permute(0, 3, 1, 2)


def _of_norms(module: nn.Module) -> set[str]:
    norms = [path for path, each in module.named_modules() if isinstance(each, _NormBase)]
    return {name for name, _ in module.named_parameters() if name.rpartition(".")[0] in norms}
