"""False tickets where a truth lies on a margin, by evidence that says less than it seems to."""

from __future__ import annotations

import numpy as np
import pytest

from lthcheck.evidence import Row
from lthcheck.verdict.judge import judge
from lthcheck.verdict.parts import Parts
from lthcheck.verdict.power import ERROR
from lthcheck.verdict.sample import Contrast

STUDIES = 2000


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_rivals_that_share_the_seeds_of_one_ticket_do_not_steady_each_other(seeds):
    """A gap of 0 is not above 0, and the rivals, at three lrs, vary so little that all three gaps are one."""
    tickets = np.random.default_rng(5).standard_normal((STUDIES, seeds))
    gaps = [Contrast(lt.mean(), lt.var(ddof=1), seeds, seeds - 1, 0.0, np.inf) for lt in tickets]
    false = sum(Parts.of((0, 3, rival, 0.0, 1, gap) for rival in range(3)).errors()[0].max() <= ERROR for gap in gaps)
    assert false / STUDIES == pytest.approx(ERROR / 2, abs=0.0105)  # three standard errors


def test_a_rival_is_not_out_of_sight_because_a_split_put_another_above_it():
    """Rr at lr .2 is as good as the ticket by right, and was unlucky: its mean is below that of rr at lr .1."""
    accuracies = {
        ("dense", 0.1): (0.849, 0.850, 0.851),
        ("lt", 0.1): (0.901, 0.900, 0.899),
        ("sdt", 0.1): (0.799, 0.800, 0.801),
        ("rr", 0.1): (0.879, 0.880, 0.881),
        ("rr", 0.2): (0.820, 0.930, 0.860),
    }
    rows = [
        Row(
            arm,
            lr,
            accuracy,
            method=None if arm in {"dense", "sdt"} else "imp",
            sparsity=None if arm == "dense" else 0.8,
            seed=seed,
            validation=accuracy,
        )
        for (arm, lr), of_seeds in accuracies.items()
        for seed, accuracy in enumerate(of_seeds)
    ]
    (cell,) = judge(rows, rule="confident", validation=True, assume_adequate=True).cells
    assert cell.conditions[2].holds is None
