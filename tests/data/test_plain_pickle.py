"""Pickles give numbers, texts, lists, dictionaries and arrays, and call nothing."""

from __future__ import annotations

import io
import os
import pickle

import numpy as np
import pytest
from python2_pickle import pickled

from lthcheck.data import plain_pickle


def loaded(content):
    """What the bytes hold."""
    return plain_pickle.load(io.BytesIO(content))


def test_arrays_lists_and_texts():
    array = np.arange(12, dtype="uint8").reshape(3, 4)
    entry = loaded(pickled({"data": array, "labels": [3, -1], "batch_label": "\xe9 1"}))
    assert entry["data"].dtype == np.uint8
    assert np.array_equal(entry["data"], array)
    assert (entry["labels"], entry["batch_label"]) == ([3, -1], "\xe9 1")


class Evil:
    """What would run a command on being unpickled."""

    def __reduce__(self):
        """The command."""
        return os.mkdir, ("made",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_is_called(tmp_path, monkeypatch, protocol):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pickle.UnpicklingError, match=r"\.mkdir is neither number, text, list, dictionary nor array"):
        loaded(pickle.dumps({"data": Evil()}, protocol))
    assert not any(tmp_path.iterdir())


def test_an_array_of_objects_is_no_array():
    content = pickled({"data": np.zeros(1, "uint8")}).replace(b"U\x02u1", b"U\x02O8")
    with pytest.raises((pickle.UnpicklingError, TypeError, ValueError)):
        loaded(content)
