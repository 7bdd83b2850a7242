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


SMALL = ["mnist1d", "digits", "mnist", "fashion_mnist", "cifar10", "cifar100", "svhn", "cifar10a", "cifar10b"]
LARGE = ["tiny_imagenet", "imagenet", "places365"]


def test_names_are_known():
    assert data.names() == [*SMALL, *LARGE, "<name>-<n>", "<path>.npz"]
    for name in (*SMALL, *LARGE, "cifar10-5000", "tiny_imagenet-500", "folder/own.npz"):
        data.check(name)


def test_an_expression_names_subsets_and_own_data():
    assert [data.word(name) for name in (*SMALL, "svhn-100")] == [*SMALL, "svhn-100"]
    assert data.word("own.npz") == data.word("own") == data.word("own-100") == "own"


@pytest.mark.parametrize("name", ["cifar10-0", "cifar10-050", "cifar10-", "cifar10-5k", "cifar10--5", "cifar10-500-50"])
def test_subsets_are_spelled_in_one_way(name):
    with pytest.raises(ValueError, match=r"is not known; did you mean cifar100?\? Known: .*, <name>-<n>, "):
        data.check(name)


def test_own_data():
    data.register_dataset("own", arrays)
    assert "own" in data.names()
    assert data.describe("own") == data.Info("own", arrays().fingerprint, (3,), 2, 4, 2)
    data.register_dataset("own", lambda: arrays(1.0))
    assert data.describe("own").fingerprint == arrays(1.0).fingerprint != arrays().fingerprint


@pytest.mark.parametrize("name", ["mnist1d", "own.npz", "mnist1d-500"])
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
