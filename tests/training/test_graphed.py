"""Captured steps: the training contract, and what only they promise. On a CPU the steps are called, not captured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from stacks import eager, equal, graphed, run
from torch.utils._python_dispatch import TorchDispatchMode

from lthcheck import zoo
from lthcheck.data.resident import Resident
from lthcheck.run import Data, Dense, Init, Objective, Optimiser, Pruned, Run, Schedule, Training
from lthcheck.training import graphed as backend_file
from lthcheck.training.contract import State
from lthcheck.training.lane import Direct, rehearse, unchanged
from lthcheck.training.stepping import Stepping
from lthcheck.training.threads import threads
from lthcheck.training.train import train

SGD, ADAM = Optimiser("sgd", 0.9, 1e-3), Optimiser("adam", 0.0, 1e-3)
CROPPED = {"augmentation": "crop-flip"}
RESIZED = {"augmentation": "resized-crop-flip", "objective": Objective(label_smoothing=0.1)}
TAILED = {"batch": 60, "last_batch": "keep"}  # of 200 samples: three full batches and one of 20
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, and torch sees none"),
            pytest.mark.filterwarnings("ignore:.*determinis"),
        ],
    ),
]
each_device = pytest.mark.parametrize("device", DEVICES)


def made(model: str = "lenet5", **how: Any) -> Run:
    """A short run."""
    return run(model, **({"steps": 7, "schedule": Schedule("step", (3,))} | how))


def trained(runs: list[Run], **how: Any) -> list[State]:
    engine = graphed(runs, **how)
    train(engine, 0, runs[0].training.steps)
    return [engine.state(index) for index in range(len(runs))]


@each_device
@pytest.mark.parametrize("optimiser", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("more", [{}, CROPPED, RESIZED | TAILED], ids=["plain", "cropped", "resized, with a tail"])
def test_a_run_does_not_see_its_neighbours(optimiser: Optimiser, more: dict[str, Any], device: str) -> None:
    settings = {"optimiser": optimiser, "device": device} | more
    own = made(seed=1, sparsity=0.7, **settings)
    (alone,) = trained([own])
    others = [made(seed=2, lr=0.3, **settings), made(seed=1, lr=0.01, **settings)]
    for place in range(3):
        assert equal(trained([*others[:place], own, *others[place:]])[place], alone), f"place {place} of 3"


@each_device
@pytest.mark.parametrize("model", ["lenet5", "resnet8"])
def test_a_neighbour_that_diverges_changes_nothing(model: str, device: str) -> None:
    own, bad = (made(model, seed=seed, lr=lr, steps=4, device=device) for seed, lr in ((0, 0.1), (9, 1e20)))
    (alone,) = trained([own])
    broken, beside = trained([bad, own])
    assert not all(bool(torch.isfinite(tensor).all()) for tensor in broken.values())
    assert equal(beside, alone)


def test_the_number_of_threads_changes_nothing() -> None:
    outcomes = []
    for count in (1, 2, 3):
        with threads(count):
            outcomes.append(trained([made(sparsity=0.5)]))
            assert torch.get_num_threads() == count
    assert all(equal(a, b) for other in outcomes[1:] for a, b in zip(other, outcomes[0], strict=True))


@each_device
@pytest.mark.parametrize("optimiser", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize(
    "more", [{}, CROPPED | TAILED, {"model": "resnet8"}], ids=["plain", "cropped, with a tail", "normalised"]
)
def test_an_interrupted_run_ends_with_the_same_bits(optimiser: Optimiser, more: dict[str, Any], device: str) -> None:
    settings = {"optimiser": optimiser, "device": device} | more
    own, other = made(sparsity=0.6, **settings), made(seed=5, **settings)
    whole = trained([own, other])[0]
    for middle in (1, 4, 6):
        first = graphed([own, other])
        train(first, 0, middle)
        second = graphed([own])  # goes on in another stack
        second.load(0, first.state(0))
        train(second, middle, 7)
        assert equal(second.state(0), whole), f"interrupted at step {middle}"


@each_device
def test_a_run_that_begins_late_counts_from_there(device: str) -> None:
    """Adam's first step is the run's, the schedule's is the training's."""
    late = made(optimiser=ADAM, precision="float64", first_step=2, steps=9, device=device)
    engine, other = graphed([late]), eager([late])
    for each in (engine, other):
        train(each, 2, 9)
    assert_close(engine.state(0), other.state(0))


def assert_close(a: State, b: State) -> None:
    shared = [name for name in b if not name.startswith("optimiser/step")]  # which torch keeps for each parameter
    assert set(shared) <= a.keys()
    for name in shared:
        torch.testing.assert_close(a[name], b[name], rtol=0, atol=1e-10, msg=lambda text, name=name: f"{name}: {text}")


@each_device
@pytest.mark.parametrize("optimiser", [SGD, ADAM, Optimiser("sgd", 0.0, 0.0)], ids=["sgd", "adam", "plain sgd"])
@pytest.mark.parametrize(
    ("model", "steps", "more"),
    [("lenet5", 50, CROPPED | TAILED), ("resnet8", 5, RESIZED), ("mlp-23-11", 50, {})],
    ids=["lenet5", "resnet8", "mlp"],
)
def test_it_trains_as_the_loop_does(
    optimiser: Optimiser, model: str, steps: int, more: dict[str, Any], device: str
) -> None:
    settings = {"optimiser": optimiser, "precision": "float64", "steps": steps, "sparsity": 0.5, "lr": 0.02} | more
    ours = graphed([made(model, device=device, **settings)])
    loop = eager([made(model, **settings)])
    for engine in (ours, loop):
        train(engine, 0, steps)
    assert_close(ours.state(0), loop.state(0))
    assert ours.order.digests == loop.order.digests
    assert ours.order.handed_out == loop.order.handed_out == steps
    assert ours.order.not_augmented(0, 0, steps) == []
    (one,), (other,) = ours.evaluate(), loop.evaluate()
    assert torch.equal(one.correct, other.correct)
    assert (one.loss, one.finite) == (pytest.approx(other.loss, abs=1e-9), True)


@each_device
@pytest.mark.parametrize("value", ["zero", "initial"])
@pytest.mark.parametrize("optimiser", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_pruned_weight_has_its_value_after_every_step(
    value: str, optimiser: Optimiser, precision: str, device: str
) -> None:
    plain = made(optimiser=optimiser, precision=precision, device=device)
    own = replace(plain, mask=Pruned(plain.start, 0.6, pruned_value=value))
    engine = graphed([own])
    replica = engine.replicas[0]
    assert replica.mask
    for step in range(4):
        engine.advance(step, step + 1)
        state = engine.state(0)
        for name, mask in replica.mask.items():
            now, before = state[f"weights/{name}"], replica.weights[name]
            assert torch.equal(now[~mask], before[~mask])
            assert not torch.equal(now[mask], before[mask])


@each_device
def test_evaluation_reads_and_does_not_write(device: str) -> None:
    engine = graphed([made("resnet8", device=device), made("resnet8", seed=1, device=device)])
    engine.advance(0, 1)
    before, digest = engine.state(0), engine.digest_of_test()
    once, twice = engine.evaluate(), engine.evaluate()
    assert equal(engine.state(0), before)
    assert engine.digest_of_test() == digest
    assert engine.looks == 4
    assert torch.equal(once[0].correct, twice[0].correct)
    assert not torch.equal(once[0].correct, once[1].correct)


class Refuses(TorchDispatchMode):
    """Refuses what would wait for the host, or lets the host say what a captured step would only say once."""

    WAITS = (
        "_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "unique", "bincount", "lift_fresh",
        "repeat_interleave", "item", "tolist",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """See TorchDispatchMode."""
        kwargs, name = kwargs or {}, func._schema.name.removeprefix("aten::")
        self.seen += 1
        assert not name.rstrip("_").startswith(self.WAITS), name
        if name.startswith("index"):
            kinds = {each.dtype for each in (args[1] if isinstance(args[1], list | tuple) else []) if each is not None}
            assert kinds.isdisjoint({torch.bool, torch.uint8}), f"{name} by a mask"
        if name == "_to_copy" and kwargs.get("device") is not None:
            assert torch.device(kwargs["device"]).type == args[0].device.type, "a copy to another device"
        return func(*args, **kwargs)


@pytest.mark.parametrize(
    "asks",
    [
        lambda x: float(x[0]),
        lambda x: x[x > 0],
        lambda x: torch.tensor([1.0]),
        lambda x: x.nonzero(),
        lambda x: x.to("meta"),
        lambda x: bool((x > 0).all()),
        lambda x: torch.equal(x, x),
        lambda x: x.masked_select(x > 0),
    ],
)
def test_what_waits_is_seen(asks: Any) -> None:
    x = torch.randn(5)
    with Refuses(), pytest.raises(AssertionError):
        asks(x)


def images(model: str, augmentation: str, **how: Any) -> Run:
    """One of lthcheck's own networks of convolutions, as narrow as it gets."""
    plain = run("lenet5", augmentation=augmentation, steps=4)
    network = zoo.network(model, plain.network.shape, 5)
    init = Init(network, "pytorch", 0)
    return Run(network, plain.data, replace(plain.training, **how), init, Pruned(init, 0.5), 0)


@pytest.mark.parametrize("model", ["resnet8-pad", "vgg11-w0.1", "mobilenet-v1-w0.1", "mobilenet-v2-w0.1", "conv2-w0.1"])
@pytest.mark.parametrize("augmentation", ["none", "crop-flip", "resized-crop-flip"])
@pytest.mark.parametrize(
    "how",
    [
        {"optimiser": SGD},
        {"optimiser": ADAM, "precision": "bfloat16", "objective": Objective(label_smoothing=0.1)} | TAILED,
    ],
    ids=["sgd", "adam in bfloat16"],
)
def test_no_step_waits_for_the_host(model: str, augmentation: str, how: dict[str, Any]) -> None:
    engine = graphed([images(model, augmentation, **how)])
    (stepping,) = engine.steppings
    stepping.enter(0, place=0, epoch=0, row=engine.order.enter(0)[0])
    with Refuses() as mode:
        stepping()
        if stepping.left:
            stepping.tail()
    assert mode.seen > 20


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, and torch sees none")
@pytest.mark.filterwarnings("ignore:.*determinis")
@pytest.mark.parametrize("augmentation", ["none", "crop-flip", "resized-crop-flip"])
def test_no_step_waits_for_the_host_on_a_gpu(augmentation: str) -> None:
    engine = graphed([images("resnet8", augmentation, device="cuda")])
    (stepping,) = engine.steppings
    stepping.enter(0, place=0, epoch=0, row=engine.order.enter(0)[0])
    stepping()
    torch.cuda.set_sync_debug_mode("error")
    try:
        stepping()
    finally:
        torch.cuda.set_sync_debug_mode("default")


class Rehearses(Direct):
    """Does before a step what a stream does before a capture."""

    def record(self, step, counter, state):
        """See Lane.record."""
        with unchanged(state):
            rehearse(step, counter)
        return super().record(step, counter, state)


@pytest.mark.parametrize("optimiser", [SGD, ADAM], ids=["sgd", "adam"])
def test_a_rehearsal_changes_nothing(optimiser: Optimiser) -> None:
    own = made("resnet8", optimiser=optimiser, steps=4, **TAILED)
    assert equal(*trained([own], make=lambda device: Rehearses()), *trained([own]))


def test_a_rehearsal_that_fails_changes_nothing() -> None:
    engine = graphed([made()])
    before, (stepping,) = engine.state(0), engine.steppings

    def failing() -> torch.Tensor:
        stepping()
        raise RuntimeError("short")

    with pytest.raises(RuntimeError, match="short"), unchanged(stepping.state_tensors()):
        failing()
    assert equal(engine.state(0), before)


class Short(Rehearses):
    """Memory for two lanes, however many replicas go on each."""

    def __init__(self, alive: list[Short]) -> None:
        self.alive = alive

    def record(self, step, counter, state):
        """See Lane.record."""
        if self not in self.alive:
            if len(self.alive) == 2:
                self.alive.clear()  # as everything is let go then
                raise torch.OutOfMemoryError("CUDA out of memory")
            self.alive.append(self)
        return super().record(step, counter, state)


def test_where_memory_is_short_fewer_go_side_by_side() -> None:
    runs = [made(seed=seed, steps=4, sparsity=0.3) for seed in range(5)]
    alive: list[Short] = []
    engine = graphed(runs, make=lambda device: Short(alive))
    said = "memory was short for 5 replicas side by side; 2 go side by side, the others after them"
    with pytest.warns(UserWarning, match=said):
        train(engine, 0, 4)
    assert engine.lanes == 2
    for index, state in enumerate(trained(runs)):
        assert equal(engine.state(index), state)


def test_where_memory_is_short_for_one_it_is_told() -> None:
    class Full(Direct):
        def record(self, step, counter, state):
            raise RuntimeError("capture ended") from torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(RuntimeError, match="capture ended"), pytest.warns(UserWarning, match="1 go side by side"):
        graphed([made(), made(seed=1)], make=lambda device: Full()).advance(0, 1)


def test_other_failures_are_no_shortage() -> None:
    class Broken(Direct):
        def record(self, step, counter, state):
            raise RuntimeError("cuDNN error")

    with pytest.raises(RuntimeError, match="cuDNN error"):
        graphed([made(), made(seed=1)], make=lambda device: Broken()).advance(0, 1)


def test_measuring_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_file, "MEASURED_SECONDS", 0.01)
    runs = [made(seed=seed, **TAILED) for seed in (0, 1)]
    engine = graphed(runs)
    engine.advance(0, 5)
    before = [engine.state(index) for index in (0, 1)]
    counters = [each.counter.tolist() for each in engine.steppings]
    assert engine._timed(engine._carried) > 0
    assert [each.counter.tolist() for each in engine.steppings] == counters == [[5, 1], [5, 1]]
    assert all(equal(engine.state(index), before[index]) for index in (0, 1))


def test_data_that_are_not_augmented_as_said_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held against the data is what the network had in its step."""
    engine = graphed([made(**CROPPED, steps=20), made(seed=1, **CROPPED, steps=20)])
    honest = Stepping.enter

    def stale(stepping: Stepping, step: int, *, place: int, epoch: int, row: torch.Tensor) -> None:
        honest(stepping, step, place=place, epoch=epoch if stepping is engine.steppings[0] else 0, row=row)

    monkeypatch.setattr(Stepping, "enter", stale)
    engine.advance(0, 20)
    assert [engine.order.not_augmented(index, 0, 20) for index in (0, 1)] == [[], [1]]


def test_plain_samples_where_augmented_ones_are_due_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = graphed([made(**CROPPED, steps=20)])
    monkeypatch.setattr(Resident, "augmented_batch", lambda data, index, drawn: data.plain_batch(index))
    engine.advance(0, 20)
    assert engine.order.not_augmented(0, 0, 20) == [0, 1]


def test_steps_that_the_device_did_not_take_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = graphed([made(), made(seed=1)])
    whole = Stepping._on

    def lazy(stepping: Stepping, index: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        seen = whole(stepping, index, drawn)
        if stepping is engine.steppings[1] and int(stepping.counter[0]) == 3:
            stepping.counter.sub_(1)
        return seen

    monkeypatch.setattr(Stepping, "_on", lazy)
    engine.advance(0, 5)
    assert engine.order.handed_out != 5


class TestInBfloat16:
    """bfloat16 in the network, float32 in its weights, normalisations and loss."""

    @each_device
    def test_weights_and_statistics_are_float32(self, device: str) -> None:
        engine = graphed([made("resnet8", precision="bfloat16", device=device)])
        formats: dict[str, set[torch.dtype]] = {"conv": set(), "norm": set()}
        for each in engine.steppings[0].module.modules():
            if isinstance(each, torch.nn.Conv2d):
                formats["conv"].add(each.weight.dtype)
            if isinstance(each, torch.nn.BatchNorm2d):
                formats["norm"] |= {each.weight.dtype, each.bias.dtype, each.running_mean.dtype}
        assert formats == {"conv": {torch.bfloat16}, "norm": {torch.float32}}
        engine.advance(0, 2)
        kinds = {tensor.dtype for tensor in engine.state(0).values()}
        assert kinds == {torch.float32, torch.int64}  # int64: batches that were counted

    @each_device
    def test_a_step_is_that_of_autocast(self, device: str) -> None:
        """Weights move by what autocast's gradients say, but for the last bits of bfloat16."""
        own = made("resnet8", precision="bfloat16", optimiser=Optimiser("sgd", 0.0, 0.0), lr=1.0, device=device)
        ours, loop = graphed([own]), eager([own])
        module, order = loop.modules[0].train(), loop.order.at(0)[0]
        x, y = loop.data.train_batch(order, seed=0, epoch=0)
        with torch.autocast(device, torch.bfloat16, cache_enabled=False):
            out = module(x)
        torch.nn.functional.cross_entropy(out.float(), y).backward()
        before = ours.state(0)
        ours.advance(0, 1)
        after = ours.state(0)
        for name, parameter in module.named_parameters():
            moved = before[f"weights/{name}"] - after[f"weights/{name}"]
            due = parameter.grad.cpu()
            assert (moved - due).norm() < 0.05 * due.norm() + 1e-6, name

    def test_a_small_step_is_not_lost(self) -> None:
        """0.1 % of a weight is less than bfloat16 can tell."""
        own = made(precision="bfloat16", optimiser=Optimiser("sgd", 0.0, 1.0), lr=1e-3, schedule=Schedule())
        engine = graphed([own])
        before = engine.state(0)["weights/conv2.weight"].norm()
        engine.advance(0, 5)
        after = engine.state(0)["weights/conv2.weight"].norm()
        assert float(after / before) == pytest.approx(0.999**5, rel=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU, and torch sees none")
@pytest.mark.filterwarnings("ignore:.*determinis")
@pytest.mark.parametrize("precision", ["float32", "tf32", "bfloat16"])
def test_lanes_change_nothing_on_a_gpu(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [images("resnet8", "crop-flip", precision=precision, device="cuda", steps=40)] * 5
    runs = [replace(each, seed=seed) for seed, each in enumerate(runs)]
    outcomes = []
    for lanes in (1, 2, 5):
        monkeypatch.setattr(backend_file, "UNMEASURED", lanes)
        engine = graphed(runs)
        train(engine, 0, 40)
        assert engine.lanes == lanes
        outcomes.append([engine.state(index) for index in range(5)])
    assert all(equal(a, b) for other in outcomes[1:] for a, b in zip(other, outcomes[0], strict=True))


def test_an_mlp_in_bfloat16_and_one_without_a_batch_to_fill() -> None:
    few = Training(lr=0.1, batch=500, steps=3, last_batch="keep", precision="bfloat16")
    network = zoo.network("mlp-7", (12,), 5)
    own = Run(network, Data("clusters", run().data.fingerprint), few, Init(network, "pytorch", 0), Dense(), 0)
    (state,) = trained([own])
    assert state["weights/layers.0.weight"].dtype == torch.float32
    assert not torch.equal(state["weights/layers.0.weight"], graphed([own]).state(0)["weights/layers.0.weight"])


def test_resident_data_give_the_same_batch_by_draws_made_before() -> None:
    for augmentation in ("none", "crop-flip", "resized-crop-flip"):
        data: Resident = graphed([made(augmentation=augmentation)]).data
        index = torch.tensor([3, 150, 7])
        ours, due = (
            data.augmented_batch(index, data.drawn(index, seed=4, epoch=2)),
            data.train_batch(index, seed=4, epoch=2),
        )
        assert all(torch.equal(a, b) for a, b in zip(ours, due, strict=True))
