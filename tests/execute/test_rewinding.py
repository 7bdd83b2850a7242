"""Weight rewinding, "Run(r from step k, Weights(dense, at=k), mask)", written from a recipe, through the store."""

from __future__ import annotations

import pytest
import torch

from lthcheck import data
from lthcheck.arms import Arms
from lthcheck.execute.plan import Demand, plan
from lthcheck.execute.pool import Pool
from lthcheck.execute.progress import Progress
from lthcheck.rewind import rewound
from lthcheck.run import Dense, Pruned
from lthcheck.sequel import grid
from lthcheck.store import Store

PER_EPOCH = 8
RECIPES = {
    "epochs": ({"rewind": "2 epochs", "momentum": 0.0}, 16, 24),
    "steps": ({"rewind": "5 steps", "momentum": 0.0, "steps": 21, "warmup_epochs": 1}, 5, 21),
}


def dense_of(study):
    """The dense run of a study, and its recipe on the data."""
    arms = Arms(study, data.describe(study.dataset))
    return arms.run(grid(arms.study, ("dense", None, None), [0.2], 1)[0]), arms


def trained(store, *runs):
    """Trains the runs, and keeps what each of them ends with."""
    pool = Pool(store, trainers=1)
    try:
        pool.train(plan([Demand(run, frozenset({run.training.steps})) for run in runs], store), Progress())
    finally:
        pool.close()
    return [store.tensors(run.key, f"step-{run.training.steps}") for run in runs]


def weights(state):
    """Of a state, its parameters."""
    return {name: tensor for name, tensor in state.items() if name.startswith("weights/")}


@pytest.mark.parametrize(("changes", "step", "total"), RECIPES.values(), ids=RECIPES)
def test_from_the_step_of_the_recipe_it_ends_as_the_uninterrupted_one(study, tmp_path, changes, step, total):
    """Bitwise, with no mask and an optimiser that carries nothing: order and schedule go on, they do not begin anew."""
    dense, arms = dense_of(study(**changes))
    assert (arms.steps_per_epoch, arms.recipe.rewind_step(arms.steps_per_epoch)) == (PER_EPOCH, step)
    again = rewound(dense, step, Dense())
    assert (again.training.first_step, again.training.steps) == (step, total)
    store = Store(tmp_path)
    whole, rest = map(weights, trained(store, dense, again))
    assert whole.keys() == rest.keys()
    assert all(torch.equal(whole[name], rest[name]) for name in whole)
    results = [store.result(run.key) for run in (dense, again)]
    assert [result["steps"] for result in results] == [total, total - step]
    assert results[0]["accuracy"] == results[1]["accuracy"]


def test_momentum_begins_anew(study, tmp_path):
    """So with momentum, and no mask, it is another training."""
    dense, _ = dense_of(study(momentum=0.9))
    whole, rest = map(weights, trained(Store(tmp_path), dense, rewound(dense, 10, Dense())))
    assert any(not torch.equal(whole[name], rest[name]) for name in whole)


def test_a_ticket_goes_on_from_the_weights_of_the_step(study, tmp_path):
    """From its own end, "rewound" to the last step, nothing is trained and the mask alone is laid over it."""
    dense, _ = dense_of(study())
    store = Store(tmp_path)
    mask = Pruned(dense, 0.36)
    whole, ticket = map(weights, trained(store, dense, rewound(dense, dense.training.steps, mask)))
    pruned = [float((ticket[name] == 0).double().mean()) for name in ticket if "weight" in name]
    assert all(bool(((ticket[name] == whole[name]) | (ticket[name] == 0)).all()) for name in whole)
    assert max(pruned) > 0.2


@pytest.mark.parametrize("step", [-1, 25])
def test_a_step_outside_the_training_is_refused(study, step):
    dense, _ = dense_of(study())
    with pytest.raises(ValueError, match="must be in"):
        rewound(dense, step, Dense())
