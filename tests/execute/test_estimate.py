"""The estimate: paces between those measured, and the schedule of the pool gone through with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lthcheck.execute.estimate import makespan
from lthcheck.execute.pace import Pace, Paces
from lthcheck.execute.plan import Demand, Job, plan
from lthcheck.run import Data, Dense, Init, Network, Pruned, Run, Training
from lthcheck.store import Store

NET = Network("mlp-64-32", shape=(40,), classes=10)
NARROW = replace(NET, width=0.5)
DATA = Data("stand-in", fingerprint="f" * 64)
TRAINING = Training(lr=0.1, batch=10, steps=100)


def run(seed=0, *, network=NET, mask=None, training=TRAINING):
    return Run(network, DATA, training, Init(network, "pytorch", seed), mask or Dense(), seed)


def job(each):
    return Job(each, frozenset(), each.training.steps)


def paces(*measured, start=0.0):
    """Of the full network, where no other is named."""
    made = Paces(start)
    for each, pace in measured:
        made.add(each, pace)
    return made


# a step takes 1 s alone and 4 s for 8, whatever else 10 s
FULL = [(run(), Pace(1, 1.0, 10.0, 0.0)), (run(), Pace(8, 4.0, 10.0, 0.0))]
# nothing that stacks: a step takes a second
LONE = [(run(), Pace(1, 1.0, 0.0, 0.0))]


@pytest.fixture
def planned(tmp_path):
    return lambda *runs: plan(map(Demand, runs), Store(tmp_path))


class TestPaces:
    @pytest.mark.parametrize(("replicas", "seconds"), [(1, 110), (8, 410), (4.5, 260)])
    def test_between_two_stacks_they_are_on_a_line(self, replicas, seconds):
        assert paces(*FULL).seconds(job(run()), replicas) == pytest.approx(seconds)

    def test_a_training_for_weights_counts_as_far_as_it_goes(self):
        assert paces(*FULL).seconds(replace(job(run()), until=20), 1) == pytest.approx(30)

    def test_between_two_networks_they_are_on_a_line(self):
        known = paces(*LONE, (run(network=NARROW), Pace(1, 0.5, 0.0, 0.0)))
        between = known.seconds(job(run(network=replace(NET, width=0.75))), 1)
        assert 50 < between < 100

    def test_beyond_the_smallest_network_they_stay(self):
        tiny = replace(NET, width=0.1)
        assert paces(*LONE).seconds(job(run(network=tiny)), 1) == pytest.approx(100)

    def test_what_was_never_measured_is_known(self):
        other = Network("mlp-8", shape=(40,), classes=10)
        assert paces(*LONE).has([job(run(network=NARROW))])
        assert not paces(*LONE).has([job(run()), job(run(network=other))])


class TestMakespan:
    def test_of_nothing_is_nothing(self, planned):
        assert makespan([planned()], paces(*LONE), 2) == 0

    def test_trainers_work_side_by_side(self, planned):
        runs = [run(seed) for seed in range(4)]
        assert makespan([planned(*runs)], paces(*LONE), 1) == 400
        assert makespan([planned(*runs)], paces(*LONE), 3) == 200

    def test_what_can_be_stacked_is(self, planned):
        assert makespan([planned(*map(run, range(8)))], paces(*FULL), 1) == pytest.approx(410)

    def test_a_chain_takes_its_length_however_many_trainers(self, planned):
        first = run(mask=Pruned(run(), 0.2))
        assert makespan([planned(run(mask=Pruned(first, 0.36)))], paces(*LONE), 4) == 300

    def test_a_plan_waits_for_the_one_before(self, planned):
        probe = run(training=replace(TRAINING, steps=200))
        assert makespan([planned(run(), run(1), run(2)), planned(probe)], paces(*LONE), 2) == 200 + 200

    def test_a_trainer_starts_and_loads_the_data_once(self, planned):
        known = paces((run(), Pace(1, 1.0, 0.0, 7.0)), start=3.0)
        assert makespan([planned(run(), run(1)), planned(run(2))], known, 1) == 300 + 3 + 7
        assert makespan([planned(run(), run(1))], known, 2) == 100 + 3 + 7
