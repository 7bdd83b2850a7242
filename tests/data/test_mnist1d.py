"""MNIST-1D is generated once, kept, and verified when read."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from lthcheck import data
from lthcheck.data import mnist1d


@pytest.fixture
def small(monkeypatch):
    """A tenth of a second instead of six; counts how often it is made."""
    made = []

    def generate():
        made.append(1)
        return generate_all()

    generate_all = mnist1d.generate
    monkeypatch.setattr(mnist1d, "TRAIN", 30)
    monkeypatch.setattr(mnist1d, "TEST", 90)
    monkeypatch.setattr(mnist1d, "generate", generate)
    return made


@pytest.fixture
def kept(small, cache):
    """The kept file."""
    data.load("mnist1d")
    return next(cache.glob("mnist1d-*-30-90.npz"))


@pytest.mark.slow
def test_all_of_it():
    arrays = mnist1d.generate()
    assert arrays.x_train.shape == (4_000, 40)
    assert arrays.x_test.shape == (40_000, 40)
    assert arrays.x_train.dtype == np.float32
    assert arrays.classes == 10
    assert set(arrays.y_test) == set(range(10))


def test_it_is_made_once_and_stays_the_same(small):
    first = data.load("mnist1d")
    again = data.load("mnist1d")
    assert len(small) == 1
    assert first.fingerprint == again.fingerprint == mnist1d.generate().fingerprint
    assert (len(first.x_train), len(first.x_test)) == (30, 90)


def test_a_second_description_reads_no_arrays(small, monkeypatch):
    first = data.describe("mnist1d")
    assert first == data.Info("mnist1d", data.load("mnist1d").fingerprint, (40,), 10, 30, 90)
    monkeypatch.setattr(np, "load", None)
    assert data.describe("mnist1d") == first


@pytest.mark.parametrize("at", [0, 1000, -1])
def test_a_flipped_bit_is_told_and_made_anew(kept, small, at):
    true = data.load("mnist1d").fingerprint
    content = bytearray(kept.read_bytes())
    content[at] ^= 1
    kept.write_bytes(content)
    with pytest.warns(UserWarning, match="does not have the sha256 it was written with; made anew"):
        assert data.load("mnist1d").fingerprint == true
    assert len(small) == 2
    assert data.load("mnist1d").fingerprint == true


def test_a_truncated_file_is_told_and_made_anew(kept):
    kept.write_bytes(kept.read_bytes()[:-100])
    with pytest.warns(UserWarning, match="made anew"):
        data.load("mnist1d")


def test_a_file_without_its_sha256_is_told_and_made_anew(kept):
    kept.with_name(f"{kept.name}.sha256").unlink()
    with pytest.warns(UserWarning, match="made anew"):
        data.load("mnist1d")


def test_nothing_is_left_half_written(kept, cache):
    assert {path.name.removeprefix(kept.name) for path in cache.iterdir()} == {"", ".sha256", ".lock"}


def test_making_it_leaves_the_generators_alone(small):
    def states():
        return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002

    before = states()
    mnist1d.generate()
    assert states() == before
