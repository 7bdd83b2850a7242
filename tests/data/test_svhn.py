"""SVHN is read as torchvision reads it, without the extra set, and verified."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from mirror import Mirror
from scipy.io import savemat
from torchvision import datasets

from lthcheck import data
from lthcheck.data import svhn


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder with small files of the true format, whose md5 pass for the published ones."""
    folder = tmp_path / "own"
    folder.mkdir()
    for number, file in enumerate(svhn.FILES):
        n = 30 - 10 * number
        images = (np.arange(32 * 32 * 3 * n) * (number + 3) // 7 % 256).astype("uint8").reshape(32, 32, 3, n)
        labels = np.arange(n, dtype="uint8")[:, None] * 7 % 10 + 1
        savemat(folder / file, {"X": images, "y": labels}, do_compression=True)
        monkeypatch.setitem(svhn.FILES, file, hashlib.md5((folder / file).read_bytes()).hexdigest())
    return folder


def test_files_are_torchvision_s():
    both = [datasets.SVHN.split_list[part] for part in ("train", "test")]
    assert both == [[f"{svhn.MIRROR}{file}", file, md5] for file, md5 in svhn.FILES.items()]


def test_files_are_read_as_torchvision_reads_them(small, monkeypatch):
    arrays = data.load("svhn", data_dir=small)
    sums = {part: ["", file, md5] for part, (file, md5) in zip(("train", "test"), svhn.FILES.items(), strict=True)}
    monkeypatch.setattr(datasets.SVHN, "split_list", sums)
    for x, y, part in ((arrays.x_train, arrays.y_train, "train"), (arrays.x_test, arrays.y_test, "test")):
        whole = datasets.SVHN(small, split=part)
        assert np.array_equal(x, whole.data)
        assert np.array_equal(y, whole.labels)
    assert (arrays.shape, arrays.classes, len(arrays.x_train), len(arrays.x_test)) == ((3, 32, 32), 10, 30, 20)
    assert arrays.y_train[:4].tolist() == [1, 8, 5, 2]
    assert arrays.y_train[7] == 0  # 10 in the file


def test_another_md5_is_refused(small):
    with (small / "test_32x32.mat").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ValueError, match=r"test_32x32\.mat has the md5 .* must have .*; delete it"):
        data.load("svhn", data_dir=small)


def test_both_files_are_downloaded_and_not_the_extra_set(small, start, monkeypatch, cache):
    mirror = start(Mirror(files={file: (small / file).read_bytes() for file in svhn.FILES}))
    monkeypatch.setattr(svhn, "MIRROR", mirror.url)
    assert data.describe("svhn").train_size == 30
    assert mirror.asked == [*svhn.FILES]
    assert {path.name for path in cache.glob("*.mat")} == {*svhn.FILES}


def test_absent_files_say_where_to_put_them(tmp_path):
    with pytest.raises(ValueError, match=r"must hold train_32x32\.mat, test_32x32\.mat; .*: no network"):
        data.load("svhn", data_dir=tmp_path)
