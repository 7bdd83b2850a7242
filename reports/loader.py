"""How pictures are read while a device trains: the figures of reports/examples/loader.md.

    OMP_NUM_THREADS=1 python reports/loader.py

It writes JPEG files of 400x500 to a temporary folder, smooth waves with a little grain, always the same ones. Every
way reads them all, takes the same random crops and gives batches of 50 times 3x224x224 bytes. Each round measures each
way once: the processor's time of one thread a picture, by decoder, resized by torch where nothing else is said;
pictures a second on the clock with 1 and 2 workers, their start included; and how often a loop in Python turns while
another thread decodes one large picture, sleeps as long, or holds the interpreter's lock. torchcodec is optional.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
import warnings
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import torch
from PIL import Image
from tabulate import tabulate
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import io as vision

from lthcheck.data import picture
from lthcheck.data.index import Index, Part
from lthcheck.data.streamed import Streamed
from lthcheck.report.environment import environment

TILE, LARGE = (400, 500), 5000  # pixels
GRAIN, QUALITY = 8, 90  # give files of 74 kB
BATCH = 50
HELD = 20_000_000  # numbers to add up, 0.5 s or more
PILLOW, VISION = "Pillow", "torchvision.io"
SPENT, APART, MS, TURNS = "ms of the processor a picture", "a byte differs by at most", "ms", "turns of a loop"
WORKERS = {"1 worker": 1, "2 workers": 2}
TABLES = {"decoded by": [SPENT, APART], "way, images/s": [*WORKERS], "while another thread": [MS, TURNS]}


@dataclass(frozen=True)
class Epoch(Dataset[Tensor]):
    """All pictures once; its items are batches, uint8 of shape (batch, 3, side, side)."""

    read: Callable[[str, int], Any]  # in place of `picture.read`
    view: Callable[..., Tensor]  # in place of `picture.resized_crop_flip`
    index: Index
    batches: tuple[Tensor, ...]
    number: int

    def __getitem__(self, place: int) -> Tensor:
        rows = self.batches[place]
        images = torch.empty(len(rows), *self.index.shape, dtype=torch.uint8)
        drawn = picture.chances(rows, seed=0, epoch=self.number)
        for image, row, chances in zip(images, rows.tolist(), drawn, strict=True):
            image[:] = self.view(self.read(*self.index.train.file(row)), side=self.index.side, chances=chances)
        return images

    def threads(self, workers: int) -> None:
        """By lthcheck; two batches a worker are announced, as many as a DataLoader has under way."""
        with mock.patch.multiple(picture, read=self.read, resized_crop_flip=self.view):
            data = Streamed(self.index, "cpu", augmentation="resized-crop-flip", workers=workers)
            for place, rows in enumerate(self.batches):
                for later in self.batches[place : place + 1 + 2 * workers]:
                    data.ahead(later, seed=0, epoch=self.number)
                data.host_batch(rows, seed=0, epoch=self.number)

    def processes(self, workers: int) -> None:
        deque(DataLoader(self, None, sampler=range(len(self.batches)), num_workers=workers), maxlen=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore", "The image decoding and encoding capabilities of TorchVision", DeprecationWarning)
    torch.set_num_threads(1)
    load, begun, figures = os.getloadavg()[0], time.perf_counter(), defaultdict[tuple[str, str], list[float]](list)
    large = content(LARGE, LARGE, np.random.default_rng(0))
    with tempfile.TemporaryDirectory() as folder:
        index, batches = written(Path(folder), chosen.pictures), torch.arange(chosen.pictures).split(BATCH)
        for number in range(chosen.rounds):
            epochs = {name: Epoch(*decoder, index, batches, number) for name, decoder in decoders().items()}
            measure(epochs, large, figures)
    where, size = environment(), float(np.mean(index.train.sizes)) / 1e3
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "torchvision", "pillow"))
    print(f"{chosen.pictures} JPEGs of {TILE[0]}x{TILE[1]}, {size:.0f} kB each; {where['cpu']}, {where['cores']} cores")
    print(f"with load {load:.1f} before and {os.getloadavg()[0]:.1f} after {time.perf_counter() - begun:.0f} s;")
    print(f"{versions}; {where['date']}. Median (min to max) of n = {chosen.rounds}.")
    print("" if "torchcodec" in decoders() else "torchcodec is not installed, or does not load.\n")
    for corner, columns in TABLES.items():
        rows = dict.fromkeys(row for row, column in figures if column in columns)
        cells = [[row, *(spread(figures[row, column]) for column in columns)] for row in rows]
        print(tabulate(cells, headers=[corner, *columns], tablefmt="github"), end="\n\n")


def measure(epochs: dict[str, Epoch], large: bytes, figures: dict[tuple[str, str], list[float]]) -> None:
    """One round: adds a value to each list."""
    count = len(epochs[PILLOW].index.y_train)
    for name, epoch in epochs.items():
        begun = time.thread_time()
        deque(map(epoch.__getitem__, range(len(epoch.batches))), maxlen=0)
        figures[name, SPENT].append(1e3 * (time.thread_time() - begun) / count)
        figures[name, APART].append(int((epochs[PILLOW][0].int() - epoch[0].int()).abs().max()))
    for kind, way in (("threads of lthcheck", Epoch.threads), ("processes of a DataLoader", Epoch.processes)):
        for name in (PILLOW, VISION):
            for column, workers in WORKERS.items():
                begun = time.perf_counter()
                way(epochs[name], workers)
                figures[f"{kind}, {name}", column].append(count / (time.perf_counter() - begun))
    for what, work in (
        (f"decodes a picture of {LARGE}x{LARGE} with Pillow", Image.open(io.BytesIO(large)).load),
        ("sleeps as long: the loop is alone", lambda: time.sleep(took)),  # noqa: B023 - done before it changes
        (f"adds up {HELD:,} numbers and holds the lock", lambda: sum(range(HELD))),
    ):
        begun = time.perf_counter()
        figures[what, TURNS].append(turns(work))
        took = time.perf_counter() - begun
        figures[what, MS].append(1e3 * took)


def content(height: int, width: int, random: np.random.Generator) -> bytes:
    """A JPEG file: a tile of waves with grain, as often as it fits."""
    parts = ((np.arange(n)[:, None], random.uniform(0.005, 0.05, 3), random.uniform(0, 2 * np.pi, 3)) for n in TILE)
    down, across = (np.sin(place * per_pixel + phase) for place, per_pixel, phase in parts)
    tile = 127.5 + 100 * down[:, None] * across + random.normal(0, GRAIN, (*TILE, 1))
    tiles = np.tile(tile.clip(0, 255).astype(np.uint8), (-(-height // TILE[0]), -(-width // TILE[1]), 1))
    file = io.BytesIO()
    Image.fromarray(tiles[:height, :width]).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def written(folder: Path, count: int) -> Index:
    random = np.random.default_rng(0)
    files = {f"{number}.jpg": content(*TILE, random) for number in range(count)}
    part = Part.of(folder, [(name, (folder / name).write_bytes(file), 0) for name, file in files.items()])
    return Index(part, part.first(1))


def decoders() -> dict[str, tuple[Callable[[str, int], Any], Callable[..., Tensor]]]:
    """What reads a picture, and what crops, resizes and flips it."""
    found = {PILLOW: (picture.read, picture.resized_crop_flip), "Pillow, resized by it": (picture.read, by_pillow)}
    found[VISION] = (by_vision, by_torch)
    try:
        from torchcodec.decoders import decode_jpeg
    except (ImportError, OSError, RuntimeError):  # the latter two where a library that it loads is missing
        return found
    return found | {"torchcodec": (lambda path, size: decode_jpeg(path), by_torch)}


def by_vision(path: str, size: int) -> Tensor:
    return vision.decode_jpeg(vision.read_file(path), vision.ImageReadMode.RGB)


def by_pillow(image: Image.Image, side: int, chances: Sequence[float]) -> Tensor:
    (top, left, tall, wide), flip = picture.part(image.height, image.width, chances)
    cut = image.resize((side, side), Image.Resampling.BILINEAR, box=(left, top, left + wide, top + tall))
    pixels = torch.frombuffer(bytearray(cut.tobytes()), dtype=torch.uint8).view(side, side, 3).permute(2, 0, 1)
    return pixels.flip(2) if flip else pixels


def by_torch(image: Tensor, side: int, chances: Sequence[float]) -> Tensor:
    (top, left, tall, wide), flip = picture.part(image.shape[1], image.shape[2], chances)
    part = image[None, :, top : top + tall, left : left + wide]
    cut = torch.nn.functional.interpolate(part, (side, side), mode="bilinear", antialias=True)[0]
    return cut.flip(2) if flip else cut


def turns(work: Callable[[], object]) -> int:
    """How often a loop turns here while `work` is done in a thread of its own."""
    turned = 0
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        while not working.done():
            turned += 1
    working.result()
    return turned


def spread(values: Sequence[float]) -> str:
    middle, least, most = (f"{each:,.{2 * (0 < each < 10)}f}" for each in (median(values), min(values), max(values)))
    return f"{middle} ({least} to {most})"


if __name__ == "__main__":
    main()
