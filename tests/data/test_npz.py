"""A user's .npz file is read, or refused with the reason."""

from __future__ import annotations

import os

import numpy as np
import pytest

from lthcheck import data


@pytest.fixture
def write(tmp_path):
    """Writes an .npz file of four vectors and two labels, or what is given instead."""

    def written(**changed):
        vectors = np.arange(12, dtype="float64").reshape(4, 3)
        labels = np.array([0, 1, 1, 0], dtype="int32")
        arrays = {"x_train": vectors, "y_train": labels, "x_test": vectors[:2] + 1, "y_test": labels[:2]} | changed
        path = tmp_path / "own.npz"
        np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
        return str(path)

    return written


def images(*shape):
    """uint8 images of two levels."""
    return (np.arange(np.prod(shape)).reshape(shape) % 2 * 255).astype("uint8")


def test_vectors_are_taken_as_they_are(write):
    arrays = data.load(write())
    assert arrays.x_train.dtype == np.float32
    assert arrays.y_train.dtype == np.int64
    assert arrays.x_train[1].tolist() == [3, 4, 5]
    assert (arrays.shape, arrays.classes, arrays.mean) == ((3,), 2, ())


def test_images_get_a_channel_and_moments(write):
    arrays = data.load(write(x_train=images(4, 5, 6), x_test=images(2, 5, 6)))
    assert arrays.x_train.dtype == np.uint8
    assert (arrays.shape, arrays.mean, arrays.std) == ((1, 5, 6), (0.5,), (0.5,))


def test_each_channel_has_its_own_moments(write):
    x = np.stack([images(4, 5, 6), images(4, 5, 6) // 255], axis=1)
    arrays = data.load(write(x_train=x, x_test=x[:2]))
    assert arrays.mean == pytest.approx(x.mean((0, 2, 3)) / 255)
    assert arrays.std == pytest.approx(x.std((0, 2, 3)) / 255)


def test_the_fingerprint_is_that_of_the_content(write):
    first = data.describe(write())
    assert data.describe(write()) == first
    changed = data.describe(write(y_test=np.array([1, 1])))
    assert changed.fingerprint != first.fingerprint
    moments = np.array([0, 1, 1, 0]), np.array([0, 1])
    x = np.full((4, 1, 2, 2), 1, dtype="uint8"), np.full((2, 1, 2, 2), 1, dtype="uint8")
    arrays = [data.Arrays(x[0], moments[0], x[1], moments[1], (mean,), (1.0,)) for mean in (0.0, 0.5)]
    assert arrays[0].fingerprint != arrays[1].fingerprint


def test_a_changed_file_is_described_anew(write):
    path = write()
    first = data.describe(path)
    write(x_test=np.ones((2, 3)))
    os.utime(path, ns=(1, 1))
    assert data.describe(path).fingerprint != first.fingerprint


def test_a_damaged_note_is_made_anew(write, cache):
    first = data.describe(write())
    (note,) = cache.glob("info-*.json")
    for damage in ("", "{", "[]", '{"seen": "other"}', "null"):
        note.write_text(damage)
        assert data.describe(write()) == first


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"none\.npz' must be a file; write it with numpy\.savez"):
        data.load(str(tmp_path / "none.npz"))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"y_test": None}, r"must be a whole \.npz file of numbers.*y_test.*; write it with numpy\.savez"),
        ({"x_train": np.array([{}, 1], dtype=object)}, "allow_pickle=False"),
        ({"y_train": np.array([0, 1, 1])}, "x_train of 4 and y_train of 3 samples must be as many"),
        ({"x_test": np.ones((0, 3)), "y_test": np.ones(0, dtype=int)}, "not empty"),
        ({"y_train": np.array([0.0, 1, 1, 0])}, "y_train of float64.*must be int64"),
        ({"y_test": np.array([0, 2])}, r"y_test from 0 to 2 must be in \[0, 2\).*number the classes from 0"),
        ({"y_train": np.array([0, -1, 1, 0])}, "y_train from -1 to 1"),
        ({"x_train": np.full((4, 3), np.nan)}, "12 numbers are not; remove those samples"),
        ({"x_test": np.ones((2, 5))}, "must be alike"),
        ({"x_test": images(2, 5, 6)}, "must be alike"),
        ({"x_train": np.ones((4, 3), dtype="int32")}, r"use x\.astype\('float32'\)"),
        ({"x_train": images(4, 3)}, "give what is no image as float32"),
        ({"x_train": images(4, 8, 8, 3)}, r"use x\.transpose\(0, 3, 1, 2\)"),
        ({"x_train": images(4, 2, 2) * 0, "x_test": images(2, 2, 2)}, "drop channels that are constant"),
    ],
)
def test_unsound_arrays_are_refused(write, changed, told):
    with pytest.raises(ValueError, match=f"dataset=.*own.*{told}"):
        data.load(write(**changed))


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_a_file_that_is_not_whole_is_refused(write, tmp_path, content):
    path = write()
    whole = (tmp_path / "own.npz").read_bytes()
    (tmp_path / "own.npz").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(ValueError, match=r"must be a whole \.npz file"):
        data.load(path)


def test_a_single_array_is_refused(tmp_path):
    with (tmp_path / "own.npz").open("wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(ValueError, match=r"must be a whole \.npz file"):
        data.load(str(tmp_path / "own.npz"))
