"""What is known of lthcheck's own data sets before anything is read: shape, classes, sizes, what a download takes.

Sizes in samples are those of the training and the test split; ImageNet, Places365 and Tiny-ImageNet publish no labels
of their test sets, so their validation sets are meant. Bytes are those of the archives or files as published.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lthcheck.data import digits, folder, mnist, mnist1d

Found = Callable[[Path], bool]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A data set, as published.

    Attributes:
        shape: of one input.
        found: whether its files are in a folder, or wherever else they are kept; looks at names alone.
        download: bytes; None where lthcheck downloads nothing.
        otherwise: how it comes where nothing is downloaded.
    """

    shape: tuple[int, ...]
    classes: int
    train_size: int
    test_size: int
    found: Found
    download: int | None = None
    otherwise: str = "not downloadable"


def here(name: str, data_dir: Path | None) -> bool:
    """Whether the files of one of `FACTS` are there; nothing is read, made or downloaded."""
    return FACTS[name].found(folder.given(data_dir))


def _files(*files: str | tuple[str, ...]) -> Found:
    """All of the files, or for each one of its alternatives."""
    wanted = [(each,) if isinstance(each, str) else each for each in files]
    return lambda root: all(any((root / path).exists() for path in paths) for paths in wanted)


def _packed_or_not(name: str) -> Found:
    return _files(*((f"{name}/raw/{file}", f"{name}/raw/{file}.gz") for file in mnist.FILES))


def _digits(_: Path) -> bool:
    try:
        return bool(digits.files(None))
    except ValueError:
        return False


_CIFAR10_BATCHES = ("test_batch", *(f"data_batch_{number}" for number in range(1, 6)))
_CIFAR10 = _files(*((f"cifar-10-batches-py/{batch}", "cifar-10-python.tar.gz") for batch in _CIFAR10_BATCHES))
_CIFAR100 = _files(*((f"cifar-100-python/{batch}", "cifar-100-python.tar.gz") for batch in ("train", "test")))

FACTS: dict[str, Facts] = {
    "mnist1d": Facts(
        shape=(40,),
        classes=10,
        train_size=mnist1d.TRAIN,
        test_size=mnist1d.TEST,
        found=lambda _: mnist1d.place().exists(),
        otherwise="made here",
    ),
    "digits": Facts(
        shape=(1, 8, 8),
        classes=10,
        train_size=digits.TRAIN,
        test_size=digits.TEST,
        found=_digits,
        otherwise="scikit-learn's",
    ),
    "mnist": Facts(
        shape=(1, 28, 28),
        classes=10,
        train_size=60_000,
        test_size=10_000,
        found=_packed_or_not("MNIST"),
        download=9_912_422 + 28_881 + 1_648_877 + 4_542,
    ),
    "fashion_mnist": Facts(
        shape=(1, 28, 28),
        classes=10,
        train_size=60_000,
        test_size=10_000,
        found=_packed_or_not("FashionMNIST"),
        download=26_421_880 + 29_515 + 4_422_102 + 5_148,
    ),
    "cifar10": Facts(
        shape=(3, 32, 32),
        classes=10,
        train_size=50_000,
        test_size=10_000,
        found=_CIFAR10,
        download=170_498_071,
    ),
    "cifar100": Facts(
        shape=(3, 32, 32),
        classes=100,
        train_size=50_000,
        test_size=10_000,
        found=_CIFAR100,
        download=169_001_437,
    ),
    **{
        half: Facts(
            shape=(3, 32, 32),
            classes=10,
            train_size=25_000,
            test_size=10_000,
            found=_CIFAR10,
            download=170_498_071,
        )
        for half in ("cifar10a", "cifar10b")
    },
    "svhn": Facts(
        shape=(3, 32, 32),
        classes=10,
        train_size=73_257,
        test_size=26_032,
        found=_files("train_32x32.mat", "test_32x32.mat"),
        download=182_040_794 + 64_275_384,
    ),
    "tiny_imagenet": Facts(
        shape=(3, 64, 64),
        classes=200,
        train_size=100_000,
        test_size=10_000,
        found=_files("tiny-imagenet-200/wnids.txt", "tiny-imagenet-200/train", "tiny-imagenet-200/val"),
        download=248_100_043,
    ),
    "imagenet": Facts(
        shape=(3, 224, 224),
        classes=1_000,
        train_size=1_281_167,
        test_size=50_000,
        found=_files("imagenet/train", "imagenet/val"),
    ),
    "places365": Facts(
        shape=(3, 224, 224),
        classes=365,
        train_size=1_803_460,
        test_size=36_500,
        found=_files("places365/data_256_standard", "places365/val_256"),
        download=26_103_685_120 + 525_158_400,
    ),
}
