"""This repository's own command line: the plugin's options under their bare names, `--model` for `--lth-model`."""

from __future__ import annotations

import pytest

from lthcheck.plugin import add_options


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser, prefix="")
