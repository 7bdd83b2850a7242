"""Networks train on streamed pictures as on resident ones: alone = stacked, interrupted = uninterrupted, bitwise."""

from __future__ import annotations

import pytest
import torch
from data.trees import index
from stacks import equal, replicas

from lthcheck import zoo
from lthcheck.data.arrays import Arrays
from lthcheck.data.index import Index
from lthcheck.data.placed import placed
from lthcheck.data.resident import Resident
from lthcheck.data.streamed import Streamed
from lthcheck.run import Data, Dense, Init, Optimiser, Pruned, Run, Schedule, Training
from lthcheck.training.contract import Backend, State
from lthcheck.training.train import backend, train

STEPS = 8  # of three in an epoch


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Index:
    return index(tmp_path_factory.mktemp("pictures"), side=32)


def run(pictures: Index, seed: int, *, augmentation: str = "resized-crop-flip", sparsity: float = 0.0) -> Run:
    network = zoo.network("lenet5", pictures.shape, pictures.classes)
    how = Training(lr=0.02, batch=4, steps=STEPS, optimiser=Optimiser("sgd", 0.9, 1e-3), schedule=Schedule("constant"))
    init = Init(network, "pytorch", seed)
    data = Data("pictures", pictures.fingerprint, augmentation=augmentation)
    return Run(network, data, how, init, Pruned(init, sparsity) if sparsity else Dense(), seed)


def stack(runs: list[Run], data: Streamed | Resident) -> Backend:
    return backend(replicas(runs), data)


def trained(runs: list[Run], data: Streamed | Resident) -> list[State]:
    made = stack(runs, data)
    train(made, 0, STEPS)
    return [made.state(place) for place in range(len(runs))]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_does_not_see_its_neighbours_nor_the_threads(pictures: Index, workers: int) -> None:
    own, same, other = run(pictures, 1), run(pictures, 1, sparsity=0.5), run(pictures, 2)
    (alone,) = trained([own], placed(pictures, "cpu", augmentation="resized-crop-flip"))
    data = Streamed(pictures, "cpu", augmentation="resized-crop-flip", workers=workers)
    for runs in ([own, same, other], [other, same, own]):
        assert equal(trained(runs, data)[runs.index(own)], alone)


def test_interrupted_is_uninterrupted(pictures: Index) -> None:
    data = placed(pictures, "cpu", augmentation="resized-crop-flip")
    (whole,) = trained([run(pictures, 1)], data)
    first, second = (
        stack([run(pictures, 1)], data),
        stack([run(pictures, 1)], placed(pictures, "cpu", augmentation="resized-crop-flip")),
    )
    train(first, 0, 5)
    second.load(0, first.state(0))
    train(second, 5, STEPS)
    assert equal(second.state(0), whole)


def test_without_augmentation_it_is_as_if_resident(pictures: Index) -> None:
    streamed = placed(pictures, "cpu")
    x, y = streamed.plain_batch(torch.arange(12))
    x_test, y_test = next(streamed.test_batches(5))
    assert (x.shape, len(x_test)) == ((12, 3, 32, 32), 5)
    resident = placed(Arrays(*(tensor.numpy() for tensor in (x, y, x_test, y_test))), "cpu")
    runs = [run(pictures, 3, augmentation="none")]
    assert equal(*trained(runs, streamed), *trained(runs, resident))
    (a,), (b,) = (stack(runs, data).evaluate() for data in (streamed, resident))
    assert torch.equal(a.correct, b.correct)
    assert a.loss == b.loss


def test_large_pictures_are_tested_in_smaller_batches(pictures: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    data = placed(pictures, "cpu", augmentation="resized-crop-flip")
    engine = stack([run(pictures, 1)], data)
    (expected,) = engine.evaluate()
    monkeypatch.setattr("lthcheck.training.evaluation.NUMBERS", 2 * 3 * 32 * 32)
    sizes: list[int] = []
    whole = Streamed.test_batches
    monkeypatch.setattr(Streamed, "test_batches", lambda self, size: sizes.append(size) or whole(self, size))
    (found,) = engine.evaluate()
    assert sizes == [2]
    assert torch.equal(found.correct, expected.correct)
