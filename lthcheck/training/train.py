"""One stack of replicas, from step to step, with stops on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import torch

from lthcheck import zoo
from lthcheck.data.resident import Resident
from lthcheck.data.samples import Samples
from lthcheck.run import Run
from lthcheck.training.contract import Backend, Replica
from lthcheck.training.graphed import Graphed
from lthcheck.training.initialiser import seed_of
from lthcheck.training.linear import LinearStack
from lthcheck.training.module import ModuleLoop
from lthcheck.training.order import Order
from lthcheck.zoo.mlp import MLP

BEAT_SECONDS = 0.5  # how often `beat` is called, about
EAGER = ("float32", "float64")  # the precisions that every backend knows


def backend(replicas: list[Replica], data: Samples) -> Backend:
    """The backend for replicas that share one stack signature."""
    run = replicas[0].run
    seeds = [replica.run.seed for replica in replicas]
    augmented = data if run.data.augmentation != "none" else None
    order = Order(seeds, len(data.y_train), run.training, data.device, augmented)
    if is_stacked(run):
        with torch.device("meta"):
            module = zoo.build(run.network)
        assert isinstance(module, MLP)
        return LinearStack(module, replicas, data, order)

    def build(own: Run) -> torch.nn.Module:
        return zoo.build(own.network, seed=seed_of(own.start))

    if is_graphed(run) and isinstance(data, Resident):
        return Graphed(build, replicas, data, order)
    if run.training.precision not in EAGER:
        rule = f"must be float32 for {run.network.name}, whose steps are not captured here"
        raise ValueError(f"precision={run.training.precision!r} {rule}; leave it out")
    return ModuleLoop(build, replicas, data, order)


def is_stacked(run: Run) -> bool:
    """Whether replicas of the run train as one stack of matrix products."""
    return zoo.is_mlp(run.network) and run.training.precision in EAGER


def is_graphed(run: Run) -> bool:
    """Whether replicas of the run train step by captured step, if their data lie on the device.

    Those that draw while they train do not, nor do networks of the user's own, which may wait for the host.
    """
    if is_stacked(run) or zoo.draws(run.network):
        return False
    return run.training.device == "cuda" or run.training.precision not in EAGER


def together(run: Run, data: Samples) -> bool:
    """Whether several replicas of the run may train in one backend."""
    return is_stacked(run) or (is_graphed(run) and isinstance(data, Resident))


def train(
    stack: Backend,
    first: int,
    last: int,
    *,
    stops: Iterable[int] = (),
    at: Callable[[int], None] = lambda step: None,
    beat: Callable[[int], None] = lambda step: None,
) -> None:
    """Trains from step `first` to step `last`.

    Args:
        stops: steps in [first, last] at which `at` is called, with the stack in that step's state.
        beat: called about twice a second with the step reached.
    """
    wanted = sorted({step for step in stops if first <= step <= last})
    step, pace = first, 16
    while True:
        if wanted and wanted[0] == step:
            at(wanted.pop(0))
        if step == last:
            return
        ahead = min(last, stack.order.epoch_end(step), step + pace, wanted[0] if wanted else last)
        began = time.perf_counter()
        stack.advance(step, ahead)
        spent = max(time.perf_counter() - began, 1e-6)
        pace = max(1, int(BEAT_SECONDS * (ahead - step) / spent))
        step = ahead
        beat(step)
