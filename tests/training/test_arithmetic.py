"""How torch computes on a GPU; what is set there can be read without one."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from lthcheck.training.arithmetic import arithmetic


def settings() -> dict[str, Any]:
    return {
        "deterministic": torch.backends.cudnn.deterministic,
        "benchmark": torch.backends.cudnn.benchmark,
        "tf32": (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32),
        "strict": torch.are_deterministic_algorithms_enabled(),
        "warns": torch.is_deterministic_algorithms_warn_only_enabled(),
        "filled": torch.utils.deterministic.fill_uninitialized_memory,
    }


@pytest.mark.parametrize(
    ("precision", "tf32"), [("float32", False), ("float64", False), ("bfloat16", False), ("tf32", True)]
)
def test_on_a_gpu_it_is_the_same_each_time_and_what_was_is_set_again(precision: str, tf32: bool) -> None:
    before = settings()
    with arithmetic(precision, torch.device("cuda")):
        assert settings() == {
            "deterministic": True,
            "benchmark": False,
            "tf32": (tf32, tf32),
            "strict": True,
            "warns": True,
            "filled": False,
        }
    assert settings() == before


def test_on_a_cpu_nothing_is_set() -> None:
    before = settings()
    with arithmetic("float32", torch.device("cpu")):
        assert settings() == before
