"""Data sets are known by name; users add theirs."""

from __future__ import annotations

import numpy as np
import pytest

from lthcheck import data


def arrays(value=0.0):
    """Four vectors of two classes."""
    x = np.full((4, 3), value, dtype="float32")
    y = np.array([0, 1, 0, 1])
    return data.Arrays(x, y, x[:2], y[:2])


def test_unknown_name_says_which_was_meant():
    with pytest.raises(
        ValueError, match=r"^dataset='fashion-mnist' is not known; did you mean fashion_mnist\? Known: mn"
    ):
        data.check("fashion-mnist")


@pytest.mark.parametrize("use", [data.load, data.describe])
def test_unknown_name_is_refused_everywhere(use):
    with pytest.raises(ValueError, match="is not known"):
        use("cifar1000")


def test_names_are_known():
    large = ["tiny_imagenet", "imagenet", "places365"]
    assert data.names() == ["mnist1d", "digits", "mnist", "fashion_mnist", *large, "<path>.npz"]
    for name in ("mnist1d", "digits", "mnist", "fashion_mnist", *large, "folder/own.npz"):
        data.check(name)


def test_own_data():
    data.register_dataset("own", arrays)
    assert "own" in data.names()
    assert data.describe("own") == data.Info("own", arrays().fingerprint, (3,), 2, 4, 2)
    data.register_dataset("own", lambda: arrays(1.0))
    assert data.describe("own").fingerprint == arrays(1.0).fingerprint != arrays().fingerprint


@pytest.mark.parametrize("name", ["mnist1d", "own.npz"])
def test_own_data_must_not_take_a_name(name):
    with pytest.raises(ValueError, match="choose another"):
        data.register_dataset(name, arrays)


def test_own_data_must_be_arrays():
    data.register_dataset("own", lambda: (1, 2))
    with pytest.raises(ValueError, match=r"the loader gave tuple, must give lthcheck\.Arrays"):
        data.load("own")


def test_own_data_that_is_unsound_is_told_by_name():
    data.register_dataset("own", lambda: arrays(np.inf))
    with pytest.raises(ValueError, match="dataset='own': x_train of float32"):
        data.load("own")
