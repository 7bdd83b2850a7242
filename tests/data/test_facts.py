"""What is known of data sets before they are read is what they are, and to ask where they are changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lthcheck import data
from lthcheck.data import mnist, mnist1d
from lthcheck.data.facts import FACTS, here
from lthcheck.data.registry import SOURCES

HERE = Path(os.environ.get("LTHCHECK_DATA") or Path(__file__).parents[3] / "shared" / "data")
READ = ("digits", "mnist", "fashion_mnist", "cifar10", "cifar100", "svhn")


def test_every_data_set_has_facts():
    assert not set(SOURCES) - set(FACTS)


@pytest.mark.parametrize("name", READ)
def test_facts_are_what_is_read(name):
    if name not in SOURCES or not here(name, HERE):
        pytest.skip(f"{name} is not in {HERE}")
    info, known = data.describe(name, data_dir=HERE), FACTS[name]
    assert (info.shape, info.classes) == (known.shape, known.classes)
    assert (info.train_size, info.test_size) == (known.train_size, known.test_size)


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_a_download_takes_as_much_as_the_files_have(name):
    raw = HERE / {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}[name] / "raw"
    files = [raw / f"{file}.gz" for file in mnist.FILES]
    if not all(file.exists() for file in files):
        pytest.skip(f"{name} is not packed in {HERE}")
    assert FACTS[name].download == sum(file.stat().st_size for file in files)


def test_a_data_set_is_here_when_all_of_its_files_are(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    packed = dict.fromkeys(mnist.FILES, "") | {mnist.FILES[0]: ".gz"}
    for file, suffix in packed.items():
        assert not here("mnist", tmp_path)
        (raw / f"{file}{suffix}").touch()
    assert here("mnist", tmp_path)
    assert not here("fashion_mnist", tmp_path)


@pytest.mark.parametrize("archived", [True, False])
def test_cifar_is_here_as_an_archive_or_as_batches(tmp_path, archived):
    batches = ["test_batch", *(f"data_batch_{number}" for number in (1, 2, 3, 4, 5))]
    files = ["cifar-10-python.tar.gz"] if archived else [f"cifar-10-batches-py/{batch}" for batch in batches]
    for file in files:
        assert not here("cifar10", tmp_path)
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    assert all(here(name, tmp_path) for name in ("cifar10", "cifar10a", "cifar10b"))


def test_mnist1d_is_here_once_it_is_kept(cache):
    assert not here("mnist1d", None)
    cache.mkdir(parents=True)
    mnist1d.place().touch()
    assert here("mnist1d", None)


def test_to_ask_makes_nothing(tmp_path, cache):
    for name in FACTS:
        here(name, None)
        here(name, tmp_path / "nowhere")
    assert not list(tmp_path.iterdir())
