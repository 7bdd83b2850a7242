"""Places365 is indexed, and downloaded, by torchvision.datasets.Places365."""

from __future__ import annotations

import pytest
from data.trees import cache, photo, places, write  # noqa: F401
from torchvision.datasets import Places365

from lthcheck import data
from lthcheck.data import places365


@pytest.fixture
def root(tmp_path, monkeypatch):
    return places(tmp_path / "own" / "places365", monkeypatch)


def load(root):
    return data.load("places365", data_dir=root.parent)


@pytest.mark.parametrize(("part", "split"), [("train", "train-standard"), ("test", "val")])
def test_files_and_labels_are_those_of_the_lists(root, part, split):
    found, expected = getattr(load(root), part), Places365(root, split, small=True)
    assert list(zip(found.paths(), found.labels.tolist(), strict=True)) == expected.imgs
    assert found.file(0)[1] > 300


def test_it_is_described(root):
    info = data.describe("places365", data_dir=root.parent)
    assert (info.shape, info.classes, info.train_size, info.test_size) == ((3, 224, 224), 3, 3, 2)


def test_a_picture_that_is_not_there_is_told(root):
    path = root / "data_256_standard" / "b" / "bar" / "00000001.jpg"
    path.unlink()
    with pytest.raises(
        ValueError, match=rf"{path} must be there, as the lists name it .*; delete .*data_256_standard, to"
    ):
        load(root)


def test_a_list_that_changed_is_told(root):
    with (root / "places365_val.txt").open("a") as file:
        file.write("Places365_val_00000003.jpg 1\n")
    with pytest.raises(ValueError, match=r"places365_val\.txt does not exist or is corrupted.* Delete it, to download"):
        load(root)


def test_absent_files_are_downloaded_by_torchvision(tmp_path, monkeypatch):
    root, asked = tmp_path / "own" / "places365", []

    class Downloading(Places365):
        def __init__(self, root, split, *, small, download):
            if download:
                asked.append((split, small))
                places(root, monkeypatch)
            super().__init__(root, split, small=small)

    monkeypatch.setattr("torchvision.datasets.Places365", Downloading)
    assert len(load(root).y_train) == 3
    assert asked == [("train-standard", True), ("val", True)]


def test_what_cannot_be_downloaded_is_told(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr(places365, "_opened", fails)
    with pytest.raises(
        ValueError, match=r"places365 must hold categories_.* 25 GB; .*\(no network\); put them there, or"
    ):
        load(tmp_path / "own" / "places365")
