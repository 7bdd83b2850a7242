"""What is absent is downloaded whole or not at all, with a bar on a terminal, and goes on where it broke off."""

from __future__ import annotations

import gzip
import hashlib
import threading

import numpy as np
import pytest
from mirror import Mirror
from test_mnist import CONTENT, IMAGES

from lthcheck import data
from lthcheck.data import download, mnist
from lthcheck.data.mnist import FILES

PACKED = {f"{file}.gz": gzip.compress(content, mtime=0) for file, content in zip(FILES, CONTENT, strict=True)}
LABELS = f"{FILES[3]}.gz"  # the last to be downloaded
BIG = np.arange(40_000, dtype="<u4").tobytes()
MD5 = hashlib.md5(BIG).hexdigest()


@pytest.fixture
def serve(start, monkeypatch):
    """Starts mirrors of Fashion-MNIST."""

    def serving(*mirrors):
        monkeypatch.setitem(mnist.MIRRORS, "FashionMNIST", tuple(start(mirror).url for mirror in mirrors))

    md5 = tuple(hashlib.md5(content).hexdigest() for content in PACKED.values())
    monkeypatch.setitem(mnist.MD5, "FashionMNIST", md5)
    return serving


def kept(folder):
    """The files that were downloaded, by name."""
    raw = folder / "FashionMNIST" / "raw"
    return {path.name: path.read_bytes() for path in raw.iterdir() if path.suffix != ".lock"}


def test_what_is_absent_is_downloaded_once(serve, cache):
    serve(mirror := Mirror(files=PACKED))
    assert np.array_equal(data.load("fashion_mnist").x_train, IMAGES[:, None])
    data.load("fashion_mnist")
    assert kept(cache) == PACKED
    assert mirror.asked == list(PACKED)


def test_what_is_there_is_not_downloaded(serve, tmp_path):
    serve(mirror := Mirror(files=PACKED))
    raw = tmp_path / "own" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file, content in zip(FILES[:3], CONTENT, strict=False):
        (raw / file).write_bytes(content)
    data.load("fashion_mnist", data_dir=tmp_path / "own")
    assert mirror.asked == [LABELS]


@pytest.mark.parametrize(
    ("mirror", "told"),
    [
        (Mirror(files=PACKED, cut={LABELS: 9}), "broke off after 9 bytes"),
        (Mirror(files=PACKED | {LABELS: b"else"}), r"4 bytes with the md5 \w+, must be \w+"),
        (Mirror(files={name: PACKED[name] for name in PACKED if name != LABELS}), "HTTP Error 404: Not Found"),
    ],
    ids=["closed early", "other bytes", "not there"],
)
def test_half_a_file_is_told_in_a_line_and_not_taken_for_whole(serve, cache, mirror, told):
    serve(mirror)
    rule = rf"FashionMNIST.raw must hold .*{LABELS}: {told}\); put them there, or name"
    with pytest.raises(ValueError, match=rule) as refused:
        data.describe("fashion_mnist")
    assert "\n" not in str(refused.value)
    assert LABELS not in kept(cache)
    mirror.files, mirror.cut, mirror.asked = PACKED, {}, []
    assert data.describe("fashion_mnist").test_size == 3
    assert mirror.asked == [(LABELS, 9) if "broke" in told else LABELS]
    assert kept(cache) == PACKED


def test_another_mirror_is_tried(serve, cache):
    serve(first := Mirror(files={}), second := Mirror(files=PACKED))
    data.load("fashion_mnist")
    assert first.asked == second.asked == list(PACKED)
    assert kept(cache) == PACKED


def test_a_folder_that_cannot_be_written_is_told_in_a_line(serve, tmp_path):
    serve(Mirror(files=PACKED))
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"could not be downloaded .*; put them there, or name another folder"):
        data.load("fashion_mnist", data_dir=tmp_path / "file")


def test_a_terminal_shows_bars(serve, terminal):
    serve(Mirror(files=PACKED))
    screen = terminal()
    data.load("fashion_mnist")
    for name in PACKED:
        assert f"lthcheck: downloading {name}:" in screen.getvalue()
        assert f"lthcheck: unpacking {name}:" in screen.getvalue()


@pytest.fixture
def place(tmp_path):
    """Where a file is to be."""
    return tmp_path / "downloads" / "big"


def fetched(place, *mirrors):
    """The file that those mirrors give, with nothing left beside it."""
    download.fetch(place, [f"{mirror.url}big" for mirror in mirrors], MD5)
    assert not place.with_name("big.part").exists()
    return place.read_bytes()


def interrupted(place, content):
    """What a download that was killed leaves."""
    place.parent.mkdir()
    place.with_name("big.part").write_bytes(content)


def test_a_download_goes_on_where_it_was_killed(start, place):
    interrupted(place, BIG[:100_000])
    mirror = start(Mirror(files={"big": BIG}))
    assert fetched(place, mirror) == BIG
    assert mirror.asked == [("big", 100_000)]


def test_a_download_goes_on_after_every_break(start, place):
    mirror = start(Mirror(files={"big": BIG}, limit=70_000))
    assert fetched(place, mirror) == BIG
    assert mirror.asked == ["big", ("big", 70_000), ("big", 140_000)]


def test_another_mirror_goes_on_where_the_first_broke_off(start, place):
    first, second = start(Mirror(files={"big": BIG}, cut={"big": 50_000})), start(Mirror(files={"big": BIG}))
    assert fetched(place, first, second) == BIG
    assert (first.asked, second.asked) == (["big", ("big", 50_000)], [("big", 50_000)])


def test_a_mirror_that_knows_no_ranges_sends_all_of_it(start, place):
    interrupted(place, b"?" * 100_000)
    mirror = start(Mirror(files={"big": BIG}, ranges=False))
    assert fetched(place, mirror) == BIG
    assert mirror.asked == [("big", 100_000)]


def test_a_mirror_may_send_from_an_earlier_byte(start, place):
    interrupted(place, BIG[:100_000])
    assert fetched(place, start(Mirror(files={"big": BIG}, earlier=1_000))) == BIG


def test_a_download_that_was_killed_at_its_end_is_kept(start, place):
    interrupted(place, BIG)
    mirror = start(Mirror(files={"big": BIG}))
    assert fetched(place, mirror) == BIG
    assert mirror.asked == [("big", len(BIG))]


@pytest.mark.parametrize("left", [b"?" * 10, BIG + b"?"], ids=["another beginning", "too long"])
def test_what_was_left_of_something_else_is_downloaded_anew(start, place, left):
    interrupted(place, left)
    mirror = start(Mirror(files={"big": BIG}))
    assert fetched(place, mirror) == BIG
    assert mirror.asked == [("big", len(left)), "big"]


def test_a_silent_mirror_is_given_up_and_what_it_sent_is_kept(start, place, monkeypatch):
    monkeypatch.setattr(download, "SILENCE", 0.2)
    released = threading.Event()
    silent, second = start(Mirror(files={"big": BIG}, limit=1_000, silent=released)), start(Mirror(files={"big": BIG}))
    silent.cut["big"] = 1_000
    assert fetched(place, silent, second) == BIG
    released.set()
    assert second.asked == [("big", 1_000)]


def test_two_at_once_download_once(start, place):
    mirror = start(Mirror(files={"big": BIG}))
    both = [threading.Thread(target=fetched, args=(place, mirror)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert mirror.asked == ["big"]


def test_a_bar_begins_where_the_download_goes_on(start, place, terminal):
    interrupted(place, BIG[:80_000])
    screen = terminal()
    fetched(place, start(Mirror(files={"big": BIG})))
    assert "lthcheck: downloading big:  50%" in screen.getvalue()
