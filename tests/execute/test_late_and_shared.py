"""What several questions have in common is trained once; what one asks for late is made from what is there."""

from __future__ import annotations

import pytest

from lthcheck import data
from lthcheck.arms import Arms
from lthcheck.execute.answer import answer
from lthcheck.execute.plan import Demand, plan
from lthcheck.execute.pool import Pool
from lthcheck.execute.progress import Progress
from lthcheck.run import Pruned, Run, Weights
from lthcheck.store import Store
from lthcheck.study import Slot

STEPS, REWOUND_TO = 24, 10  # an epoch has 8 steps


def test_studies_asked_together_share_their_runs(study, tmp_path):
    short, long = study(methods=("omp",), sparsities=(0.2,)), study(methods=("imp",), sparsities=(0.2, 0.36))
    store = Store(tmp_path)
    (one, two), progress = answer({each: each.questions() for each in (short, long)}, store, trainers=1)
    assert progress.trained == len(progress.finished) == 2 + 2 * 3  # dense, probe; at each sparsity lt, rr, sdt
    assert [row.run for row in one.rows if row.arm == "dense"] == [row.run for row in two.rows if row.arm == "dense"]
    first, second = ({row.run for row in each.rows} for each in (one, two))
    assert first < second  # at the first rung IMP is OMP
    assert second == set(store.keys())


@pytest.fixture(scope="module")
def rewinding(study):
    """A dense run, and its ticket rewound to an early step."""
    dense = Arms(study(), data.describe(study().dataset)).run(Slot("dense", None, None, 0.2, 0, 3))
    training = dense.training.starting_at(REWOUND_TO)
    ticket = Run(dense.network, dense.data, training, Weights(dense, at=REWOUND_TO), Pruned(dense, 0.36), seed=0)
    return dense, ticket


@pytest.fixture(scope="module")
def together(rewinding, tmp_path_factory):
    """A store in which both were asked for at once."""
    dense, ticket = rewinding
    store = Store(tmp_path_factory.mktemp("together"))
    train(store, [Demand(dense), Demand(ticket)])
    return store


@pytest.fixture(scope="module")
def late(rewinding, tmp_path_factory):
    """A store in which the ticket was asked for when dense was finished, and what was trained for it then."""
    dense, ticket = rewinding
    store = Store(tmp_path_factory.mktemp("late"))
    return store, train(store, [Demand(dense, frozenset({STEPS}))], [Demand(ticket)])


def train(store, *wanted):
    """Trains some demands after each other; returns the progress of the last."""
    pool = Pool(store, trainers=1)
    try:
        for demands in wanted:
            progress = Progress()
            pool.train(plan(demands, store), progress)
    finally:
        pool.close()
    return progress


def test_weights_asked_for_late_are_those_asked_for_at_once(late, together, rewinding, kept):
    dense, ticket = rewinding
    store, _ = late
    assert store.steps(dense.key) == [REWOUND_TO, STEPS]
    assert store.result(ticket.key)["steps"] == STEPS - REWOUND_TO
    assert kept(store) == kept(together)


def test_weights_asked_for_late_take_no_more_training_than_to_there(late, rewinding):
    _, ticket = rewinding
    _, progress = late
    assert progress.replica_steps == progress.due == REWOUND_TO + (STEPS - REWOUND_TO)
    assert progress.finished == {ticket.key}


def test_no_other_process_is_credited(late):
    _, progress = late
    assert progress.elsewhere == 0
