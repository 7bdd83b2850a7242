"""Tiny ImageNet is read from its own folders into arrays."""

from __future__ import annotations

import os
import shutil
import zipfile

import numpy as np
import pytest
from data.trees import CLASSES, cache, photo, tiny, write  # noqa: F401
from torchvision.datasets import ImageFolder

from lthcheck import data
from lthcheck.data import download, tiny_imagenet


@pytest.fixture
def root(tmp_path):
    return tiny(tmp_path / "own" / "tiny-imagenet-200")


def load(root):
    return data.load("tiny_imagenet", data_dir=root.parent)


def test_training_images_are_torchvisions(root):
    arrays, expected = load(root), ImageFolder(root / "train")
    assert (arrays.x_train.shape, arrays.x_train.dtype) == ((9, 3, 64, 64), np.uint8)
    assert arrays.y_train.tolist() == expected.targets
    images = [np.asarray(image).transpose(2, 0, 1) for image, _ in expected]
    assert np.array_equal(arrays.x_train, images)
    grey = arrays.x_train[7]
    assert (grey == grey[0]).all()


def test_test_images_have_the_classes_of_their_annotations(root):
    arrays = load(root)
    assert arrays.y_test.tolist() == [0, 2, 1, 0]
    found = [np.abs(arrays.x_test - np.asarray(photo(70 + n, 64, 64)).transpose(2, 0, 1).astype(int)) for n in range(4)]
    assert [int(difference.mean((1, 2, 3)).argmin()) for difference in found] == [0, 1, 2, 3]


def test_it_is_described_and_decoded_once(root, monkeypatch):
    info = data.describe("tiny_imagenet", data_dir=root.parent)
    assert (info.shape, info.classes, info.train_size, info.test_size) == ((3, 64, 64), 3, 9, 4)
    monkeypatch.setattr(tiny_imagenet, "_decoded", None)
    assert load(root).fingerprint == info.fingerprint


def test_changed_folders_are_decoded_anew(root):
    before = load(root).fingerprint
    images = root / "train" / CLASSES[0] / "images"
    write(images / "more.JPEG", photo(5, 64, 64))
    os.utime(images, ns=(1, 1))
    assert load(root).fingerprint != before


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        (
            "val/val_annotations.txt",
            r"val_annotations\.txt must be there, since it alone tells .*; take it from http",
        ),
        (
            "wnids.txt",
            r"must hold wnids\.txt, the list of classes .*; delete .*tiny-imagenet-200, to download it again",
        ),
        ("val/images", r"must hold val/images; delete"),
        ("train/n01629819/images", r"must hold train/n01629819/images; delete"),
        ("val/images/val_2.JPEG", r"val/images must hold what val_annotations\.txt lists \(.*val_2\.JPEG.*\); unpack"),
    ],
)
def test_what_is_not_there_is_told(root, gone, told):
    (shutil.rmtree if (root / gone).is_dir() else os.remove)(root / gone)
    with pytest.raises(ValueError, match=told):
        load(root)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("val_0.JPEG n01443537\n", r"val_annotations\.txt has 'val_0\.JPEG n01443537', must have a file and its class"),
        ("", r"val_annotations\.txt has no line, must have"),
        (
            f"val_0.JPEG\t{CLASSES[0]}\n",
            r"of 4 pictures must hold the 1 pictures that val_annotations\.txt lists",
        ),
    ],
)
def test_annotations_that_are_not_whole_are_told(root, written, told):
    (root / "val" / "val_annotations.txt").write_text(written)
    with pytest.raises(ValueError, match=told):
        load(root)


def test_a_picture_that_is_none_or_of_another_size_is_told(root):
    path = root / "train" / CLASSES[0] / "images" / "odd.JPEG"
    path.write_bytes(b"none")
    with pytest.raises(ValueError, match=r"odd\.JPEG of 4 bytes must be a picture"):
        load(root)
    write(path, photo(0, 64, 65))
    with pytest.raises(ValueError, match=r"odd\.JPEG of \(3, 64, 65\) must be \(3, 64, 64\); unpack"):
        load(root)


def test_an_absent_folder_is_downloaded(root, monkeypatch, tmp_path):
    def fetch(path, urls, md5):
        assert (*urls, md5) == (*tiny_imagenet.URLS, tiny_imagenet.MD5)
        path.parent.mkdir()
        with zipfile.ZipFile(path, "w") as archive:
            for file in sorted(root.rglob("*")):
                archive.write(file, file.relative_to(root.parent))

    monkeypatch.setattr(download, "fetch", fetch)
    assert load(tmp_path / "new" / root.name).fingerprint == load(root).fingerprint
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["tiny-imagenet-200", "tiny-imagenet-200.zip"]


def test_an_archive_that_is_cut_off_is_told(tmp_path):
    (tmp_path / "tiny-imagenet-200.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"tiny-imagenet-200\.zip must be a whole archive .*; delete it, to download"):
        load(tmp_path / "tiny-imagenet-200")
    assert [path for path in tmp_path.glob("tiny*") if path.is_dir()] == []


def test_what_cannot_be_downloaded_is_told(tmp_path, monkeypatch):
    def fails(*_):
        raise OSError("no network")

    monkeypatch.setattr(download, "fetch", fails)
    with pytest.raises(
        ValueError, match=r"must hold tiny-imagenet-200, .*\(no network\); put them there, or name another"
    ):
        load(tmp_path / "own" / "tiny-imagenet-200")
