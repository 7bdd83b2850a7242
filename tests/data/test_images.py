"""Data sets in the style of torchvision become arrays, or are refused where they would become others than meant."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from lthcheck import data
from lthcheck.data.images import materialised

PIXELS = (np.arange(6 * 7 * 5 * 3) % 251).astype(np.uint8).reshape(6, 7, 5, 3)  # (n, height, width, channel)


class Pairs:
    """A data set of images, each through `kind`, with labels 0 and 1."""

    def __init__(self, kind, images=PIXELS, label=int):
        self.kind, self.images, self.label = kind, images, label

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.kind(self.images[index]), self.label(index % 2)


def both(kind, **options):
    return materialised(Pairs(kind, **options), Pairs(kind, **options))


SAME = {
    "PIL": Image.fromarray,
    "uint8 tensors": lambda image: torch.from_numpy(image.transpose(2, 0, 1).copy()),
    "uint8 arrays": lambda image: image.transpose(2, 0, 1),
}


@pytest.mark.parametrize("kind", SAME)
def test_images_are_normalised_as_those_of_a_file_are(kind, tmp_path):
    x, y = PIXELS.transpose(0, 3, 1, 2), np.arange(6) % 2
    np.savez(tmp_path / "x.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    assert both(SAME[kind]).fingerprint == data.load(str(tmp_path / "x.npz")).fingerprint


@pytest.mark.parametrize("kind", [Image.fromarray, torch.from_numpy])
def test_grey_images_have_one_channel(kind):
    assert both(kind, images=PIXELS[..., 0].copy()).shape == (1, 7, 5)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.float32])
def test_numbers_are_taken_as_they_are(kind):
    made = both(lambda image: torch.from_numpy(image[0, :, 0].copy()).to(kind) / 4)
    assert made.x_train.dtype == np.float32
    assert made.mean == ()
    assert (made.x_train == PIXELS[:, 0, :, 0] / 4).all()


def test_images_of_torchvision_are_read(tmp_path, monkeypatch):
    monkeypatch.delitem(sys.modules, "torchvision")
    datasets, transforms = pytest.importorskip("torchvision.datasets"), pytest.importorskip("torchvision.transforms")
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            (tmp_path / part / name).mkdir(parents=True)
            Image.fromarray(PIXELS[0]).save(tmp_path / part / name / "x.png")
    made = materialised(*(datasets.ImageFolder(tmp_path / part, transforms.ToTensor()) for part in ("train", "test")))
    assert made.shape == (3, 7, 5)
    assert made.y_train.tolist() == [0, 1]
    assert np.allclose(made.x_train[0], PIXELS[0].transpose(2, 0, 1) / 255)


@pytest.mark.parametrize("label", [np.int64, torch.tensor, bool, np.uint8])
def test_labels_are_whole_numbers_of_any_type(label):
    made = both(Image.fromarray, label=label)
    assert made.y_train.tolist() == [0, 1] * 3
    assert made.y_train.dtype == np.int64


_random = np.random.default_rng(0)


def mirrored(image):
    return Image.fromarray(image[:, ::-1] if _random.random() < 0.5 else image)


def rescaled(image):
    return Image.fromarray(image).resize((4 + int(image[0, 0, 0] > 0), 7))


class TestRefusals:
    @pytest.mark.parametrize(
        ("kind", "told"),
        [
            (mirrored, "the training set gives another image each time; drop its random transforms"),
            (
                rescaled,
                r"the training set's samples must be alike, not uint8 \(3, 7, 4\) and uint8 \(3, 7, 5\); resize",
            ),
            (lambda image: image, r"images of \(6, 7, 5, 3\) must be \(n, channel, height, width\)"),
            (lambda image: image.astype("int64"), "samples of int64 must be images of 8 bits a channel, or floating"),
            (lambda image: Image.fromarray(image).convert("P"), "samples with a palette must be images of 8 bits"),
            (lambda image: Image.fromarray(image).convert("1"), "samples of bool must be images of 8 bits a channel"),
        ],
    )
    def test_of_images(self, kind, told):
        with pytest.raises(ValueError, match=told):
            both(kind)

    @pytest.mark.parametrize("label", [float, str, lambda n: torch.tensor(n / 2), lambda n: np.eye(2)[n]])
    def test_of_labels(self, label):
        with pytest.raises(ValueError, match=r"the training set must give whole numbers as labels, not .*; number"):
            both(Image.fromarray, label=label)

    def test_of_an_empty_set(self):
        with pytest.raises(ValueError, match="the test set must hold samples, and is empty"):
            materialised(Pairs(Image.fromarray), Pairs(Image.fromarray, images=PIXELS[:0]))

    @pytest.mark.parametrize("sample", [PIXELS[0], (PIXELS[0], 1, "name"), 5])
    def test_of_what_are_no_pairs(self, sample):
        with pytest.raises(ValueError, match=r"the training set must give pairs of an image and a label, not .*; wrap"):
            materialised([sample] * 3, [sample] * 3)


class TestRegistered:
    def test_is_read_by_name(self):
        data.register_dataset("mine", lambda: (Pairs(Image.fromarray), Pairs(Image.fromarray)))
        assert data.load("mine").fingerprint == both(Image.fromarray).fingerprint
        assert data.describe("mine").shape == (3, 7, 5)

    def test_is_refused_by_name(self):
        data.register_dataset("mine", lambda: (Pairs(mirrored), Pairs(mirrored)))
        with pytest.raises(ValueError, match=r"^dataset='mine': the training set gives another image each time"):
            data.load("mine")

    def test_a_loader_that_fails_is_told_in_one_line(self):
        def loader():
            raise OSError("no\nfile")

        data.register_dataset("mine", loader)
        with pytest.raises(ValueError, match=r"^dataset='mine': the loader failed \(OSError: no file\); mend it$"):
            data.load("mine")

    def test_must_be_a_function(self):
        with pytest.raises(ValueError, match="dataset='mine': Arrays must be a function that gives the data"):
            data.register_dataset("mine", both(Image.fromarray))

    @pytest.mark.parametrize("name", ["", "a,b", "mine "])
    def test_goes_by_a_name_that_can_be_typed(self, name):
        with pytest.raises(ValueError, match="must be a name without commas"):
            data.register_dataset(name, tuple)


def test_an_expression_names_data_of_ones_own_by_content_alone():
    assert [data.word(name) for name in ("mnist1d", "mnist", "fashion_mnist")] == ["mnist1d", "mnist", "fashion_mnist"]
    assert {data.word(name) for name in ("mine", "a/mine.npz", "b/mine.npz")} == {"own"}
