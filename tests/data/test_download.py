"""What is absent is downloaded whole or not at all, with a bar on a terminal."""

from __future__ import annotations

import gzip
import hashlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.request import urlopen

import numpy as np
import pytest
from test_torchvision_sets import CONTENT, IMAGES

from lthcheck import data
from lthcheck.data import torchvision_sets
from lthcheck.data.torchvision_sets import FILES

PACKED = {f"{file}.gz": gzip.compress(content, mtime=0) for file, content in zip(FILES, CONTENT, strict=True)}
LABELS = f"{FILES[3]}.gz"  # the last to be downloaded


class Handler(BaseHTTPRequestHandler):
    """Says how long a file is, and sends it, or what is left of it."""

    def do_GET(self):
        """One file."""
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        self.send_response(200 if name in self.server.files else 404)
        self.send_header("Content-Length", str(len(PACKED[name])))
        self.end_headers()
        self.wfile.write(self.server.files.get(name, b""))

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def serve(monkeypatch):
    """Starts mirrors of Fashion-MNIST, each with the files that it is given."""
    servers = []

    def serving(*mirrors):
        for files in mirrors:
            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            server.files, server.asked = files, []
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers.append(server)
        known = SimpleNamespace(mirrors=[f"http://127.0.0.1:{server.server_port}/" for server in servers])
        monkeypatch.setattr(sys.modules["torchvision"].datasets, "FashionMNIST", known)
        return servers

    md5 = tuple(hashlib.md5(content).hexdigest() for content in PACKED.values())
    monkeypatch.setitem(torchvision_sets.MD5, "FashionMNIST", md5)
    monkeypatch.setattr(torchvision_sets, "urlopen", urlopen)
    yield serving
    for server in servers:
        server.shutdown()
        server.server_close()


def kept(folder):
    """The files that were downloaded, by name."""
    return {path.name: path.read_bytes() for path in (folder / "FashionMNIST" / "raw").iterdir()}


def test_what_is_absent_is_downloaded_once(serve, cache):
    (server,) = serve(PACKED)
    assert np.array_equal(data.load("fashion_mnist").x_train, IMAGES[:, None])
    data.load("fashion_mnist")
    assert kept(cache) == PACKED
    assert server.asked == list(PACKED)


def test_what_is_there_is_not_downloaded(serve, tmp_path):
    (server,) = serve(PACKED)
    raw = tmp_path / "own" / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file, content in zip(FILES[:3], CONTENT, strict=False):
        (raw / file).write_bytes(content)
    data.load("fashion_mnist", data_dir=tmp_path / "own")
    assert server.asked == [LABELS]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (PACKED[LABELS][:-1], rf"{LABELS}: {len(PACKED[LABELS]) - 1} bytes with the md5 \w+, must be \w+"),
        (PACKED[LABELS][:-1] + b"?", rf"{LABELS}: {len(PACKED[LABELS])} bytes with the md5 \w+, must be \w+"),
        (None, rf"{LABELS}: HTTP Error 404: Not Found"),
    ],
    ids=["closed early", "other bytes", "not there"],
)
def test_half_a_file_is_told_in_a_line_and_not_kept(serve, cache, broken, told):
    (server,) = serve({name: content for name, content in (PACKED | {LABELS: broken}).items() if content})
    with pytest.raises(ValueError, match=rf"FashionMNIST.raw must hold .*{told}\); put them there, or name") as refused:
        data.describe("fashion_mnist")
    assert "\n" not in str(refused.value)
    assert kept(cache) == {name: content for name, content in PACKED.items() if name != LABELS}
    server.files, server.asked[:] = PACKED, []
    assert data.describe("fashion_mnist").test_size == 3
    assert server.asked == [LABELS]


def test_another_mirror_is_tried(serve, cache):
    first, second = serve({}, PACKED)
    data.load("fashion_mnist")
    assert first.asked == second.asked == list(PACKED)
    assert kept(cache) == PACKED


def test_a_folder_that_cannot_be_written_is_told_in_a_line(serve, tmp_path):
    serve(PACKED)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"could not be downloaded .*; put them there, or name another folder"):
        data.load("fashion_mnist", data_dir=tmp_path / "file")


def test_a_terminal_shows_bars(serve, terminal):
    serve(PACKED)
    screen = terminal()
    data.load("fashion_mnist")
    for name in PACKED:
        assert f"lthcheck: downloading {name}:" in screen.getvalue()
        assert f"lthcheck: unpacking {name}:" in screen.getvalue()
