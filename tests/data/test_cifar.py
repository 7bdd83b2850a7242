"""CIFAR-10 and -100 are read as torchvision reads them, from the batches or their archive, and verified."""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from mirror import Mirror
from python2_pickle import pickled
from torchvision import datasets

from lthcheck import data
from lthcheck.data import cifar

N = 20  # images a batch
CLASSES = {"CIFAR10": datasets.CIFAR10, "CIFAR100": datasets.CIFAR100}
NAMES = {"CIFAR10": "cifar10", "CIFAR100": "cifar100"}
pytestmark = pytest.mark.filterwarnings("ignore:dtype..:numpy.exceptions.VisibleDeprecationWarning")  # torchvision's


def batch(name, number):
    """A small batch of the true format."""
    entry = {"data": (np.arange(N * 3072) * (number + 7) // 5 % 256).astype("uint8").reshape(N, 3072)}
    if name == "CIFAR100":
        entry["coarse_labels"] = [label % 5 for label in range(N)]
    entry[cifar.LAYOUTS[name].labels] = [(label * 3 + number) % 10 for label in range(N)]
    return pickled(entry)


@pytest.fixture(params=["CIFAR10", "CIFAR100"])
def small(request, monkeypatch):
    """The name of a data set whose published md5 are those of small batches, and these by name."""
    layout = cifar.LAYOUTS[request.param]
    contents = {of: batch(request.param, number) for number, of in enumerate(layout.batches)}
    sums = {of: hashlib.md5(content).hexdigest() for of, content in contents.items()}
    layout = replace(layout, train={of: sums[of] for of in layout.train}, test={of: sums[of] for of in layout.test})
    monkeypatch.setitem(cifar.LAYOUTS, request.param, layout)
    return request.param, contents


@pytest.fixture
def unpacked(small, tmp_path):
    """The folder with the batches."""
    name, contents = small
    folder = tmp_path / "own" / cifar.LAYOUTS[name].folder
    folder.mkdir(parents=True)
    for of, content in contents.items():
        (folder / of).write_bytes(content)
    return name, folder


def packed(name, contents):
    """The archive of the batches, with a page about them."""
    file, folder = io.BytesIO(), cifar.LAYOUTS[name].folder
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        above = tarfile.TarInfo(folder)
        above.type = tarfile.DIRTYPE
        archive.addfile(above)
        for of, content in {"readme.html": b"<p>", **dict(reversed(contents.items()))}.items():
            member = tarfile.TarInfo(f"{folder}/{of}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def torchvision_own(name, folder, layout, *, train):
    """Images and labels of torchvision's class."""
    small = type("Small", (CLASSES[name],), {
        "train_list": [list(each) for each in layout.train.items()],
        "test_list": [list(each) for each in layout.test.items()],
        "_load_meta": lambda self: None,
    })  # fmt: skip
    made = small(folder.parent, train=train)
    return np.array(made.data).transpose(0, 3, 1, 2), np.array(made.targets)


def test_layouts_are_torchvision_s():
    for name, layout in cifar.LAYOUTS.items():
        of = CLASSES[name]
        assert (layout.folder, layout.archive) == (of.base_folder, (of.filename, of.tgz_md5))
        assert f"{cifar.MIRROR}{layout.archive[0]}" == of.url
        assert [*layout.train.items()] == [tuple(each) for each in of.train_list]
        assert [*layout.test.items()] == [tuple(each) for each in of.test_list]


def test_batches_are_read_as_torchvision_reads_them(unpacked):
    name, folder = unpacked
    arrays, layout = data.load(NAMES[name], data_dir=folder.parent), cifar.LAYOUTS[name]
    for x, y, train in ((arrays.x_train, arrays.y_train, True), (arrays.x_test, arrays.y_test, False)):
        images, labels = torchvision_own(name, folder, layout, train=train)
        assert np.array_equal(x, images)
        assert np.array_equal(y, labels)
    assert (len(arrays.x_train), len(arrays.x_test)) == (N * len(layout.train), N)


def test_the_archive_is_read_where_it_lies(small, unpacked, tmp_path):
    name, contents = small
    (tmp_path / "packed").mkdir()
    archive = tmp_path / "packed" / cifar.LAYOUTS[name].archive[0]
    archive.write_bytes(packed(name, contents))
    one = data.load(NAMES[name], data_dir=tmp_path / "packed")
    assert one.fingerprint == data.load(NAMES[name], data_dir=unpacked[1].parent).fingerprint
    assert list(archive.parent.iterdir()) == [archive]


def test_the_archive_is_downloaded_once(small, start, monkeypatch, cache):
    name, contents = small
    layout = cifar.LAYOUTS[name]
    content = packed(name, contents)
    file, md5 = layout.archive[0], hashlib.md5(content).hexdigest()
    mirror = start(Mirror(files={file: content}, limit=len(content) // 2 + 1))
    monkeypatch.setitem(cifar.LAYOUTS, name, replace(layout, archive=(file, md5)))
    monkeypatch.setattr(cifar, "MIRROR", mirror.url)
    for _ in range(2):
        assert data.describe(NAMES[name]).test_size == N
    assert mirror.asked == [file, (file, len(content) // 2 + 1)]
    assert (cache / file).read_bytes() == content


def test_a_batch_with_another_md5_is_never_unpickled(unpacked):
    name, folder = unpacked
    path = folder / [*cifar.LAYOUTS[name].batches][-1]
    path.write_bytes(b"cos\nmkdir\n(S'made'\ntR." + path.read_bytes())
    with pytest.raises(ValueError, match=rf"^dataset='{NAMES[name]}': .*{path.name} has the md5 .*, must have .*; del"):
        data.load(NAMES[name], data_dir=folder.parent)


def test_an_archive_of_another_batch_is_refused(small, tmp_path):
    name, contents = small
    (of, content), *_ = contents.items()
    archive = tmp_path / cifar.LAYOUTS[name].archive[0]
    archive.write_bytes(packed(name, contents | {of: content + b"."}))
    with pytest.raises(ValueError, match=rf"{archive.name} \({of}\) has the md5 .*, must have .*; delete it"):
        data.load(NAMES[name], data_dir=tmp_path)


def test_a_batch_that_asks_for_more_than_arrays_is_refused(unpacked, monkeypatch):
    name, folder = unpacked
    layout, evil = cifar.LAYOUTS[name], b"cos\nmkdir\n(S'made'\ntR."
    (of,) = layout.test
    (folder / of).write_bytes(evil)
    monkeypatch.setitem(cifar.LAYOUTS, name, replace(layout, test={of: hashlib.md5(evil).hexdigest()}))
    with pytest.raises(ValueError, match=rf"{of} must hold images and labels alone \(os\.mkdir is neither"):
        data.load(NAMES[name], data_dir=folder.parent)


@pytest.mark.parametrize("broken", [slice(0, 200), slice(0, 0), slice(3, None)])
def test_an_archive_that_is_not_whole_is_refused(small, tmp_path, broken):
    name, contents = small
    (tmp_path / cifar.LAYOUTS[name].archive[0]).write_bytes(packed(name, contents)[broken])
    with pytest.raises(ValueError, match=r"gz must (be a whole archive|hold) .*; delete it, to download it again"):
        data.load(NAMES[name], data_dir=tmp_path)


def test_an_archive_without_a_batch_is_refused(small, tmp_path):
    name, contents = small
    missing, _ = contents.popitem()
    (tmp_path / cifar.LAYOUTS[name].archive[0]).write_bytes(packed(name, contents))
    with pytest.raises(ValueError, match=rf"gz must hold {missing}; delete it, to download it again"):
        data.load(NAMES[name], data_dir=tmp_path)


def test_absent_files_say_where_to_put_them(small, tmp_path):
    layout = cifar.LAYOUTS[small[0]]
    with pytest.raises(
        ValueError, match=rf"must hold {layout.archive[0]}, or {layout.folder}/ with .*: no network\); p"
    ):
        data.load(NAMES[small[0]], data_dir=tmp_path)


@pytest.mark.slow
def test_cifar10(cifar10_folder):
    arrays = data.load("cifar10", data_dir=cifar10_folder)
    for x, y, train in ((arrays.x_train, arrays.y_train, True), (arrays.x_test, arrays.y_test, False)):
        whole = datasets.CIFAR10(cifar10_folder, train=train)
        assert np.array_equal(x, whole.data.transpose(0, 3, 1, 2))
        assert y.tolist() == whole.targets
    assert (arrays.x_train.shape, arrays.x_test.shape) == ((50_000, 3, 32, 32), (10_000, 3, 32, 32))
    assert arrays.mean == pytest.approx([0.4914, 0.4822, 0.4465], abs=5e-5)  # as commonly stated
    assert arrays.std == pytest.approx([0.2470, 0.2435, 0.2616], abs=5e-5)
