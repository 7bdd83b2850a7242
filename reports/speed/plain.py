"""A plain loop, as earlier codes have it: a DataLoader that transforms sample by sample, one replica, float32."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset, TensorDataset

from lthcheck.cores import cores
from reports.speed.case import MEAN, SIDE, STD, Case, Steps, convolutions, finish

WORKERS, PAD = 4, 4


class Images(Dataset[tuple[Tensor, int]]):
    """What torchvision's transforms do to a sample: pad, crop, flip, to floats, normalise."""

    def __init__(self, case: Case) -> None:
        self.x, self.y = torch.from_numpy(case.arrays.x_train), case.arrays.y_train
        self.mean, self.std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        top, left, flipped = torch.randint(0, 2 * PAD + 1, (3,)).tolist()
        x = functional.pad(self.x[index], (PAD,) * 4)[:, top : top + SIDE, left : left + SIDE]
        x = x.flip(2) if flipped % 2 else x
        return x.float().div(255).sub_(self.mean).div_(self.std), int(self.y[index])


def plain(case: Case, device: torch.device) -> Steps:
    """The loop, with torch's defaults throughout; on CUDA these let cuDNN use tf32.

    What its workers made ahead while it paused, 8 batches at most, it gets for nothing.
    """
    module, weights, masks = case.start(device)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    batches = _endless(case, device)

    def steps(count: int) -> None:
        with convolutions(device, benchmark=False, deterministic=False, tf32=True):
            for _ in range(count):
                x, y = next(batches)
                x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
                optimiser.zero_grad()
                functional.cross_entropy(module(x), y).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                with torch.no_grad():
                    for weight, mask in zip(weights, masks, strict=True):
                        weight.mul_(mask)
            finish(device)

    return steps


def _endless(case: Case, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    rows = TensorDataset(torch.from_numpy(case.arrays.x_train), torch.from_numpy(case.arrays.y_train))
    workers = min(WORKERS, cores()) if case.images else 0
    loader = DataLoader(
        Images(case) if case.images else rows,
        batch_size=case.batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=device.type == "cuda",
        generator=torch.Generator().manual_seed(0),
    )
    while True:
        yield from loader
