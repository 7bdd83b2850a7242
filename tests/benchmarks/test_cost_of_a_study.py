"""What a study of 2 000 runs costs beside its training: planning, evidence, report; everything planted.

    pytest tests/benchmarks/test_cost_of_a_study.py -p no:xdist --benchmark-columns=min,median,iqr

The aims are 2 s, 2 s and 5 s (seconds are told, and not asserted). Asserted is growth: 4 times the runs take at most 6
times the processor's time. reports/growth.py plots it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filled
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from lthcheck.execute.answer import answer
from lthcheck.finding import Finding
from lthcheck.forecast import forecast
from lthcheck.store import Store
from lthcheck.study import Study

FEW, MANY = 2, 8  # seeds; 8 are some 2 100 runs
ROUNDS, MOST = 3, 6


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Callable[[int], Study], Path]:
    """Studies by number of seeds, and a store that holds them."""
    folder = tmp_path_factory.mktemp("planted")
    data = filled.blobs(folder / "noise.npz", test=10_000)

    def study(seeds: int) -> Study:
        return filled.study(data, model="mlp-64-32", lrs=5, rungs=10, seeds=seeds)

    for seeds in (MANY, FEW):
        filled.fill(study(seeds), Store(folder / "store"))
    return study, folder


def found(study: Study, folder: Path) -> Finding:
    """The evidence, as a report is made of it."""
    (given,), _ = answer({study: study.questions()}, Store(folder / "store"))
    rows, cost, layers = tuple(given.rows), given.cost, given.layers
    return Finding(study=given.as_json(), rows=rows, test_size=given.test_size, cost=cost, layers=layers)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["plan", "plan, all stored", "evidence", "verdict and report"])
def test_of_2000_runs_against_500(stage: str, planted: Any, tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    study, folder = planted
    findings = {seeds: found(study(seeds), folder) for seeds in (FEW, MANY)}

    def work(seeds: int) -> object:
        if stage == "evidence":
            return found(study(seeds), folder)
        if stage == "verdict and report":
            return findings[seeds].of_method("imp"), findings[seeds].write(tmp_path, {"round": time.time()})
        return forecast([study(seeds)], Store(folder / "store" if "all" in stage else tmp_path), calibrated=False)

    def seconds(seeds: int) -> float:
        began = time.process_time()
        work(seeds)
        return time.process_time() - began

    seconds(FEW)  # which imports
    ratio = min(seconds(MANY) for _ in range(ROUNDS)) / min(seconds(FEW) for _ in range(ROUNDS))
    benchmark.extra_info["times that of 500 runs"] = ratio
    benchmark.pedantic(work, args=(MANY,), rounds=ROUNDS)
    runs = findings[MANY].cost["trainings"]
    print(
        f"\n{stage}: {min(seconds(MANY) for _ in range(ROUNDS)):.2f} s of the processor for {runs:,} runs, {ratio:.1f}"
    )
    assert ratio <= MOST
