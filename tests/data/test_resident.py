"""Batches on a device are the data set's samples, normalised."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lthcheck.data import Arrays, resident
from lthcheck.data.resident import Resident

X = (np.arange(6 * 2 * 3 * 3) * 7 % 256).astype("uint8").reshape(6, 2, 3, 3)
Y = np.array([0, 1, 2, 0, 1, 2])
IMAGES = Arrays.of_images(X, Y, X[:5] // 2, Y[:5])
VECTORS = Arrays(X.reshape(6, -1).astype("float32"), Y, X.reshape(6, -1)[:5].astype("float32"), Y[:5])
# bfloat16 keeps 8 bits.
DTYPES = [(torch.float32, 1e-6), (torch.float64, 1e-12), (torch.bfloat16, 1e-2)]


def expected(x):
    """Normalised images in float64."""
    mean, std = (np.array(value)[:, None, None] for value in (IMAGES.mean, IMAGES.std))
    return torch.from_numpy((x / 255 - mean) / std)


@pytest.mark.parametrize("limit", [2**30, 0])
@pytest.mark.parametrize(("dtype", "within"), DTYPES)
def test_images_are_normalised(monkeypatch, limit, dtype, within):
    monkeypatch.setattr(resident, "FLOAT_LIMIT", limit)
    put = Resident.put(IMAGES, "cpu", dtype)
    x, y = put.plain_batch(torch.tensor([[4, 0], [2, 2]]))
    assert x.dtype == dtype
    assert torch.allclose(x.double(), expected(X[[[4, 0], [2, 2]]]), rtol=within, atol=within)
    assert y.tolist() == [[1, 0], [2, 2]]
    assert torch.allclose(next(put.test_batches(5))[0].double(), expected(X[:5] // 2), rtol=within, atol=within)


def test_kept_as_bytes_or_as_floats_the_bits_are_the_same(monkeypatch):
    floats = Resident.put(IMAGES, "cpu")
    monkeypatch.setattr(resident, "FLOAT_LIMIT", 0)
    images = Resident.put(IMAGES, "cpu")
    assert (floats.x_train.dtype, images.x_train.dtype) == (torch.float32, torch.uint8)
    index = torch.arange(6)
    assert torch.equal(floats.plain_batch(index)[0], images.plain_batch(index)[0])


def test_mnist_is_kept_as_floats_and_cifar_as_bytes():
    assert 4 * 70_000 * 28 * 28 < resident.FLOAT_LIMIT < 4 * 60_000 * 3 * 32 * 32


def test_vectors_are_gathered():
    x, y = Resident.put(VECTORS, "cpu").train_batch(torch.tensor([5, 1]), seed=0, epoch=0)
    assert torch.equal(x, torch.from_numpy(VECTORS.x_train[[5, 1]]))
    assert y.tolist() == [2, 1]


@pytest.mark.parametrize("size", [1, 2, 5, 9])
def test_test_batches_hold_each_sample_once(size):
    put = Resident.put(VECTORS, "cpu")
    batches = list(put.test_batches(size))
    assert torch.equal(torch.cat([x for x, _ in batches]), put.x_test)
    assert torch.equal(torch.cat([y for _, y in batches]), put.y_test)
    assert len(batches) == -(-5 // size)


def test_the_digest_tells_a_change():
    put = Resident.put(VECTORS, "cpu", torch.bfloat16)
    before = put.digest_of_test()
    assert Resident.put(VECTORS, "cpu", torch.bfloat16).digest_of_test() == before
    put.x_test[3, 3] += 1
    assert put.digest_of_test() != before


def test_it_is_a_copy():
    arrays = Arrays(VECTORS.x_train.copy(), Y, VECTORS.x_test, Y[:5])
    put = Resident.put(arrays, "cpu")
    arrays.x_train[:] = -1
    assert put.x_train.min() >= 0
