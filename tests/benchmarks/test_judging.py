"""How long judging takes, as a ratio to the rule `paper` on the same rows, measured in one session.

    pytest tests/benchmarks/test_judging.py -p no:xdist --benchmark-columns=min,median,iqr

A large study has 8 lrs x 14 sparsities x 10 seeds x 4 arms; 200 small ones have 3 lrs, a sparsity and 5 seeds each.
"""

from __future__ import annotations

import statistics
import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture
from replicated import rows

from lthcheck.evidence import Row
from lthcheck.verdict.judge import judge

ROUNDS = 3


def study(lrs: int, sparsities: int, seeds: int) -> list[Row]:
    """Every arm at every lr, best at the lr in the middle, and what is probed for 2T."""
    grid = [0.001 * 2**k for k in range(lrs)]
    hill = {lr: -0.002 * abs(k - lrs // 2) for k, lr in enumerate(grid)}
    tops = {"dense": 0.92, "lt": 0.92, "rr": 0.90, "sdt": 0.89}
    levels = {arm: {lr: top + below for lr, below in hill.items()} for arm, top in tops.items()}
    levels |= {f"{arm}_2t": {grid[lrs // 2]: tops[arm]} for arm in ("dense", "rr", "sdt")}
    made = rows(levels, seeds=seeds, sd=0.003, sparsity=0.6)
    for k in range(1, sparsities):
        made += [row for row in rows(levels, seeds=seeds, sd=0.003, sparsity=0.6 + 0.02 * k) if row.arm != "dense"]
    return made


@pytest.mark.parametrize(
    ("lrs", "sparsities", "seeds", "studies"),
    [pytest.param(8, 14, 10, 1, id="a large study"), pytest.param(3, 1, 5, 200, id="200 small ones")],
)
def test_confident_against_paper(
    lrs: int, sparsities: int, seeds: int, studies: int, benchmark: BenchmarkFixture
) -> None:
    found = study(lrs, sparsities, seeds)
    verdicts = {rule: judge(found, rule=rule) for rule in ("paper", "confident")}  # which imports scipy, once
    assert verdicts["paper"].verdict == "jackpot"
    assert verdicts["confident"].certainty is not None
    assert verdicts["confident"].certainty.tickets == lrs * sparsities

    def judged(rule: str) -> float:
        began = time.perf_counter()
        for _ in range(studies):
            judge(found, rule=rule)
        return time.perf_counter() - began

    ratios = [judged("confident") / judged("paper") for _ in range(ROUNDS)]
    benchmark.extra_info["times the rule paper"] = statistics.median(ratios)
    benchmark.pedantic(judged, args=("confident",), rounds=ROUNDS)
    spread = f"median of {ROUNDS}, {min(ratios):.1f} to {max(ratios):.1f}; {len(found)} rows, studies: {studies}"
    print(f"\nconfident: {statistics.median(ratios):.1f} times the rule paper ({spread})")
