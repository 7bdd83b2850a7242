"""The forecast: counts as by hand, what a store holds, and what is assumed until it is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lthcheck.execute.plan import plan
from lthcheck.execute.wants import Wants
from lthcheck.forecast import forecast
from lthcheck.recipes import recipe
from lthcheck.run import Reinit
from lthcheck.store import Store
from lthcheck.study import Study
from lthcheck.verdict.terms import Terms

STEPS = 4 * 3  # an epoch has 4 steps


@pytest.fixture
def dataset(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"x_train": rng.normal(size=(40, 20)), "y_train": np.arange(40) % 4}
    arrays |= {"x_test": rng.normal(size=(30, 20)), "y_test": np.arange(30) % 4}
    np.savez(tmp_path / "blobs.npz", **arrays)
    return str(tmp_path / "blobs.npz")


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    return Store(tmp_path / "store")


@pytest.fixture
def study(dataset):
    """Two lrs and two seeds; 0.488 is the third rung."""

    def made(model="mlp-16-8", **changes):
        usual = {"lrs": (0.1, 0.2), "sparsities": (0.488,), "seeds": 2, "epochs": 3, "batch": 10}
        return Study(model=model, dataset=dataset, recipe=recipe("mnist1d").but(usual | changes))

    return made


def asked(study, store):
    """The forecast without the time."""
    (found,), _ = forecast([study], store, calibrated=False)
    return found


def train(study, store, *, without=(), accuracy=lambda run: 0.5):
    """Puts results of what the study wants next into the store, as if they had been trained."""
    for key, job in plan(Wants(study, store, None).demands(study.questions()), store).jobs.items():
        if key not in without:
            store.write_result(key, result(key, accuracy(job.run)))


def result(key, accuracy, *, diverged=False):
    return {"key": key, "accuracy": accuracy, "diverged": diverged, "layers": {}, "params": 508}


class TestCounts:
    def test_are_those_by_hand(self, study, store):
        found = asked(study(), store)
        trainings = {arm: cost.trainings for arm, cost in found.arms.items()}
        assert trainings == {"dense": 4, "lt imp": 12, "lt omp": 4, "rr imp": 4, "rr omp": 4, "sdt": 4, "probe": 0}
        assert (found.cost.trainings, found.cost.later, found.cost.stored) == (32, 2, 0)
        assert found.rows == 24
        # alone, dense and sdt train once, a row of omp needs dense first, one of imp dense and two rounds
        assert found.unshared == 8 * 1 + 8 * 2 + 8 * 4
        assert found.cost.replica_steps == 32 * STEPS + 2 * 2 * STEPS

    def test_of_arms_add_up(self, study, store):
        found = asked(study(), store)
        for name in ("trainings", "later", "stored", "to_train", "replica_steps", "bytes"):
            assert sum(getattr(cost, name) for cost in found.arms.values()) == getattr(found.cost, name)

    def test_round_one_of_imp_is_not_counted_again_as_omp(self, study, store):
        found = asked(study(sparsities=(0.2,)), store)
        assert "lt omp" not in found.arms
        assert found.arms["lt imp"].trainings == 4

    def test_parameters_are_those_of_the_networks(self, study, store):
        assert asked(study(), store).parameters == {
            "dense": 20 * 16 + 16 + 16 * 8 + 8 + 8 * 4 + 4,
            "by_sparsity": [
                {
                    "sparsity": 0.488,
                    "ticket": 508 - 448 + round(0.512 * 448),
                    "sdt": 20 * 10 + 10 + 10 * 5 + 5 + 5 * 4 + 4,
                }
            ],
        }


class TestStore:
    def test_what_it_holds_is_not_trained(self, study, store):
        train(study(), store)
        found = asked(study(), store)
        assert (found.cost.trainings, found.cost.later) == (34, 0)  # the lr of the probe is known now
        assert (found.cost.stored, found.cost.to_train) == (32, 2)
        assert found.arms["probe"].to_train == 2
        assert found.cost.replica_steps == 2 * 2 * STEPS

    def test_when_it_holds_all_there_is_nothing_to_time(self, study, store):
        train(study(), store)
        train(study(), store)
        (found,), together = forecast([study()], store)
        assert (found.cost.to_train, found.cost.bytes, found.seconds, together.seconds) == (0, 0, 0.0, 0.0)

    def test_what_waits_for_a_diverged_run_is_not_trained(self, study, store):
        one = study(lrs=(0.1,), seeds=1)
        (dense,) = [run for slot, run in _slots(one, store).items() if slot.arm == "dense"]
        store.write_result(dense.key, result(dense.key, 0.25, diverged=True))
        assert asked(one, store).cost.to_train == 2  # sdt, and the probe

    def test_the_probe_is_counted_where_least_of_it_is_stored(self, study, store):
        double = study(lrs=(0.1,), epochs=6)
        train(double, store)
        assert asked(study(lrs=(0.1,)), store).cost.later == 0
        assert asked(study(lrs=(0.1, 0.2)), store).cost.later == 2


class TestLater:
    """One lr and one seed at a sparsity that is not trivial: dense, and lt and rr of two methods, and sdt."""

    def test_are_probes_of_dense_and_of_the_controls(self, study, store):
        assert asked(study(lrs=(0.1,), seeds=1, sparsities=(0.672,)), store).arms["probe"].later == 1 + 2 + 1

    def test_at_a_trivial_sparsity_no_ticket_can_stand(self, study, store):
        assert asked(study(lrs=(0.1,), seeds=1, sparsities=(0.59,)), store).arms["probe"].later == 1

    def test_where_the_recipe_is_vouched_for_it_is_dense_alone(self, study, store):
        made = replace(study(lrs=(0.1,), seeds=1, sparsities=(0.672,)), terms=Terms(assume_adequate=True))
        assert asked(made, store).arms["probe"].later == 1

    def test_are_none_of_the_controls_where_no_ticket_would_stand(self, study, store):
        made = study(seeds=1, sparsities=(0.672,))
        train(made, store)
        found = asked(made, store)
        assert (found.cost.to_train, found.cost.later) == (1, 0)

    def test_are_those_of_a_ticket_that_would_stand(self, study, store):
        made = study(lrs=(0.1, 0.2, 0.4), seeds=1, sparsities=(0.672,))
        train(made, store, accuracy=lambda run: 0.9 * (not isinstance(run.start, Reinit) and run.network.width == 1))
        assert asked(made, store).arms["probe"].later == 3

    def test_lrs_beyond_the_grid_are_counted_for_every_arm(self, study, store):
        one = asked(study(lrs=(0.1,), seeds=1), store)
        more = asked(replace(study(lrs=(0.1,), seeds=1), extend_lr=2), store)
        assert more.cost.trainings == one.cost.trainings
        assert more.cost.later == one.cost.later + 2 * one.cost.trainings

    def test_seeds_are_counted_up_to_the_most(self, study, store):
        confident = Terms(rule="confident")
        one = asked(study(lrs=(0.1,), seeds=1), store)
        more = asked(replace(study(lrs=(0.1,), seeds=1), until_decided=3, terms=confident), store)
        # all arms and the dense probe
        assert more.cost.later == 2 * one.cost.trainings + 3
        assert more.arms["lt imp"].later == 2 * one.arms["lt imp"].trainings


def _slots(study, store):
    wants = Wants(study, store, None)
    wants.demands(study.questions())
    return wants.slots


class TestTogether:
    def test_shared_runs_count_once(self, study, store):
        few, many = study(sparsities=(0.36,)), study(sparsities=(0.36, 0.488))
        found, together = forecast([few, many], store, calibrated=False)
        assert together.cost == found[1].cost
        assert together.cost.trainings < sum(each.cost.trainings for each in found)

    def test_other_networks_add_up(self, study, store):
        found, together = forecast([study(), study("mlp-8")], store, calibrated=False)
        assert together.cost.trainings == sum(each.cost.trainings for each in found)


class TestResolution:
    def test_is_assumed_before_anything_is_known(self, study, store):
        found = asked(study(), store).resolution
        assert found.assumed == ("sd", "accuracy")
        assert (found.seeds, found.sd, found.test_size) == (2, 0.003, 30)

    def test_is_from_the_store_once_seeds_are_there(self, study, store):
        train(study(), store, accuracy=lambda run: 0.5 + 0.02 * run.seed)
        found = asked(study(), store).resolution
        assert found.assumed == ()
        assert found.sd == pytest.approx(0.02 / 2**0.5)
        assert found.accuracy == pytest.approx(0.51)

    def test_of_one_seed_is_none(self, study, store):
        assert asked(study(seeds=1), store).resolution.reach is None


def test_without_a_calibration_there_is_no_time(study, store):
    found = asked(study(), store)
    assert found.seconds is None
