"""Halves and subsets: the classes in equal shares, the same everywhere, the whole test split with each."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from lthcheck import data
from lthcheck.data import cifar, registry, subset

CLASSES = 5
PINNED_SUBSET = [7, 25, 33, 173, 188, 201, 211, 236, 242, 248]
PINNED_HALF = [3, 6, 7, 8, 10, 12, 16, 17, 18, 19]  # the first ten places


def images(sizes):
    """Images whose two pixels tell their places, of classes of those sizes."""
    y = np.repeat(np.arange(len(sizes)), sizes)
    y = y[np.argsort(np.arange(len(y)) * 7919 % 101, kind="stable")]
    places = np.arange(len(y))
    x = np.stack([places % 256, places // 256], 1).astype("uint8").reshape(-1, 1, 1, 2)
    return data.Arrays.of_images(x, y, x[:7], y[:7] * 0)


def places(arrays):
    """Which images of the whole these are."""
    low, high = arrays.x_train.reshape(-1, 2).astype(int).T
    return (low + 256 * high).tolist()


@pytest.fixture
def whole(monkeypatch):
    """What is read as CIFAR-10, as MNIST-1D and as a set that is no small one."""
    made = images([60] * CLASSES)
    floats = [x.reshape(-1, 2).astype("float32") for x in (made.x_train, made.x_test)]
    vectors = data.Arrays(floats[0], made.y_train, floats[1], made.y_test)
    monkeypatch.setattr(cifar, "read", lambda *_: made)  # which the halves call
    sources = {
        "cifar10": registry.Source(nothing, lambda _: made),
        "cifar10a": replace(registry.SOURCES["cifar10a"], files=nothing),
        "cifar10b": replace(registry.SOURCES["cifar10b"], files=nothing),
        "mnist1d": registry.Source(nothing, lambda _: vectors),
        "large": registry.Source(nothing, lambda _: made, small=False),
    }
    for name, source in sources.items():
        monkeypatch.setitem(registry.SOURCES, name, source)
    return made


def nothing(_):
    """No files."""
    return []


def test_halves_are_disjoint_and_together_the_whole(whole):
    both = [data.load(name) for name in ("cifar10a", "cifar10b")]
    assert sorted(places(both[0]) + places(both[1])) == places(whole)
    for half in both:
        assert np.bincount(half.y_train).tolist() == [30] * CLASSES
        assert np.array_equal(half.x_test, whole.x_test)
        assert np.array_equal(half.y_test, whole.y_test)


def test_every_image_keeps_its_label_and_its_turn(whole):
    for name in ("cifar10a", "cifar10b", "cifar10-50"):
        arrays = data.load(name)
        assert np.array_equal(arrays.y_train, whole.y_train[places(arrays)])
        assert places(arrays) == sorted(places(arrays))


def test_each_is_normalised_by_its_own_images(whole):
    for name in ("cifar10a", "cifar10b", "cifar10-50"):
        arrays = data.load(name)
        assert arrays.mean == pytest.approx([arrays.x_train.mean() / 255])
        assert arrays.std == pytest.approx([arrays.x_train.std() / 255])


def test_larger_subsets_contain_the_smaller(whole):
    taken = [set(places(data.load(f"cifar10-{n}"))) for n in range(CLASSES, 301, CLASSES)]
    assert all(small < large for small, large in itertools.pairwise(taken))
    for n, those in zip(range(CLASSES, 301, CLASSES), taken, strict=True):
        assert np.bincount(whole.y_train[sorted(those)]).tolist() == [n // CLASSES] * CLASSES


def test_the_draw_is_pinned(whole):
    assert places(data.load("cifar10-10")) == PINNED_SUBSET
    assert places(data.load("cifar10b"))[:10] == PINNED_HALF


def test_halves_and_subsets_are_drawn_apart(whole):
    half, subset = (set(places(data.load(name))) for name in ("cifar10a", "cifar10-150"))
    assert 40 < len(half & subset) < 110  # 75 and 6 of standard deviation, where each is drawn alone
    assert set(places(data.load("cifar10a-50"))) < half


def test_vectors_are_taken_as_they_are(whole):
    arrays = data.load("mnist1d-50")
    assert (arrays.x_train.dtype, arrays.x_train.shape, arrays.mean) == (np.float32, (50, 2), ())


def test_a_subset_is_described_by_its_own_name(whole):
    info = data.describe("cifar10-50")
    assert (info.name, info.train_size, info.test_size, info.classes) == ("cifar10-50", 50, 7, CLASSES)
    assert data.name_of(data.word("cifar10-50"), info.fingerprint) == "cifar10-50"


@pytest.mark.parametrize(("n", "near"), [(1, 5), (52, 50), (305, 300), (10**30, 300)])
def test_a_number_out_of_range_is_told_with_the_nearest(whole, n, near):
    rule = rf"^dataset='cifar10-{n}': {n} training samples of cifar10 must be .* 5 classes, at most 300, .*-{near}$"
    with pytest.raises(ValueError, match=rule):
        data.describe(f"cifar10-{n}")


def test_the_smallest_class_says_how_many_there_can_be():
    uneven = images([9, 4, 20])
    assert np.bincount(subset.first("svhn", uneven, 12).y_train).tolist() == [4, 4, 4]
    with pytest.raises(ValueError, match="at most 12, which its smallest class allows; write svhn-12"):
        subset.first("svhn", uneven, 15)


def test_large_sets_have_no_subsets_by_name(whole):
    data.check("large")
    with pytest.raises(ValueError, match="dataset='large-50' is not known"):
        data.check("large-50")


@pytest.mark.slow
def test_halves_and_subset_of_cifar10(cifar10_folder):
    whole, a, b, subset = (
        data.load(name, data_dir=cifar10_folder) for name in ("cifar10", "cifar10a", "cifar10b", "cifar10-5000")
    )
    rows = [{image.tobytes() for image in each.x_train} for each in (whole, a, b, subset)]
    assert [len(each.x_train) for each in (a, b, subset)] == [25_000, 25_000, 5_000]
    assert rows[1] | rows[2] == rows[0]
    assert rows[3] < rows[0]
    for arrays, each in ((a, 2_500), (b, 2_500), (subset, 500)):
        assert np.bincount(arrays.y_train).tolist() == [each] * 10
        assert np.array_equal(arrays.x_test, whole.x_test)
