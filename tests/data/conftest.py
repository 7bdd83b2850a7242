"""No test here reads or writes the user's cache, or downloads."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from lthcheck.data import bar, registry, torchvision_sets


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
    mirrors = SimpleNamespace(mirrors=["http://nowhere.invalid/"])
    datasets = SimpleNamespace(MNIST=mirrors, FashionMNIST=mirrors)
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LTHCHECK_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace(datasets=datasets))
    monkeypatch.setattr(torchvision_sets, "urlopen", _no_network)
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(registry, "_described", {})
    return tmp_path / "cache" / "data"


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
