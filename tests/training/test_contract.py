"""The training contract: alone = stacked = any thread count, bitwise; interrupted = uninterrupted."""

from __future__ import annotations

import pytest
import torch
from stacks import equal, run, stack, trained

from lthcheck.data.resident import Resident
from lthcheck.run import Objective, Optimiser, Schedule
from lthcheck.training.threads import threads
from lthcheck.training.train import train

MODELS = ["mlp-23-11", "mlp-64-32", "mlp-7", "lenet5", "resnet8"]
AUGMENTED = {"augmentation": "crop-flip"}
RESIZED = {"augmentation": "resized-crop-flip", "objective": Objective(label_smoothing=0.1)}
ADAM = Optimiser("adam", 0.0, 1e-3)


def steps(model: str) -> dict[str, object]:
    return {} if model.startswith("mlp") else {"steps": 6, "schedule": Schedule("step", (3,))}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("optimiser", [Optimiser("sgd", 0.9, 1e-3), ADAM], ids=["sgd", "adam"])
def test_a_run_does_not_see_its_neighbours(model: str, optimiser: Optimiser) -> None:
    settings = steps(model) | {"optimiser": optimiser}
    own = run(model, seed=1, sparsity=0.7, **settings)
    (alone,) = trained([own])
    others = [
        run(model, seed=2, lr=0.3, **settings),
        run(model, seed=3, lr=0.01, sparsity=0.5, **settings),
        run(model, seed=4, sparsity=0.9, rr=True, **settings),
    ]
    for place in range(4):
        runs = [*others[:place], own, *others[place:]]
        assert equal(trained(runs)[place], alone), f"place {place} of 4"


@pytest.mark.parametrize("model", ["mlp-23-11", "lenet5"])
@pytest.mark.parametrize("how", [AUGMENTED, RESIZED], ids=lambda how: how["augmentation"])
def test_nor_does_it_where_samples_are_augmented(model: str, how: dict[str, object]) -> None:
    """Among replicas of its own seed and of others, interrupted in an epoch and between two, with any threads."""
    own, twin = run(model, seed=1, sparsity=0.7, steps=25, **how), run(model, seed=1, lr=0.02, steps=25, **how)
    other = run(model, seed=2, steps=25, **how)
    (alone,) = trained([own])
    with threads(2):
        assert equal(trained([other, twin, own])[2], alone)
    for middle in (4, 10):
        first = stack([twin, own, other])
        train(first, 0, middle)
        second = stack([other, own])
        second.load(1, first.state(1))
        train(second, middle, 25)
        assert equal(second.state(1), alone), f"interrupted at step {middle}"


@pytest.mark.parametrize("model", ["mlp-23-11", "lenet5"])
def test_the_arms_of_a_replicate_see_the_same_augmented_samples(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int, bytes]] = []
    whole = Resident.train_batch

    def spied(data: Resident, index: torch.Tensor, *, seed: int, epoch: int) -> tuple[torch.Tensor, torch.Tensor]:
        x, y = whole(data, index, seed=seed, epoch=epoch)
        seen.append((seed, epoch, x.numpy().tobytes()))
        return x, y

    monkeypatch.setattr(Resident, "train_batch", spied)
    by_arm = []
    for arm in (run(model, **AUGMENTED, steps=12), run(model, sparsity=0.5, rr=True, **AUGMENTED, steps=12)):
        trained([arm])
        by_arm.append(seen.copy())
        seen.clear()
    assert by_arm[0] == by_arm[1]
    assert {(seed, epoch) for seed, epoch, _ in by_arm[0]} == {(0, 0), (0, 1)}


@pytest.mark.parametrize("model", MODELS)
def test_a_neighbour_that_diverges_changes_nothing(model: str) -> None:
    own, bad = run(model, **steps(model)), run(model, seed=9, lr=1e20, **steps(model))
    (alone,) = trained([own])
    broken, beside = trained([bad, own])
    assert not all(bool(torch.isfinite(tensor).all()) for tensor in broken.values())
    assert equal(beside, alone)


@pytest.mark.parametrize("model", MODELS)
def test_the_number_of_threads_changes_nothing(model: str) -> None:
    runs = [run(model, seed=seed, sparsity=0.5, **steps(model)) for seed in range(3)]
    outcomes = []
    for count in (1, 2, 3):
        with threads(count):
            outcomes.append(trained(runs))
            assert torch.get_num_threads() == count
    assert all(equal(a, b) for other in outcomes[1:] for a, b in zip(other, outcomes[0], strict=True))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("optimiser", [Optimiser("sgd", 0.9, 1e-3), ADAM], ids=["sgd", "adam"])
def test_an_interrupted_run_ends_with_the_same_bits(model: str, optimiser: Optimiser) -> None:
    settings = steps(model) | {"optimiser": optimiser}
    own, other = run(model, sparsity=0.6, **settings), run(model, seed=5, **settings)
    last = own.training.steps
    whole = trained([own, other])[0]
    for middle in (1, last // 2, last - 1):
        first = stack([own, other])
        train(first, 0, middle)
        second = stack([own])  # goes on in another stack
        second.load(0, first.state(0))
        train(second, middle, last)
        assert equal(second.state(0), whole), f"interrupted at step {middle}"


@pytest.mark.parametrize("model", MODELS)
def test_weights_of_a_step_do_not_depend_on_who_asks(model: str) -> None:
    own = run(model, **steps(model))
    kept = {}
    made, last = stack([own]), own.training.steps
    train(made, 0, last, stops=[0, 2, last], at=lambda step: kept.update({step: made.state(0)}))
    assert list(kept) == [0, 2, last]
    assert equal(kept[last], trained([own])[0])


@pytest.mark.parametrize("model", ["mlp-23-11", "resnet8"])
def test_evaluation_reads_and_does_not_write(model: str) -> None:
    own = run(model, **steps(model))
    made = stack([own])
    before = made.state(0)
    once, twice = made.evaluate()[0], made.evaluate()[0]
    assert equal(made.state(0), before)
    assert once.accuracy == twice.accuracy
    assert torch.equal(once.correct, twice.correct)
