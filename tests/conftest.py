"""No test writes to the summary of the run that it is part of."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _no_run_summary():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        yield
