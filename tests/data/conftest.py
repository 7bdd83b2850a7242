"""No test here reads or writes the user's cache, or downloads."""

from __future__ import annotations

import io
import sys
import threading
from http.server import ThreadingHTTPServer
from urllib.request import urlopen

import pytest
from mirror import Handler

from lthcheck.data import bar, download, registry


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self):
        """Yes."""
        return True


def _no_network(*_, **__):
    raise OSError("no network")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache folder of this test."""
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LTHCHECK_DATA", raising=False)
    monkeypatch.setattr(download, "urlopen", _no_network)
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(registry, "_described", {})
    return tmp_path / "cache" / "data"


@pytest.fixture
def start(monkeypatch):
    """Starts a mirror, which then has an address; those alone can be reached."""
    servers = []

    def started(mirror):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.mirror, mirror.url = mirror, f"http://127.0.0.1:{server.server_port}/"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return mirror

    monkeypatch.setattr(download, "urlopen", urlopen)
    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard error a terminal, on which bars are shown at once; pytest would undo it between setup and test."""
    monkeypatch.setattr(bar, "SECONDS", 0.0)
    for name in bar.QUIET:
        monkeypatch.delenv(name, raising=False)

    def opened():
        monkeypatch.setattr(sys, "stderr", screen := Terminal())
        return screen

    return opened
