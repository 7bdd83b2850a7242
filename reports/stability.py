"""How stable a preset's verdict is: train many seeds once, then judge resampled sets of the preset's own size.

    python reports/stability.py default --seeds 30 --draws 2000

Sets are drawn without replacement. The dense network is probed at 2T for every lr, since the best one may differ from
set to set. Trainings come from, and go to, the usual store.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tabulate import tabulate

from lthcheck.execute.answer import answer
from lthcheck.preset import preset
from lthcheck.report.environment import environment
from lthcheck.store import Store, default_root
from lthcheck.study import Study
from lthcheck.verdict.judge import judge
from lthcheck.verdict.judgement import Judgement
from lthcheck.verdict.terms import default_delta


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset")
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--store", type=Path, default=default_root())
    chosen = parser.parse_args()
    base = preset(chosen.preset)
    recipe = base.recipe.but({"seeds": chosen.seeds})
    study = Study(model=base.model, dataset=base.dataset, recipe=recipe, methods=base.methods)
    # a study of one lr: it is the best there, and probed
    alone = [replace(study, recipe=recipe.but({"lrs": (lr,)})) for lr in recipe.lrs]
    asked = {each: [question for question in each.questions() if question.condition == 1] for each in alone}
    answers, _ = answer({study: study.questions()} | asked, Store(chosen.store))
    assert not any(found.violations for found in answers)
    rows = list(
        dict.fromkeys(row for found in answers for row in found.rows if found is answers[0] or row.arm == "dense")
    )
    delta, draw = default_delta(base.dataset), random.Random(0)
    counts: dict[str | None, Counter[str]] = {method: Counter() for method in base.methods}
    for _ in range(chosen.draws):
        seeds = set(draw.sample(range(chosen.seeds), base.recipe.seeds))
        judgement = judge([row for row in rows if row.seed in seeds], delta=delta)
        for method, counter in counts.items():
            counter[verdict(judgement, method)] += 1
    whole = judge(rows, delta=delta)
    table = [
        [method, base.expected.get(method or ""), verdict(whole, method)]
        + [
            f"{100 * counter[verdict] / chosen.draws:.1f} %"
            for verdict in ("jackpot", "secondary", "none", "undecided")
        ]
        for method, counter in counts.items()
    ]
    heads = ["method", "on record", f"all {chosen.seeds} seeds", "Jackpot", "secondary", "none", "undecided"]
    where = environment()
    print(f"Preset {base.name}: {study.name}, {chosen.draws} sets of {base.recipe.seeds} of {chosen.seeds} seeds.")
    print(f"{where['cpu']}, {where['cores']} cores, torch {where['torch']}, {where['date']}.\n")
    print(tabulate(table, headers=heads, tablefmt="github"))


def verdict(judgement: Judgement, method: str | None) -> str:
    """Over the cells of one method alone."""
    return replace(judgement, cells=tuple(cell for cell in judgement.cells if cell.method == method)).verdict


if __name__ == "__main__":
    main()
