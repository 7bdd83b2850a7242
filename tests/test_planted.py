"""Planted truths: evidence drawn around known means gets the verdict that the means deserve, in every draw."""

from __future__ import annotations

import numpy as np
import pytest

from lthcheck.evidence import Row
from lthcheck.verdict.judge import judge, meets

DRAWS, SEEDS, SD, T = 20, 5, 0.002, 80
BY_LR = {0.1: -0.02, 0.2: 0.0, 0.4: -0.02}  # every arm is at its best inside the grid
TICKET = {"dense": 0.90, "lt": 0.90, "rr": 0.87, "sdt": 0.87}


def drawn(draw, levels, gain=0.0):
    """Five seeds at each lr around the arms' best means; `gain` is what dense learns between T and 2T."""
    random = np.random.default_rng(draw)
    means = [(arm, lr, T, best + shift) for arm, best in levels.items() for lr, shift in BY_LR.items()]
    means.append(("dense", 0.2, 2 * T, levels["dense"] + gain))
    return [
        Row(
            arm,
            lr,
            float(random.normal(mean, SD)),
            method=None if arm in {"dense", "sdt"} else "imp",
            sparsity=None if arm == "dense" else 0.832,
            seed=seed,
            epochs=epochs,
        )
        for arm, lr, epochs, mean in means
        for seed in range(SEEDS)
    ]


@pytest.mark.parametrize("draw", range(DRAWS))
class TestPlanted:
    def test_a_ticket_is_a_jackpot(self, draw):
        assert judge(drawn(draw, TICKET)).verdict == "jackpot"

    def test_a_ticket_that_only_its_own_lr_matches_is_a_secondary_prize(self, draw):
        # 3 pt below dense at its best, and level with dense where dense is 3 pt below its best
        rows = drawn(draw, TICKET | {"lt": 0.87, "rr": 0.84, "sdt": 0.84})
        rows += [Row("dense", 0.05, 0.84, seed=seed, epochs=T) for seed in range(SEEDS)]
        rows += [Row("lt", 0.05, 0.86, method="imp", sparsity=0.832, seed=seed, epochs=T) for seed in range(SEEDS)]
        assert judge(rows).verdict == "secondary"

    @pytest.mark.parametrize("rival", ["rr", "sdt"])
    def test_a_ticket_that_a_rival_equals_never_wins(self, draw, rival):
        judgement = judge(drawn(draw, TICKET | {rival: TICKET["lt"]}))
        assert judgement.verdict == "none"
        assert not meets(judgement, "secondary")

    def test_a_ticket_of_an_undertrained_network_never_wins(self, draw):
        judgement = judge(drawn(draw, TICKET, gain=0.02))
        assert judgement.verdict == "none"
        assert judgement.cells[0].conditions[0].holds is False
