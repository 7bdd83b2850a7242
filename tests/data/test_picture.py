"""Pictures are decoded, cut and resized as torchvision does it, from draws of their own."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from data.trees import cache, photo, pixels, write  # noqa: F401
from scipy import stats
from torchvision.datasets.folder import default_loader
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms.v2 import functional

from lthcheck.data import augmentation, picture

SHAPES = [(40, 56), (56, 40), (17, 90), (90, 17), (32, 32), (300, 8), (256, 341)]


def native():
    """Whether torchvision resizes bytes as bytes here; where it does not, it rounds floats."""
    return torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")


def alike(a, b):
    """Equal, or within a level of 255 where torchvision takes another way."""
    return torch.equal(a, b) if native() else bool(((a.int() - b.int()).abs() <= 1).all())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("side", [16, 28])
def test_the_view_for_testing_is_resize_and_centre_crop(shape, side):
    image = photo(3, *shape)
    short = {16: 19, 28: 32}[side]
    expected = functional.center_crop(functional.resize(pixels(image), [short], antialias=True), [side, side])
    assert alike(picture.central(image, side), expected)


def test_224_pixels_are_cut_from_256():
    image = photo(1, 300, 420)
    expected = functional.center_crop(functional.resize(pixels(image), [256], antialias=True), [224])
    assert alike(picture.central(image, 224), expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_view_for_training_is_torchvisions_on_the_same_draws(shape):
    image, flips = photo(2, *shape), set()
    for chances in picture.chances(torch.arange(12), seed=5, epoch=3):
        box, flip = picture.part(*shape, chances)
        expected = functional.resized_crop(pixels(image), *box, [16, 16], antialias=True)
        expected = functional.horizontal_flip(expected) if flip else expected
        assert alike(picture.resized_crop_flip(image, 16, chances), expected)
        flips.add(flip)
    assert flips == {True, False}


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_are_those_of_the_batched_augmentation(shape):
    samples = torch.arange(200)
    height, width = (torch.full_like(samples, length) for length in shape)
    boxes, flips = augmentation.parts(augmentation.words(7, 2, samples), height, width)
    found = [picture.part(*shape, chances) for chances in picture.chances(samples, seed=7, epoch=2)]
    assert [list(box) for box, _ in found] == boxes.tolist()
    assert [flip for _, flip in found] == flips.tolist()


@pytest.mark.parametrize("shape", [(40, 56), (17, 90)])
def test_parts_are_distributed_as_torchvisions(shape):
    image, n = photo(0, *shape), 2000
    ours = np.array([picture.part(*shape, chances)[0] for chances in picture.chances(torch.arange(n), seed=0, epoch=0)])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = np.array([RandomResizedCrop.get_params(image, [0.08, 1], [3 / 4, 4 / 3]) for _ in range(n)])
    for column in range(4):
        assert stats.ks_2samp(ours[:, column], theirs[:, column]).pvalue > 1e-3


def test_a_draw_depends_on_seed_epoch_and_sample_alone():
    whole = picture.chances(torch.arange(9), seed=1, epoch=2)
    assert picture.chances(torch.tensor([4, 7]), seed=1, epoch=2) == [whole[4], whole[7]]
    others = [picture.chances(torch.tensor([4]), seed=seed, epoch=epoch)[0] for seed, epoch in ((0, 2), (1, 1))]
    assert len({tuple(one) for one in [whole[4], whole[5], *others]}) == 4


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGB", "JPEG"), ("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "PNG"), ("L", "PNG")]
)
def test_pictures_of_every_kind_in_imagenet_are_read_as_torchvision_reads_them(tmp_path, mode, kind):
    path = tmp_path / "x.JPEG"
    write(path, photo(4, mode=mode), kind)
    found, expected = picture.read(str(path), path.stat().st_size), default_loader(path)
    assert found.mode == "RGB"
    assert found.tobytes() == expected.tobytes()


def test_a_picture_that_changed_or_is_none_is_refused(tmp_path):
    path = tmp_path / "x.jpg"
    write(path, photo(0))
    size = path.stat().st_size
    with pytest.raises(OSError, match=f"x.jpg has {size} bytes, must have the 7 it had when its folder was read"):
        picture.read(str(path), 7)
    path.write_bytes(b"<html>no picture</html>")
    with pytest.raises(OSError, match=re.escape("x.jpg of 23 bytes must be a picture (of no known kind); restore it")):
        picture.read(str(path), 23)
    write(path, photo(0))
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(OSError, match=r"x\.jpg of 300 bytes must be a picture \(.*[Tt]runcated.*\); restore it"):
        picture.read(str(path), 300)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"x\.jpg"):
        picture.read(str(path), 23)
