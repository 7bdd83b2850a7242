"""Places365 (Zhou et al. 2017): 1 803 460 + 36 500 pictures of 365 scenes, streamed from disk.

torchvision.datasets.Places365 says what lies where and downloads it: the standard training set and the validation
set, which is the test split, in the edition of 256x256 pixels.
"""

from __future__ import annotations

import os
from pathlib import Path
from tarfile import TarError
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from lthcheck.data import folder, index
from lthcheck.data.bar import bar
from lthcheck.data.index import Index, Part
from lthcheck.data.info import stamps

if TYPE_CHECKING:
    from collections.abc import Iterator

SPLITS = ("train-standard", "val")
LISTS = ("categories_places365.txt", "places365_train_standard.txt", "places365_val.txt")
FOLDERS = ("data_256_standard", "val_256")


def files(data_dir: Path | None) -> list[Path]:
    """The kept index of the folder `places365`; it is made anew when the lists there change."""
    root = folder.given(data_dir) / "places365"
    with FileLock(folder.kept() / "places365.lock"):
        if not all((root / name).exists() for name in (*LISTS, *FOLDERS)):
            _download(root)
    return [index.kept("places365", stamps([root / name for name in (*LISTS, *FOLDERS)]), lambda: _index(root))]


def _opened(root: Path, *, download: bool) -> list[Any]:
    from torchvision.datasets import Places365

    return [Places365(root, split, small=True, download=download) for split in SPLITS]


def _download(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        _opened(root, download=True)
    except (ImportError, OSError, RuntimeError, TarError) as error:
        rule = f"must hold {', '.join((*LISTS, *FOLDERS))}, 25 GB; they are not there and could not be downloaded"
        remedy = "put them there, or name another folder with the option data-dir"
        raise ValueError(f"{root} {rule} ({error}); {remedy}") from error


def _index(root: Path) -> Index:
    try:
        splits = _opened(root, download=False)
    except RuntimeError as error:
        raise ValueError(f"{root}: {error} Delete it, to download it again") from error
    with bar(f"listing the pictures in {root}"):
        train, test = (Part.of(Path(split.images_dir), _pictures(split)) for split in splits)
    return Index(train, test)


def _pictures(split: Any) -> Iterator[tuple[str, int, int]]:
    for path, label in split.imgs:
        try:
            size = os.stat(path).st_size
        except OSError as error:
            rule = f"must be there, as the lists name it ({error.strerror})"
            raise ValueError(f"{path} {rule}; delete {split.images_dir}, to download it again") from error
        yield Path(path).relative_to(split.images_dir).as_posix(), size, label
