"""Augmented samples are those of torchvision's transforms on the same draws, whatever batch they stand in."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lthcheck.data import Arrays, resident
from lthcheck.data.augmentation import PAD, TRIES, crop_flip, fractions, parts, resized_crop_flip, words
from lthcheck.data.resident import Resident

SIZES = [(3, 32, 32), (1, 8, 8), (2, 5, 9)]


def images(shape, samples=24):
    """uint8 images with their own mean and deviation by channel."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (samples, *shape), dtype=np.uint8) // np.arange(1, shape[0] + 1)[:, None, None]
    return Arrays.of_images(x.astype("uint8"), np.arange(samples) % 3, x[:4].astype("uint8"), np.arange(4) % 3)


def put(arrays, augmentation="crop-flip", dtype=torch.float32):
    return Resident.put(arrays, "cpu", dtype, augmentation)


@pytest.fixture(scope="module")  # before `conftest` puts another torchvision there
def torchvision():
    """Its functions, of both generations."""
    try:
        from torchvision.transforms import functional
        from torchvision.transforms.v2 import functional as second
    except (ImportError, RuntimeError) as error:  # RuntimeError: built for another torch
        pytest.skip(f"torchvision cannot be imported: {error}")
    return functional, second


def cropped(functional, arrays, sample, seed, epoch):
    """One sample by torchvision: pad, crop, flip, to floats, normalise."""
    top, left, flip = fractions(words(seed, epoch, torch.tensor([sample])), 3)[0].tolist()
    image = functional.pad(torch.from_numpy(arrays.x_train[sample]), [PAD] * 4)
    image = functional.crop(image, int(top * 9), int(left * 9), *arrays.shape[1:])
    image = functional.hflip(image) if flip < 0.5 else image
    return functional.normalize(functional.convert_image_dtype(image), arrays.mean, arrays.std)


class TestCropFlip:
    @pytest.mark.parametrize("shape", SIZES)
    @pytest.mark.parametrize("limit", [2**30, 0], ids=["floats", "bytes"])
    def test_is_torchvision_s_bit_by_bit(self, torchvision, monkeypatch, shape, limit):
        monkeypatch.setattr(resident, "FLOAT_LIMIT", limit)
        arrays, index = images(shape), torch.tensor([5, 0, 23, 7, 7])
        x, y = put(arrays).train_batch(index, seed=3, epoch=2)
        expected = torch.stack([cropped(torchvision[0], arrays, sample, 3, 2) for sample in index.tolist()])
        assert torch.equal(x, expected)
        assert y.tolist() == [sample % 3 for sample in index.tolist()]

    def test_every_crop_and_both_flips_come_equally_often(self):
        drawn = fractions(words(0, 0, torch.arange(81_000)), 3)
        place = (drawn[:, :2] * 9).long()
        counts = torch.bincount(place[:, 0] * 18 + place[:, 1] * 2 + (drawn[:, 2] < 0.5), minlength=162)
        assert len(counts) == 162
        assert int(counts.min()) > 500 - 5 * 500**0.5  # five standard deviations
        assert int(counts.max()) < 500 + 5 * 500**0.5

    def test_outside_is_black(self):
        black = torch.tensor([-1.0, -2.0, -3.0])[:, None, None]
        x = crop_flip(torch.ones(4, 3, 4, 4), words(0, 0, torch.arange(4)), black)
        assert {tuple(pixel) for pixel in x.transpose(0, 1).flatten(1).T.tolist()} == {(1, 1, 1), (-1, -2, -3)}

    def test_of_images_given_as_floats_it_is_0(self):
        arrays = Arrays(
            np.ones((6, 2, 3, 3), "float32"), np.arange(6), np.ones((1, 2, 3, 3), "float32"), np.zeros(1, int)
        )
        x, _ = put(arrays).train_batch(torch.arange(6), seed=0, epoch=0)
        assert set(x.flatten().tolist()) == {0.0, 1.0}


class TestResizedCropFlip:
    @pytest.mark.parametrize("shape", SIZES)
    @pytest.mark.parametrize(("dtype", "within"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
    def test_is_torchvision_s(self, torchvision, shape, dtype, within):
        functional = torchvision[1]
        arrays, index = images(shape), torch.arange(24)
        made, drawn = put(arrays, "resized-crop-flip", dtype), words(1, 4, index)
        plain = made.plain_batch(index)[0]
        part, flipped = parts(drawn, *(torch.full_like(drawn, size) for size in shape[1:]))
        expected = [
            functional.resized_crop(image, *box, list(shape[1:]), antialias=True)
            for image, box in zip(plain, part.tolist(), strict=True)
        ]
        expected = [functional.hflip(x) if flip else x for x, flip in zip(expected, flipped.tolist(), strict=True)]
        x, _ = made.train_batch(index, seed=1, epoch=4)
        torch.testing.assert_close(x, torch.stack(expected), rtol=0, atol=within)

    def test_parts_are_found_as_torchvision_finds_them(self):
        """By its words: the first of ten tries that lies in the image, else the largest part at its middle."""
        sizes = [(32, 32), (500, 30), (30, 500), (7, 3), (1, 1), (224, 300)] * 40
        index = torch.arange(len(sizes))
        drawn, (height, width) = words(0, 0, index), torch.tensor(sizes).T
        part, _ = parts(drawn, height, width)
        found = 0
        for (high, wide), u, box in zip(sizes, fractions(drawn, 23).tolist(), part.tolist(), strict=True):
            for area, ratio in zip(u[:TRIES], u[TRIES : 2 * TRIES], strict=True):
                target = high * wide * (0.08 + 0.92 * area)
                aspect = np.exp(np.log(3 / 4) + (np.log(4 / 3) - np.log(3 / 4)) * ratio)
                w, h = round(np.sqrt(target * aspect)), round(np.sqrt(target / aspect))
                if 0 < w <= wide and 0 < h <= high:
                    found += 1
                    assert box == [int((high - h + 1) * u[20]), int((wide - w + 1) * u[21]), h, w]
                    break
            else:
                w, h = wide, high
                if wide / high < 3 / 4:
                    h = round(w / (3 / 4))
                elif wide / high > 4 / 3:
                    w = round(h * (4 / 3))
                assert box == [(high - h) // 2, (wide - w) // 2, h, w]
        assert 0 < found < len(sizes)

    def test_of_a_constant_image_nothing_changes(self):
        x = torch.full((8, 3, 7, 6), 0.5, dtype=torch.float64)
        assert torch.allclose(resized_crop_flip(x, words(0, 0, torch.arange(8))), x, atol=1e-15)


@pytest.mark.parametrize("name", ["crop-flip", "resized-crop-flip"])
class TestADraw:
    def test_does_not_depend_on_the_batch(self, name):
        made = put(images((3, 32, 32)), name)
        whole, _ = made.train_batch(torch.arange(24), seed=0, epoch=1)
        for index in ([4], [9, 4, 11, 4], list(range(23, -1, -1))):
            x, _ = made.train_batch(torch.tensor(index), seed=0, epoch=1)
            assert torch.equal(x, whole[index])

    def test_depends_on_seed_and_epoch(self, name):
        made, index = put(images((1, 8, 8)), name), torch.arange(24)
        seen = [made.train_batch(index, seed=seed, epoch=epoch)[0] for seed, epoch in ((0, 0), (0, 1), (1, 0), (1, 1))]
        assert not any(torch.equal(a, b) for place, a in enumerate(seen) for b in seen[:place])
        assert torch.equal(made.train_batch(index, seed=1, epoch=0)[0], seen[2])

    def test_leaves_the_data_as_they_are(self, name):
        arrays, index = images((1, 8, 8)), torch.arange(24)
        made = put(arrays, name)
        made.train_batch(index, seed=0, epoch=0)
        assert torch.equal(made.plain_batch(index)[0], Resident.put(arrays, "cpu").x_train)

    def test_is_of_images_alone(self, name):
        vectors = Arrays(np.ones((4, 9), "float32"), np.arange(4), np.ones((4, 9), "float32"), np.arange(4))
        with pytest.raises(ValueError, match=rf"augmentation='{name}' must be none .* \(9,\) are no images"):
            put(vectors, name)

    def test_draws_nothing_from_the_global_generator(self, name):
        made, before = put(images((1, 8, 8)), name), torch.get_rng_state()
        made.train_batch(torch.arange(24), seed=0, epoch=0)
        assert torch.equal(torch.get_rng_state(), before)


def test_words_of_samples_are_the_draws_of_one_stream():
    from lthcheck import draws

    stream = draws.stream(5, "augment", 7)
    assert torch.equal(words(5, 7, torch.tensor([3, 0, 9])), draws.bits(stream, 10)[[3, 0, 9]])
