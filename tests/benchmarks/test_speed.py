"""How fast training is against a plain loop, as ratios of two things measured in one session.

    pytest tests/benchmarks -p no:xdist --benchmark-columns=min,median,iqr

Both sides are those of `python -m reports.speed`, and have the whole machine: the plain loop torch's own number of
threads, ours one stack of replicas on each core, as the trainer pool has it.
"""

from __future__ import annotations

import statistics

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture

from lthcheck.cores import cores
from reports.speed.case import Case
from reports.speed.ours import trainers
from reports.speed.plain import plain
from reports.speed.rounds import Side, interleaved

MLP = {"samples": 4000, "batch": 100}  # as large as MNIST-1D
ROUNDS = 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "replicas", "steps", "least"),
    [
        pytest.param(Case("mlp-300-100", **MLP), 12, 40, 2.3, id="mlp-300-100"),
        pytest.param(Case("mlp-64-32", **MLP), 12, 40, 8.0, id="mlp-64-32"),
        pytest.param(Case("resnet20", samples=1280), 2, 1, 0.8, id="resnet20"),
    ],
)
def test_replicas_against_a_plain_loop(
    case: Case, replicas: int, steps: int, least: float, benchmark: BenchmarkFixture
) -> None:
    device = torch.device("cpu")
    with trainers() as pool:
        sides = [Side("plain", 1, "float32", plain(case, device))]
        sides += [Side("ours", replicas, "float32", pool.ours(case, replicas))]
        for side in sides:
            side.steps(steps)
        _, ours = interleaved(case.model, [(side, steps) for side in sides], case.epoch, ROUNDS)
        ratios = [plain for plain, _ in ours.faster]
        benchmark.extra_info["times faster a replica-step"] = statistics.median(ratios)
        benchmark.pedantic(sides[1].steps, args=(steps,), rounds=3)
    spread = f"median of {ROUNDS}, {min(ratios):.1f} to {max(ratios):.1f}; replicas {replicas}, cores {cores()}"
    print(f"\n{case.model}: {statistics.median(ratios):.1f} times a plain loop a replica-step ({spread})")
    assert statistics.median(ratios) >= least
