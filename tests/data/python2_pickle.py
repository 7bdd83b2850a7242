"""Pickles as Python 2 with numpy 1 wrote them, which is what CIFAR's batches are."""

from __future__ import annotations

import struct

import numpy as np


def pickled(entry):
    """Protocol 2, with short texts, lists of numbers, and arrays of bytes with two dimensions or one."""
    items = b"".join(_value(key) + _value(value) for key, value in entry.items())
    return b"\x80\x02}(" + items + b"u."


def _value(value):
    if isinstance(value, str):
        return b"U" + bytes([len(value)]) + value.encode("latin1")
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, list):
        return b"](" + b"".join(map(_value, value)) + b"e"
    assert value.dtype == np.uint8
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    dtype = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"(" + b"".join(map(_value, value.shape)) + b"t"
    content = b"T" + struct.pack("<i", value.nbytes) + value.tobytes()
    return empty + b"(K\x01" + shape + dtype + b"\x89" + content + b"tb"
