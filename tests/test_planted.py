"""Planted truths: evidence drawn around known means gets the verdict that the means deserve, in every draw."""

from __future__ import annotations

import numpy as np
import pytest

from lthcheck.evidence import Row
from lthcheck.verdict.judge import judge, meets

DRAWS, SEEDS, SD, T = 20, 5, 0.002, 80
LRS = (0.1, 0.2, 0.4)
HIGH, LOW = (0.88, 0.90, 0.88), (0.85, 0.87, 0.85)  # by lr; best inside the grid
TICKET = {"dense": HIGH, "lt": HIGH, "rr": LOW, "sdt": LOW}


def drawn(draw, levels, gain=0.0):
    """Five seeds around each mean; `gain` is what dense learns between T and 2T."""
    random = np.random.default_rng(draw)
    means = [(arm, lr, T, mean) for arm, by_lr in levels.items() for lr, mean in zip(LRS, by_lr, strict=True)]
    means.append(("dense", 0.2, 2 * T, levels["dense"][1] + gain))
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

    def test_a_ticket_that_matches_dense_at_a_poor_lr_alone_is_a_secondary_prize(self, draw):
        assert judge(drawn(draw, TICKET | {"lt": (0.88, 0.88, 0.88)})).verdict == "secondary"

    @pytest.mark.parametrize("rival", ["rr", "sdt"])
    def test_a_ticket_that_a_rival_equals_never_wins(self, draw, rival):
        judgement = judge(drawn(draw, TICKET | {rival: TICKET["lt"]}))
        assert judgement.verdict == "none"
        assert not meets(judgement, "secondary")

    def test_a_ticket_of_an_undertrained_network_never_wins(self, draw):
        judgement = judge(drawn(draw, TICKET, gain=0.02))
        assert judgement.verdict == "none"
        assert judgement.cells[0].conditions[0].holds is False
