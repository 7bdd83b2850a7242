"""The plan: each run once, after what it needs, and nothing that the store holds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import Facts

from lthcheck.arms import Arms
from lthcheck.execute.plan import Demand, Job, plan
from lthcheck.recipes import recipe
from lthcheck.run import Data, Dense, Init, Network, Permuted, Pruned, Reinit, Run, Training, Weights
from lthcheck.store import Store
from lthcheck.study import Study

NET = Network("mlp-64-32", shape=(40,), classes=10)
DATA = Data("stand-in", fingerprint="f" * 64)
TRAINING = Training(lr=0.1, batch=10, steps=50)
INIT, REINIT = Init(NET, "pytorch", seed=0), Reinit(NET, "pytorch", seed=0)


def run(start=INIT, mask=None, training=TRAINING):
    """A run of the one network."""
    return Run(NET, DATA, training, start, mask or Dense(), seed=0)


# dense -> t_1 -> t_2 is IMP; rr_2 has the mask of t_2; rewound starts and prunes from dense.
DENSE = run()
T_1 = run(mask=Pruned(DENSE, 0.2))
T_2 = run(mask=Pruned(T_1, 0.36))
RR_2 = run(REINIT, T_2.mask)
OMP = run(mask=Pruned(DENSE, 0.36))
REWOUND = run(Weights(DENSE, at=20), Pruned(DENSE, 0.36), TRAINING.starting_at(20))
ALL = (DENSE, T_1, T_2, RR_2, OMP, REWOUND)


def wanted(*runs):
    """Demands that keep no weights."""
    return [Demand(each) for each in runs]


@pytest.fixture
def store(tmp_path):
    """An empty store; it tells what it finds broken to `store.told`."""
    told = []
    made = Store(tmp_path / "store", told.append)
    made.told = told
    return made


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A store that no test writes to."""
    return Store(tmp_path_factory.mktemp("empty"))


def hold(store, each, *steps, diverged=False):
    """Puts a result into the store, and weights at some steps."""
    store.write_result(each.key, {"diverged": diverged, "layers": {}})
    for step in steps:
        store.write_tensors(each.key, f"step-{step}", {"weights/layers.0.weight": torch.zeros(2)})


def jobs(made):
    """The jobs of a plan, by run."""
    return {job.run: job for job in made.jobs.values()}


class TestDuplicates:
    def test_a_run_that_is_wanted_twice_is_trained_once(self, empty):
        made = plan(wanted(DENSE, DENSE, run()), empty)
        assert set(jobs(made)) == {DENSE}
        assert made.requested == 3

    def test_round_one_of_imp_is_omp(self, empty):
        """They are one expression, so a study of both methods trains them once."""
        omp_at_rung_1 = run(mask=Pruned(DENSE, 0.2))
        assert set(jobs(plan(wanted(T_1, omp_at_rung_1), empty))) == {DENSE, T_1}

    def test_the_rounds_on_the_way_to_a_ticket_are_tickets(self, empty):
        assert set(jobs(plan(wanted(T_1, T_2), empty))) == set(jobs(plan(wanted(T_2), empty)))

    def test_of_a_study_as_many_jobs_as_counted_by_hand(self, empty):
        """A grid of 2 lrs and 3 seeds; dense, SDT, LT and RR of two methods, and round one of IMP."""
        short = recipe("mnist1d").but({"lrs": (0.1, 0.2), "sparsities": (0.36,), "seeds": 3, "batch": 100})
        study = Study(model="mlp-64-32", dataset="mnist1d", recipe=short)
        arms = Arms(study, Facts())
        made = plan(wanted(*arms.next(study.questions(), {}).values()), empty)
        assert (made.requested, len(made.jobs)) == (6 * 6, 7 * 6)


class TestDemands:
    def test_they_are_united(self, empty):
        made = plan([Demand(DENSE, frozenset({10})), Demand(DENSE), Demand(DENSE, frozenset({20, 50}))], empty)
        assert jobs(made) == {DENSE: Job(DENSE, frozenset({10, 20, 50}), 50)}

    def test_ancestors_are_added_with_the_weights_that_are_needed_of_them(self, empty):
        made = plan(wanted(RR_2), empty)
        assert jobs(made) == {
            RR_2: Job(RR_2, frozenset(), 50),
            T_1: Job(T_1, frozenset({50}), 50),
            DENSE: Job(DENSE, frozenset({50}), 50),
        }

    def test_rewinding_needs_two_steps_of_its_parent(self, empty):
        assert jobs(plan(wanted(REWOUND), empty))[DENSE] == Job(DENSE, frozenset({20, 50}), 50)

    def test_those_of_descendants_are_united_with_those_of_the_user(self, empty):
        for demands in (
            [Demand(DENSE, frozenset({7})), *wanted(REWOUND)],
            [*wanted(REWOUND), Demand(DENSE, frozenset({7}))],
        ):
            assert jobs(plan(demands, empty))[DENSE].keep == {7, 20, 50}

    def test_through_a_permuted_mask(self, empty):
        control = run(REINIT, Permuted(T_2.mask, "network", seed=0))
        assert set(jobs(plan(wanted(control), empty))) == {control, T_1, DENSE}


class TestCached:
    def test_a_result_is_not_trained_again(self, store):
        hold(store, DENSE)
        made = plan(wanted(DENSE), store)
        assert not made.jobs
        assert made.cached == {DENSE.key}
        assert made.requested == 1

    def test_nor_are_the_ancestors_of_a_result(self, store):
        hold(store, T_2)
        made = plan(wanted(T_2), store)
        assert not made.jobs
        assert made.cached == {T_2.key}

    def test_a_child_begins_from_stored_weights(self, store):
        hold(store, DENSE, 50)
        made = plan(wanted(T_1), store)
        assert set(jobs(made)) == {T_1}
        assert made.waits == {T_1.key: set()}
        assert made.cached == {DENSE.key}

    def test_weights_that_were_not_kept_are_trained_for_again(self, store):
        """A late demand: the result is there, the weights that a mask is taken from are not."""
        hold(store, DENSE)
        made = plan(wanted(T_1), store)
        assert jobs(made)[DENSE] == Job(DENSE, frozenset({50}), 50)
        assert made.waits[T_1.key] == {DENSE.key}
        assert not made.cached

    def test_only_as_far_as_the_weights_that_are_missing(self, store):
        hold(store, DENSE, 50)
        made = plan([Demand(DENSE, frozenset({10, 20, 50}))], store)
        assert jobs(made) == {DENSE: Job(DENSE, frozenset({10, 20}), 20)}

    def test_without_a_result_to_the_end(self, store):
        """Weights of an interrupted training may be unsound, so they are asked for once more."""
        store.write_tensors(DENSE.key, "step-10", {"weights/layers.0.weight": torch.zeros(2)})
        made = plan([Demand(DENSE, frozenset({10, 20}))], store)
        assert jobs(made) == {DENSE: Job(DENSE, frozenset({10, 20}), 50)}

    def test_a_later_demand_undoes_that_it_is_cached(self, store):
        hold(store, DENSE)
        made = plan([*wanted(T_1), *wanted(DENSE)], store)
        assert made.cached == set()
        assert set(jobs(made)) == {DENSE, T_1}

    def test_a_run_that_is_trained_for_its_weights_waits_for_its_own_parents(self, store):
        hold(store, T_1)
        made = plan(wanted(T_2), store)
        assert set(jobs(made)) == {DENSE, T_1, T_2}
        assert made.waits == {T_2.key: {T_1.key}, T_1.key: {DENSE.key}, DENSE.key: set()}

    def test_a_result_that_was_altered_is_trained_anew_and_told(self, store):
        hold(store, DENSE)
        (path,) = store.root.glob("runs/*/*/result.json")
        path.write_bytes(path.read_bytes().replace(b"false", b"true "))
        assert set(jobs(plan(wanted(DENSE), store))) == {DENSE}
        assert len(store.told) == 1


class TestDiverged:
    def test_its_result_counts_though_no_weights_were_kept(self, store):
        hold(store, DENSE, diverged=True)
        made = plan([Demand(DENSE, frozenset({20, 50}))], store)
        assert not made.jobs
        assert made.cached == {DENSE.key}

    def test_its_descendants_wait_for_nothing(self, store):
        """They are recorded as diverged, untrained."""
        hold(store, DENSE, diverged=True)
        made = plan(wanted(T_2), store)
        assert set(jobs(made)) == {T_1, T_2}
        assert made.waits == {T_1.key: set(), T_2.key: {T_1.key}}
        assert made.doomed == {T_1.key}

    def test_a_descendant_on_record_is_cached(self, store):
        hold(store, DENSE, diverged=True)
        hold(store, T_1, diverged=True)
        assert set(jobs(plan(wanted(T_1, T_2), store))) == {T_2}


def places(made):
    """By run, its place in the order."""
    return {made.jobs[key].run: place for place, key in enumerate(made.order())}


class TestOrder:
    @settings(deadline=None, max_examples=60)
    @given(chosen=st.lists(st.sampled_from(ALL), min_size=1, max_size=8))
    def test_every_job_comes_once_and_after_what_it_waits_for(self, empty, chosen):
        made = plan(wanted(*chosen), empty)
        assert sorted(made.order()) == sorted(made.jobs) == sorted(made.waits)
        at = {key: place for place, key in enumerate(made.order())}
        assert all(at[parent] < at[key] for key, before in made.waits.items() for parent in before)

    @settings(deadline=None, max_examples=60)
    @given(chosen=st.lists(st.sampled_from(ALL), min_size=1, max_size=8), seed=st.integers(0, 2**16))
    def test_the_jobs_do_not_depend_on_the_order_of_demands(self, empty, chosen, seed):
        shuffled = random.Random(seed).sample(chosen, len(chosen))
        one, other = plan(wanted(*chosen), empty), plan(wanted(*shuffled), empty)
        assert (one.jobs, one.waits, one.requested) == (other.jobs, other.waits, other.requested)

    def test_each_waits_for_its_parents_alone(self, empty):
        made = plan(wanted(*ALL), empty)
        assert {made.jobs[key].run: before for key, before in made.waits.items()} == {
            DENSE: set(),
            T_1: {DENSE.key},
            T_2: {T_1.key},
            RR_2: {T_1.key},
            OMP: {DENSE.key},
            REWOUND: {DENSE.key},
        }

    def test_a_chain_is_in_its_order(self, empty):
        at = places(plan(wanted(RR_2, T_2), empty))
        assert at[DENSE] < at[T_1] < min(at[T_2], at[RR_2])

    def test_nothing_wanted_is_an_empty_plan(self, empty):
        made = plan([], empty)
        assert (made.order(), made.priorities(), made.requested) == ([], {}, 0)


class TestPriorities:
    def of(self, made):
        """By run."""
        return {made.jobs[key].run: steps for key, steps in made.priorities().items()}

    def test_they_are_the_steps_of_the_longest_chain(self, empty):
        assert self.of(plan(wanted(*ALL), empty)) == {
            DENSE: 150,
            T_1: 100,
            T_2: 50,
            RR_2: 50,
            OMP: 50,
            REWOUND: 30,
        }

    def test_a_longer_training_outweighs_more_rounds(self, empty):
        long = run(mask=Pruned(DENSE, 0.9), training=replace(TRAINING, steps=500))
        assert self.of(plan(wanted(T_2, long), empty))[DENSE] == 550

    def test_a_training_for_weights_counts_as_far_as_it_goes(self, store):
        hold(store, DENSE, 50)
        made = plan(wanted(REWOUND), store)
        assert self.of(made) == {DENSE: 20 + 30, REWOUND: 30}
