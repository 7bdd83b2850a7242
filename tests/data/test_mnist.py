"""MNIST and Fashion-MNIST are read from torchvision's folders, packed or not, and verified."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct

import numpy as np
import pytest
from real_data import HERE
from torchvision import datasets

from lthcheck import data
from lthcheck.data import mnist


def idx(array):
    """IDX format of bytes."""
    return struct.pack(f">HBB{array.ndim}i", 0, 8, array.ndim, *array.shape) + array.astype("uint8").tobytes()


IMAGES = np.arange(5 * 28 * 28).reshape(5, 28, 28) % 251
LABELS = np.array([2, 0, 1, 1, 2])
CONTENT = [idx(IMAGES), idx(LABELS), idx(IMAGES[:3]), idx(LABELS[:3])]


@pytest.fixture
def raw(tmp_path):
    """The folder of Fashion-MNIST, unpacked."""
    folder = tmp_path / "own" / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for file, content in zip(mnist.FILES, CONTENT, strict=True):
        (folder / file).write_bytes(content)
    return folder


@pytest.fixture
def packed(raw, monkeypatch):
    """The folder of Fashion-MNIST, packed and read-only."""
    md5 = []
    for file in mnist.FILES:
        content = gzip.compress((raw / file).read_bytes())
        (raw / f"{file}.gz").write_bytes(content)
        (raw / file).unlink()
        md5.append(hashlib.md5(content).hexdigest())
    monkeypatch.setitem(mnist.MD5, "FashionMNIST", tuple(md5))
    raw.chmod(0o555)
    yield raw
    raw.chmod(0o755)


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
def test_addresses_and_sums_are_torchvision_s(name):
    known = getattr(datasets, name)
    assert set(mnist.MIRRORS[name]) == set(known.mirrors)  # their order depends on the version
    sums = {f"{file}.gz": md5 for file, md5 in zip(mnist.FILES, mnist.MD5[name], strict=True)}
    assert sums == dict(known.resources)


def test_unpacked_files_are_read(raw):
    arrays = data.load("fashion_mnist", data_dir=raw.parents[1])
    assert arrays.x_train.dtype == np.uint8
    assert np.array_equal(arrays.x_train, IMAGES[:, None])
    assert np.array_equal(arrays.x_test, IMAGES[:3, None])
    assert arrays.y_train.tolist() == [2, 0, 1, 1, 2]
    assert (arrays.shape, arrays.classes) == ((1, 28, 28), 3)
    assert arrays.mean == pytest.approx([IMAGES.mean() / 255])
    assert arrays.std == pytest.approx([IMAGES.std() / 255])


def test_packed_files_are_read_where_they_lie(packed, monkeypatch):
    monkeypatch.setenv("LTHCHECK_DATA", str(packed.parents[1]))
    assert np.array_equal(data.load("fashion_mnist").x_train, IMAGES[:, None])
    assert all(path.suffix == ".gz" for path in packed.iterdir())


def test_a_packed_file_with_another_md5_is_refused(packed):
    with (packed / "t10k-labels-idx1-ubyte.gz").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ValueError, match=r"t10k-labels-idx1-ubyte\.gz has the md5 .* must have .*; delete it"):
        data.load("fashion_mnist", data_dir=packed.parents[1])


@pytest.mark.parametrize(
    "content", [b"", CONTENT[0][:7], CONTENT[0][:-1], CONTENT[0] + b"\0", b"\0\0\x09\x03" + CONTENT[0][4:], CONTENT[1]]
)
def test_a_file_that_is_not_whole_is_refused(raw, content):
    (raw / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match="must be a whole file of bytes in IDX format"):
        data.load("fashion_mnist", data_dir=raw.parents[1])


def test_absent_files_say_where_to_put_them(raw):
    (raw / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(ValueError, match=r"raw must hold train-images-idx3-ubyte\.gz.*: no network\); put them there"):
        data.load("fashion_mnist", data_dir=raw.parents[1])


def test_a_second_description_reads_no_images(raw, monkeypatch):
    first = data.describe("fashion_mnist", data_dir=raw.parents[1])
    monkeypatch.setattr(mnist, "_idx", None)
    assert data.describe("fashion_mnist", data_dir=raw.parents[1]) == first


def test_changed_files_are_described_anew(raw):
    first = data.describe("fashion_mnist", data_dir=raw.parents[1])
    (raw / "t10k-labels-idx1-ubyte").write_bytes(idx(LABELS[2:]))
    os.utime(raw / "t10k-labels-idx1-ubyte", ns=(1, 1))
    assert data.describe("fashion_mnist", data_dir=raw.parents[1]).fingerprint != first.fingerprint


@pytest.mark.skipif(not (HERE / "FashionMNIST").is_dir(), reason="no Fashion-MNIST: LTHCHECK_DATA or ../shared/data")
def test_fashion_mnist():
    arrays = data.load("fashion_mnist", data_dir=HERE)
    assert (arrays.x_train.shape, arrays.x_test.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert np.bincount(arrays.y_train).tolist() == [6_000] * 10
    assert np.bincount(arrays.y_test).tolist() == [1_000] * 10
    assert arrays.mean == pytest.approx([0.2860], abs=5e-5)  # Xiao et al.'s images, as commonly stated
    assert arrays.std == pytest.approx([0.3530], abs=5e-5)
