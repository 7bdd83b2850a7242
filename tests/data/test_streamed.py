"""Streamed batches are the pictures of the index, whatever was announced and however many threads decode."""

from __future__ import annotations

import threading

import pytest
import torch
from data.trees import cache, index, photo, write  # noqa: F401

from lthcheck.data import picture, streamed
from lthcheck.data.placed import placed
from lthcheck.data.streamed import Streamed


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return index(tmp_path_factory.mktemp("pictures"))


def normalised(index, images):
    mean, std = (torch.tensor(value).view(-1, 1, 1) for value in (index.mean, index.std))
    return (images / 255 - mean) / std


def made(index, **how):
    return Streamed(index, "cpu", **{"augmentation": "resized-crop-flip", "workers": 1} | how)


def test_training_batches_are_the_augmented_pictures(pictures):
    rows = torch.tensor([7, 2, 11, 2])
    x, y = made(pictures).train_batch(rows, seed=3, epoch=1)
    drawn = picture.chances(rows, seed=3, epoch=1)
    images = [
        picture.resized_crop_flip(picture.read(*pictures.train.file(row)), 16, chances)
        for row, chances in zip(rows.tolist(), drawn, strict=True)
    ]
    assert torch.allclose(x, normalised(pictures, torch.stack(images)), atol=1e-6)
    assert y.tolist() == [1, 2, 2, 2]


@pytest.mark.parametrize("augmentation", ["none", "resized-crop-flip"])
def test_plain_batches_are_the_middle_whatever_the_augmentation(pictures, augmentation):
    rows = torch.tensor([[4, 0], [9, 9]])
    x, y = made(pictures, augmentation=augmentation).plain_batch(rows)
    assert (x.shape, y.tolist()) == ((2, 2, 3, 16, 16), [[1, 0], [0, 0]])
    middle = picture.central(picture.read(*pictures.train.file(9)), 16)
    assert torch.allclose(x[1, 0], normalised(pictures, middle), atol=1e-6)


def test_without_augmentation_a_training_batch_is_plain(pictures):
    data, rows = made(pictures, augmentation="none"), torch.tensor([5, 3])
    assert torch.equal(data.train_batch(rows, seed=1, epoch=4)[0], data.plain_batch(rows)[0])


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("announced", [0, 2, 5])
def test_bits_depend_neither_on_the_threads_nor_on_what_was_announced(pictures, workers, announced):
    alone, data = made(pictures), made(pictures, workers=workers)
    batches = [(seed, epoch, rows) for seed in (0, 1) for epoch in (0, 1) for rows in torch.arange(12).split(5)]
    for place, (seed, epoch, rows) in enumerate(batches):
        for other, then, later in batches[place + 1 : place + 1 + announced]:
            data.ahead(later, seed=other, epoch=then)
        found, _ = data.train_batch(rows, seed=seed, epoch=epoch)
        expected = [alone.train_batch(row[None], seed=seed, epoch=epoch)[0] for row in rows]
        assert torch.equal(found, torch.cat(expected))


def test_seed_epoch_and_sample_each_change_what_is_drawn(pictures):
    data, row = made(pictures), torch.tensor([4])
    drawn = [data.train_batch(row, seed=seed, epoch=epoch)[0] for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    assert not any(torch.equal(drawn[a], drawn[b]) for a, b in ((0, 1), (0, 2), (1, 2)))


def test_an_announced_batch_is_decoded_before_it_is_asked_for(pictures, monkeypatch):
    read, all_read = [], threading.Event()

    def watched(path, size):
        read.append(path)
        if len(read) == 3:
            all_read.set()
        return true(path, size)

    true = picture.read
    monkeypatch.setattr(picture, "read", watched)
    data, rows = made(pictures), torch.tensor([1, 2, 3])
    data.ahead(rows, seed=0, epoch=0)
    assert all_read.wait(10)
    for _ in range(2):  # a second time as well, as replicas of one seed do
        data.ahead(rows, seed=0, epoch=0)
        data.train_batch(rows, seed=0, epoch=0)
    assert len(read) == 3


def test_what_is_held_is_bounded_and_what_is_passed_over_makes_way(pictures):
    data, rows = made(pictures), torch.arange(4)
    for epoch in range(100):
        data.ahead(rows, seed=0, epoch=epoch)
    assert len(data._ahead) == streamed.MOST_AHEAD
    for epoch in range(1000, 1020):
        data.train_batch(rows, seed=0, epoch=epoch)
    assert len(data._used) == streamed.MOST_USED
    data.ahead(rows, seed=0, epoch=2000)
    assert [epoch for _, epoch, _ in data._ahead] == [2000]


def test_large_batches_are_held_in_smaller_number(pictures, monkeypatch):
    monkeypatch.setattr(streamed, "MOST_BYTES", 3 * 4 * 3 * 16 * 16)
    data = made(pictures)
    for epoch in range(100):
        data.ahead(torch.arange(4), seed=0, epoch=epoch)
    assert len(data._ahead) == 3


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_test_batches_hold_each_sample_once_in_order(pictures, size):
    batches = list(made(pictures).test_batches(size))
    middle = [picture.central(picture.read(*pictures.test.file(row)), 16) for row in range(5)]
    found = torch.cat([x for x, _ in batches])
    assert torch.allclose(found, normalised(pictures, torch.stack(middle)), atol=1e-6)
    assert torch.cat([y for _, y in batches]).tolist() == pictures.y_test.tolist()
    assert len(batches) == -(-5 // size)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_batches_are_of_the_dtype(pictures, dtype):
    data, rows = made(pictures, dtype=dtype), torch.arange(3)
    for x in (data.train_batch(rows, seed=0, epoch=0)[0], data.plain_batch(rows)[0], next(data.test_batches(2))[0]):
        assert x.dtype == dtype


def test_the_digest_tells_a_file_that_changed_and_labels_that_did(tmp_path):
    pictures = index(tmp_path)
    data = made(pictures)
    before = data.digest_of_test()
    list(data.test_batches(2))
    assert made(pictures).digest_of_test() == data.digest_of_test() == before
    data.y_test[0] += 1
    assert data.digest_of_test() != before
    data.y_test[0] -= 1
    write(tmp_path / "test" / "3.jpg", photo(99))
    changed = data.digest_of_test()
    assert changed != before
    (tmp_path / "test" / "3.jpg").unlink()
    assert data.digest_of_test() not in (before, changed)


def test_a_file_that_changed_stops_the_batch_that_holds_it(tmp_path):
    pictures = index(tmp_path)
    (tmp_path / "train" / "2.jpg").write_bytes(b"")
    data = made(pictures)
    data.train_batch(torch.tensor([1, 3]), seed=0, epoch=0)
    data.ahead(torch.tensor([1, 2]), seed=0, epoch=0)
    with pytest.raises(OSError, match=r"train/2\.jpg has 0 bytes, must have the \d+ it had"):
        data.train_batch(torch.tensor([1, 2]), seed=0, epoch=0)


def test_a_brief_one_has_the_first_test_samples(pictures):
    brief = made(pictures).brief(2)
    assert [len(x) for x, _ in brief.test_batches(10)] == [2]
    assert (len(brief.y_test), len(brief.y_train), brief.augmentation) == (2, 12, "resized-crop-flip")


def test_an_index_is_streamed(pictures):
    data = placed(pictures, "cpu", torch.float64, "resized-crop-flip")
    assert isinstance(data, Streamed)
    assert (data.shape, data.device, data.dtype) == ((3, 16, 16), torch.device("cpu"), torch.float64)
    with pytest.raises(ValueError, match=r"augmentation='crop-flip' must be one of none, resized-crop-flip for pictu"):
        placed(pictures, "cpu", augmentation="crop-flip")
