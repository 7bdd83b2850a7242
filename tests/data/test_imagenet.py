"""ImageNet's folders are indexed as torchvision.datasets.ImageNet reads them."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from data.trees import CLASSES, cache, imagenet, photo, write  # noqa: F401
from torchvision.datasets import ImageNet

from lthcheck import data
from lthcheck.data import class_folders


@pytest.fixture
def root(tmp_path):
    return imagenet(tmp_path / "own" / "imagenet")


def load(root):
    return data.load("imagenet", data_dir=root.parent)


def describe(root):
    return data.describe("imagenet", data_dir=root.parent)


@pytest.mark.parametrize(("part", "split"), [("train", "train"), ("test", "val")])
def test_files_and_labels_are_torchvisions(root, part, split):
    found, expected = getattr(load(root), part), ImageNet(root, split)
    assert list(found.paths()) == [path for path, _ in expected.imgs]
    assert found.labels.tolist() == expected.targets
    assert found.sizes.tolist() == [os.path.getsize(path) for path, _ in expected.imgs]


def test_it_is_described(root):
    info = describe(root)
    assert (info.name, info.shape, info.classes, info.train_size, info.test_size) == (
        "imagenet",
        (3, 224, 224),
        3,
        12,
        6,
    )
    assert info.fingerprint == load(root).fingerprint


def test_a_second_description_asks_no_file_for_its_size(root, monkeypatch):
    first = describe(root)
    monkeypatch.setattr(class_folders, "pictures", None)
    assert describe(root) == first
    assert load(root).fingerprint == first.fingerprint


def test_the_fingerprint_is_that_of_the_tree_wherever_it_lies(root, tmp_path):
    shutil.copytree(root, tmp_path / "else" / "imagenet")
    assert describe(tmp_path / "else" / "imagenet").fingerprint == describe(root).fingerprint


def _added(root):
    write(root / "train" / CLASSES[1] / "more.JPEG", photo(0))


def _gone(root):
    (root / "val" / CLASSES[0] / "ILSVRC2012_val_00000001.JPEG").unlink()


def _moved(root):
    (root / "train" / CLASSES[0] / f"{CLASSES[0]}_0.JPEG").rename(root / "train" / CLASSES[1] / "moved.JPEG")


def _encoded_anew(root):
    path = root / "train" / CLASSES[0] / f"{CLASSES[0]}_0.JPEG"
    path.unlink()
    photo(0).save(path, "JPEG", quality=30)


@pytest.mark.parametrize("change", [_added, _gone, _moved, _encoded_anew])
def test_a_change_in_the_tree_is_another_fingerprint(root, change):
    before = describe(root).fingerprint
    change(root)
    for folder in (path for path in root.glob("*/*") if path.is_dir()):
        os.utime(folder, ns=(1, 1))  # the clock of a file system may be coarser than this test
    assert describe(root).fingerprint != before


def test_labels_are_in_the_fingerprint(root):
    index = load(root)
    before = index.fingerprint
    index.train.labels[0] = 2
    del index.__dict__["fingerprint"]
    assert index.fingerprint != before


def test_the_kept_index_holds_no_pickles(root, cache):  # noqa: F811
    describe(root)
    (path,) = cache.glob("imagenet-*.npz")
    with np.load(path, allow_pickle=False) as kept:
        assert sorted(kept.files) == sorted(
            f"{a}_{b}" for a in ("train", "test") for b in ("root", "names", "sizes", "labels")
        )


def test_a_kept_index_that_is_cut_off_is_told(root, cache):  # noqa: F811
    describe(root)
    (path,) = cache.glob("imagenet-*.npz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"npz must be the index that lthcheck wrote .*; delete it, to make it anew"):
        load(root)


@pytest.mark.parametrize("split", ["train", "val"])
def test_absent_folders_say_how_to_get_them(root, split):
    shutil.rmtree(root / split)
    with pytest.raises(
        ValueError, match=rf"must hold the folder {split} .*ILSVRC2012_img_train\.tar.* whose licence fo"
    ):
        describe(root)


def test_validation_pictures_that_were_not_sorted_into_classes_are_refused(root):
    shutil.rmtree(root / "val")
    write(root / "val" / "ILSVRC2012_val_00000001.JPEG", photo(0))
    with pytest.raises(
        ValueError, match=rf"train and val must hold the same classes.* {CLASSES[0]} is in one of them; del"
    ):
        describe(root)


def test_a_class_without_pictures_is_refused(root):
    for path in (root / "train" / CLASSES[2]).iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=rf"train/{CLASSES[2]} must hold pictures \(\.jpg"):
        describe(root)
