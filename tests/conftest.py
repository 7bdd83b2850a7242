"""No test writes to the summary of the run that it is part of; real data are found once."""

from __future__ import annotations

import pytest
import real_data


@pytest.fixture(scope="session", autouse=True)
def _no_run_summary():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GITHUB_STEP_SUMMARY", raising=False)
        yield


@pytest.fixture(scope="session")
def cifar10_folder():
    """The data-dir of the real CIFAR-10; what asks for it is skipped where there is none."""
    return real_data.cifar10() or pytest.skip(real_data.NO_CIFAR10)
