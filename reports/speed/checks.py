"""What must be true before anything is timed: the training contract, on this device and at this network's size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch.nn import functional

from lthcheck import zoo
from lthcheck.run import Run
from lthcheck.training.contract import Backend, State
from reports.speed.case import Case, precisions
from reports.speed.ours import advance, samples, stack

STEPS, NEAR, TOLERANCE = 24, 50, 1e-10
LRS = (0.05, 1e20, 0.1)  # the second ends in NaN
Outcome = tuple[bool, str]


@dataclass(frozen=True)
class Check:
    """What was checked, whether it held, and by how much."""

    name: str
    held: bool
    figure: str

    @classmethod
    def of(cls, name: str, call: Callable[[], Outcome]) -> Check:
        """Makes the check; an exception is its failure, since a backend may fail in any way, and the next goes on."""
        try:
            return cls(name, *call())
        except Exception as error:
            return cls(name, False, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")

    def __str__(self) -> str:
        return f"{'ok' if self.held else 'FAILED'}: {self.name}: {self.figure}"


def checks(
    device: torch.device, cases: Iterable[Case], near: Iterable[Case]
) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    """The checks by name: bits are compared for `cases` in every precision, float64 across backends for `near`."""
    for case in cases:
        for precision in precisions(device):
            for word, check in BITWISE.items():
                yield f"{word}, {case.model}, {precision}", partial(check, case, device, precision)
    for case in near:
        for word, weights in (("this backend on a CPU", _on_cpu), ("a plain loop on a CPU", _by_loop)):
            if device.type != "cpu" or weights is _by_loop:
                yield f"float64, {case.model}, against {word}", partial(_near, case, device, weights)


def _runs(case: Case, device: torch.device, precision: str, *, steps: int = STEPS) -> list[Run]:
    """Of three seeds; the second diverges."""
    made = [case.run(seed, device=device.type, precision=precision, lr=lr) for seed, lr in enumerate(LRS)]
    return [replace(run, training=replace(run.training, steps=steps)) for run in made]


def _trained(case: Case, *runs: Run) -> Backend:
    made = stack(case, runs)
    advance(made, 0, runs[0].training.steps)
    return made


def _differ(a: State, b: State) -> Outcome:
    wrong = [name for name in a if name not in b or a[name].numpy().tobytes() != b[name].numpy().tobytes()]
    return not wrong and a.keys() == b.keys(), f"{len(wrong)} of {len(a)} tensors differ after {STEPS} steps"


def _alone(case: Case, device: torch.device, precision: str) -> Outcome:
    own, bad, other = _runs(case, device, precision)
    beside = _trained(case, bad, own, other)
    if all(bool(torch.isfinite(tensor).all()) for tensor in beside.state(0).values()):
        return False, "the neighbour stayed finite"
    return _differ(_trained(case, own).state(0), beside.state(1))


def _resumed(case: Case, device: torch.device, precision: str) -> Outcome:
    own, _, other = _runs(case, device, precision)
    first, middle = stack(case, [own, other]), STEPS // 2 - 1
    advance(first, 0, middle)
    second = stack(case, [other, own])  # goes on in another stack
    second.load(1, first.state(0))
    advance(second, middle, STEPS)
    return _differ(_trained(case, own).state(0), second.state(1))


def _again(case: Case, device: torch.device, precision: str) -> Outcome:
    own, _, other = _runs(case, device, precision)
    return _differ(*(_trained(case, own, other).state(0) for _ in range(2)))


def _masked(case: Case, device: torch.device, precision: str) -> Outcome:
    made = _trained(case, _runs(case, device, precision)[0])
    state, mask = made.state(0), made.replicas[0].mask
    gone = torch.cat([state[f"weights/{name}"][~kept] for name, kept in mask.items()])
    alive = int((gone != 0).sum())
    return alive == 0 < len(gone), f"{alive} of {len(gone)} masked weights are not zero after {STEPS} steps"


def _near(case: Case, device: torch.device, weights_of: Callable[[Case, Run], State]) -> Outcome:
    own = _runs(case, device, "float64", steps=NEAR)[0]
    weights = weights_of(case, replace(own, training=replace(own.training, device="cpu")))
    state = _trained(case, own).state(0)
    apart = max(float((state[name] - weights[name]).abs().max()) for name in weights)
    figure = f"weights differ by {apart:.1e} at most after {NEAR} steps; {TOLERANCE:.0e} is allowed"
    return apart <= TOLERANCE, figure


def _on_cpu(case: Case, run: Run) -> State:
    state = _trained(case, run).state(0)
    return {name: tensor for name, tensor in state.items() if name.startswith("weights/")}


def _by_loop(case: Case, run: Run) -> State:
    """A loop of torch's own parts over the same batches, without the backend's layouts and products."""
    made, source, how = stack(case, [run]), samples(case, run), run.training
    module, replica = zoo.build(run.network).double(), made.replicas[0]
    module.load_state_dict(dict(replica.weights), strict=False)
    weights = dict(module.named_parameters())
    optimiser = torch.optim.SGD(module.parameters(), lr=how.lr, momentum=0.9, weight_decay=how.optimiser.weight_decay)
    for step in range(how.steps):
        x, y = source.train_batch(made.order.at(step)[0], seed=run.seed, epoch=made.order.epoch(step))
        optimiser.zero_grad()
        functional.cross_entropy(module(x), y).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        with torch.no_grad():
            for name, mask in replica.mask.items():
                weights[name].mul_(mask)
    return {f"weights/{name}": weight.detach() for name, weight in weights.items()}


BITWISE = {
    "alone = beside NaN": _alone,
    "interrupted = whole": _resumed,
    "run = run again": _again,
    "masked = 0": _masked,
}
