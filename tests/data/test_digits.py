"""The digits of scikit-learn, split once for all."""

from __future__ import annotations

import gzip
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lthcheck import data
from lthcheck.data import digits

pytest.importorskip("sklearn", reason='no scikit-learn: pip install "lthcheck[digits]"')

FINGERPRINT = "32655c583e5ba1efb06b1b15223de77703b32de991d1e9052c6ecc075780f49e"


def test_what_it_is():
    assert data.describe("digits") == data.Info("digits", FINGERPRINT, (1, 8, 8), 10, 1_000, 797)


def test_each_image_is_in_one_split_with_its_label():
    from sklearn.datasets import load_digits

    arrays, x, y = data.load("digits"), *load_digits(return_X_y=True)
    images = np.concatenate([arrays.x_train, arrays.x_test]).reshape(1_797, 64)
    labels = np.concatenate([arrays.y_train, arrays.y_test])
    assert sorted(zip((15 * x).tolist(), y, strict=True)) == sorted(zip(images.tolist(), labels, strict=True))


def test_every_class_is_in_both_splits():
    arrays = data.load("digits")
    for labels, least in ((arrays.y_train, 90), (arrays.y_test, 70)):
        assert np.bincount(labels, minlength=10).min() >= least


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    for use in (data.load, data.describe):
        with pytest.raises(
            ValueError, match=r'^dataset=\'digits\' needs scikit-learn; pip install "lthcheck\[digits\]"$'
        ):
            use("digits")


WHOLE, LONG = gzip.compress(b"1,2\n3,4\n"), gzip.compress(b"0," * 999)


@pytest.mark.parametrize("content", [WHOLE, LONG[:-9], b"no gzip"], ids=["too little", "cut short", "no gzip"])
def test_a_file_that_is_not_whole_is_refused(tmp_path, monkeypatch, content):
    folder = tmp_path / "datasets" / "data"
    folder.mkdir(parents=True)
    (folder / "digits.csv.gz").write_bytes(content)
    monkeypatch.setattr(digits, "find_spec", lambda name: SimpleNamespace(origin=str(tmp_path / "__init__.py")))
    with pytest.raises(ValueError, match=r"dataset='digits': .*must hold 1797 images.*; install scikit-learn anew"):
        data.load("digits")


def test_reading_it_does_not_import_scikit_learn():
    code = "import sys; from lthcheck import data; data.load('digits'); sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
