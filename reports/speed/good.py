"""A good loop: data and augmentation on the device, channels_last, bfloat16 on CUDA, compiled; one replica."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import torch
from torch import Tensor
from torch.nn import functional

from reports.speed.case import MEAN, SIDE, STD, Case, Steps, convolutions, finish
from reports.speed.plain import PAD

AGAIN = 1.0  # second, after which what still runs is told once more that it is late
WARM = 5  # steps: CUDA graphs are recorded in the second, and used from the third on


class Late(BaseException):
    """Too long; no Exception, since torch's compilers catch those and go on."""


def good(case: Case, device: torch.device, limit: float) -> tuple[Steps, str]:
    """The loop, and what became of its compilation.

    Args:
        limit: seconds that the compilation may take; none is tried where it is below 1.
    """
    module, weights, masks = case.start(device)
    module = module.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(module.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, fused=True)
    batches, cuda = _batches(case, device), device.type == "cuda"

    def of(network: Callable[[Tensor], Tensor]) -> Steps:
        def steps(count: int) -> None:
            with convolutions(device, benchmark=True, deterministic=False, tf32=True):
                for _ in range(count):
                    x, y = next(batches)
                    optimiser.zero_grad()
                    with torch.autocast(device.type, torch.bfloat16, enabled=cuda):
                        loss = functional.cross_entropy(network(x), y)
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    with torch.no_grad():
                        torch._foreach_mul_(weights, masks)
                finish(device)

        return steps

    if limit < 1:
        return of(module), "eager: no time to compile"
    # as CUDA graphs, without which a network of CIFAR's size waits for its launches
    compiled = of(torch.compile(module, mode="reduce-overhead" if cuda else "default"))
    try:
        with _at_most(limit):
            compiled(WARM)
    except Late:
        why = f"took more than {limit:.0f} s"
    except Exception as error:  # torch's compilers raise many kinds; the loop is timed without them, and that is said
        why = f"ended with {type(error).__name__}"
    else:
        return compiled, "compiled"
    torch.compiler.reset()
    return of(module), f"eager: torch.compile {why}"


def _batches(case: Case, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    x, y = torch.from_numpy(case.arrays.x_train), torch.from_numpy(case.arrays.y_train).to(device)
    x = (functional.pad(x, (PAD,) * 4) if case.images else x).to(device)
    mean, std = (torch.tensor(values, device=device).mul_(255).view(3, 1, 1) for values in (MEAN, STD))
    draw, pixels = torch.Generator(device).manual_seed(0), torch.arange(SIDE, device=device)
    while True:
        order = torch.randperm(len(x), generator=draw, device=device)
        for index in torch.split(order, case.batch)[: case.epoch]:
            if not case.images:
                yield x[index], y[index]
                continue
            drawn = torch.randint(0, 2 * PAD + 1, (3, case.batch, 1), generator=draw, device=device)
            rows, columns = drawn[0] + pixels, drawn[1] + torch.where(drawn[2] % 2 == 0, pixels, pixels.flip(0))
            crops = x[index[:, None, None], :, rows[:, :, None], columns[:, None, :]]  # (batch, height, width, channel)
            yield crops.permute(0, 3, 1, 2).float().sub_(mean).div_(std), y[index]


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raises Late in the block when it takes longer."""

    def late(*_: object) -> NoReturn:
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
