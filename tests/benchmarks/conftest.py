"""Ratios are measured with the machine to themselves: not beside other workers of pytest-xdist."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _alone():
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip("measured without -n: pytest tests/benchmarks")
