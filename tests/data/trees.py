"""Folders of small pictures, laid out as the published data sets are."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from PIL import Image

from lthcheck.data.index import Index, Part

CLASSES = ("n01443537", "n01629819", "n01641577")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache folder of this test; in its conftest's place, which takes torchvision away."""
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LTHCHECK_DATA", raising=False)
    return tmp_path / "cache" / "data"


def photo(number, height=40, width=56, mode="RGB"):
    """A smooth picture, another one for each number."""
    down, right = np.mgrid[0:height, 0:width]
    waves = [np.sin(down / (3 + number % 5) + colour) * np.cos(right / (4 + number % 7)) for colour in range(3)]
    return Image.fromarray((128 + 100 * np.stack(waves, 2)).astype("uint8")).convert(mode)


def pixels(image):
    """uint8 of shape (3, height, width)."""
    return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)


def write(path, image, kind="JPEG"):
    """Writes a picture, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, kind)


def imagenet(root, *, train=4, val=2):
    """Three classes of ImageNet, a grey picture and a PNG among them, with what torchvision keeps of the devkit."""
    for label, name in enumerate(CLASSES):
        for number in range(train):
            image = photo(10 * label + number, 40 + 7 * number, 56 - 4 * label, "L" if number == 2 else "RGB")
            kind = "PNG" if (label, number) == (1, 1) else "JPEG"
            write(root / "train" / name / f"{name}_{number}.JPEG", image, kind)
        for number in range(val):
            write(root / "val" / name / f"ILSVRC2012_val_{number:08}.JPEG", photo(100 + 10 * label + number))
    torch.save(({name: (name,) for name in CLASSES}, []), root / "meta.bin")
    return root


def places(root, monkeypatch):
    """Two scenes of Places365; torchvision is told the checksums of these lists."""
    from torchvision.datasets import Places365

    train = {"/a/airfield/00000001.jpg": 0, "/b/bar/00000001.jpg": 1, "/a/apartment/outdoor/00000002.jpg": 2}
    val = {"Places365_val_00000001.jpg": 1, "Places365_val_00000002.jpg": 0}
    for number, name in enumerate(train):
        write(root / "data_256_standard" / name[1:], photo(number))
    for number, name in enumerate(val):
        write(root / "val_256" / name, photo(50 + number))
    lists = {
        "categories_places365.txt": {"/a/airfield": 0, "/b/bar": 1, "/a/apartment/outdoor": 2},
        "places365_train_standard.txt": train,
        "places365_val.txt": val,
    }
    md5 = {}
    for name, content in lists.items():
        (root / name).write_text("".join(f"{path} {label}\n" for path, label in content.items()))
        md5[name] = hashlib.md5((root / name).read_bytes()).hexdigest()
    monkeypatch.setattr(Places365, "_CATEGORIES_META", ("categories_places365.txt", md5["categories_places365.txt"]))
    for split, name in (("train-standard", "places365_train_standard.txt"), ("val", "places365_val.txt")):
        monkeypatch.setitem(Places365._FILE_LIST_META, split, (name, md5[name]))
    return root


def tiny(root, *, train=3, val=4):
    """Three classes of Tiny ImageNet, a grey picture among them; wnids.txt in an order of its own."""
    lines = []
    for label, name in enumerate(CLASSES):
        for number in range(train):
            image = photo(10 * label + number, 64, 64, "L" if (label, number) == (2, 1) else "RGB")
            write(root / "train" / name / "images" / f"{name}_{number}.JPEG", image)
    for number in range(val):
        write(root / "val" / "images" / f"val_{number}.JPEG", photo(70 + number, 64, 64))
        lines.append(f"val_{number}.JPEG\t{CLASSES[-number % 3]}\t0\t32\t44\t62\n")
    (root / "val" / "val_annotations.txt").write_text("".join(lines))
    (root / "wnids.txt").write_text("".join(f"{name}\n" for name in reversed(CLASSES)))
    return root


def index(root, *, train=12, test=5, side=16, classes=3):
    """Pictures of several sizes and their index, for networks that are given squares of `side`."""
    parts = []
    for split, count in (("train", train), ("test", test)):
        rows = []
        for number in range(count):
            name = f"{split}/{number}.jpg"
            write(root / name, photo(number, 20 + 3 * (number % 4), 34 - 5 * (number % 3)))
            rows.append((name, (root / name).stat().st_size, number % classes))
        parts.append(Part.of(root, rows))
    return Index(*parts, side=side)
