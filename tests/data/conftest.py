"""No test here reads or writes the user's cache, or downloads."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from lthcheck.data import registry


def _no_network(*_, **__):
    raise RuntimeError("no network")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache folder of this test."""
    datasets = SimpleNamespace(MNIST=_no_network, FashionMNIST=_no_network)
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LTHCHECK_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace(datasets=datasets))
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(registry, "_described", {})
    return tmp_path / "cache" / "data"
