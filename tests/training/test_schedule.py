"""The learning rate of every step, against hand-computed values and torch's schedulers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from lthcheck.recipes import recipe
from lthcheck.run import Schedule, Training
from lthcheck.training.schedule import factors, learning_rates

STEPS = 40


def of(schedule, steps=STEPS):
    """The factor at every step."""
    return factors(schedule, np.arange(steps), steps)


class Bare(torch.optim.Optimizer):
    """What a scheduler asks of an optimiser; one of torch's own takes two seconds to be made."""

    def __init__(self):
        self.param_groups = [{"lr": 1.0}]

    def step(self):
        """Nothing to do."""


def by_torch(make, steps=STEPS):
    """The learning rates that a scheduler of torch gives from a base of 1."""
    optimiser = Bare()
    scheduler = make(optimiser)
    made = []
    for _ in range(steps):
        made.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return made


SCHEDULES = st.builds(
    Schedule,
    name=st.sampled_from(["constant", "step", "cosine"]),
    milestones=st.lists(st.integers(0, STEPS), max_size=3, unique=True).map(sorted),
    factor=st.floats(0.01, 1),
    warmup=st.integers(0, STEPS),
)


class TestConstant:
    def test_it_is_one(self):
        assert of(Schedule()).tolist() == [1.0] * STEPS


class TestStep:
    def test_it_drops_at_exactly_each_milestone(self):
        factor = of(Schedule("step", (20, 30), factor=0.1))
        assert factor[[0, 19, 20, 29, 30, 39]] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])

    def test_it_is_torch_multi_step(self):
        expected = by_torch(lambda optimiser: lr_scheduler.MultiStepLR(optimiser, [7, 21, 22], gamma=0.3))
        assert of(Schedule("step", (7, 21, 22), factor=0.3)) == pytest.approx(expected)

    def test_a_milestone_named_twice_counts_twice_as_in_torch(self):
        expected = by_torch(lambda optimiser: lr_scheduler.MultiStepLR(optimiser, [7, 7], gamma=0.3))
        assert of(Schedule("step", (7, 7), factor=0.3)) == pytest.approx(expected)

    def test_without_milestones_it_is_constant(self):
        assert of(Schedule("step")).tolist() == [1.0] * STEPS

    def test_the_order_of_milestones_does_not_matter(self):
        assert of(Schedule("step", (30, 20))) == pytest.approx(of(Schedule("step", (20, 30))))


class TestCosine:
    def test_by_hand(self):
        factor = factors(Schedule("cosine"), np.array([0, 10, 20, 30, 40]), STEPS)
        assert factor == pytest.approx([1, (2 + math.sqrt(2)) / 4, 0.5, (2 - math.sqrt(2)) / 4, 0])

    def test_it_is_torch_cosine_annealing(self):
        expected = by_torch(lambda optimiser: lr_scheduler.CosineAnnealingLR(optimiser, T_max=STEPS))
        assert of(Schedule("cosine")) == pytest.approx(expected)

    def test_it_runs_from_the_end_of_the_warmup(self):
        factor = of(Schedule("cosine", warmup=10))
        rest = by_torch(lambda optimiser: lr_scheduler.CosineAnnealingLR(optimiser, T_max=30), 30)
        assert factor[:10] == pytest.approx(np.arange(1, 11) / 10)
        assert factor[10:] == pytest.approx(rest)

    def test_a_warmup_of_the_whole_training_leaves_no_cosine(self):
        assert of(Schedule("cosine", warmup=STEPS)) == pytest.approx(np.arange(1, STEPS + 1) / STEPS)


class TestWarmup:
    def test_it_rises_from_a_part_to_the_whole(self):
        assert of(Schedule(warmup=4))[:6] == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])

    def test_it_is_torch_linear(self):
        expected = by_torch(lambda optimiser: lr_scheduler.LinearLR(optimiser, start_factor=1 / 8, total_iters=7))
        assert of(Schedule(warmup=8)) == pytest.approx(expected)

    def test_it_multiplies_a_milestone_inside_it(self):
        assert of(Schedule("step", (2,), factor=0.1, warmup=4))[:5] == pytest.approx([0.25, 0.5, 0.075, 0.1, 0.1])

    def test_one_step_of_it_is_none(self):
        assert of(Schedule(warmup=1)).tolist() == [1.0] * STEPS


class TestAny:
    @settings(deadline=None, max_examples=100)
    @given(SCHEDULES, st.integers(0, STEPS - 1))
    def test_a_step_has_its_factor_whatever_it_is_asked_with(self, schedule, step):
        assert factors(schedule, np.array([step]), STEPS)[0] == of(schedule)[step]

    @settings(deadline=None, max_examples=100)
    @given(SCHEDULES)
    def test_it_is_in_the_unit_interval(self, schedule):
        assert ((of(schedule) >= 0) & (of(schedule) <= 1)).all()

    @pytest.mark.parametrize("shape", [(), (40,), (5, 8), (0,)])
    def test_the_shape_is_that_of_the_steps(self, shape):
        steps = np.arange(math.prod(shape)).reshape(shape)
        factor = factors(Schedule("step", (3,), warmup=2), steps, STEPS)
        assert (factor.shape, factor.dtype) == (shape, np.float64)

    def test_an_unknown_name_is_refused(self):
        with pytest.raises(ValueError, match="poly"):
            of(Schedule("poly"))


class TestEpochs:
    """A recipe in epochs is what a scheduler does that is stepped once an epoch, as the papers' code does."""

    @staticmethod
    def by_epoch(make, epochs):
        return np.array(by_torch(make, epochs))

    @pytest.mark.parametrize("per_epoch", [1, 7, 391])
    @pytest.mark.parametrize(("epochs", "milestones"), [(160, [80, 120]), (150, [80, 120]), (90, [50, 65, 80])])
    def test_the_lr_drops_at_the_first_step_of_the_epoch(self, epochs, milestones, per_epoch):
        parts = tuple(each / epochs for each in milestones)
        stretched = recipe("ma2021").but({"epochs": epochs, "milestones": parts})
        training = stretched.training(0.1, per_epoch)
        assert training.schedule.milestones == tuple(each * per_epoch for each in milestones)
        rates = learning_rates(training, 0, training.steps)
        expected = self.by_epoch(lambda optimiser: lr_scheduler.MultiStepLR(optimiser, milestones, gamma=0.1), epochs)
        assert rates.reshape(epochs, per_epoch) == pytest.approx(0.1 * expected[:, None].repeat(per_epoch, 1))
        first_lower = int(np.flatnonzero(rates < rates[0])[0])
        assert first_lower == milestones[0] * per_epoch

    def test_the_cosine_goes_down_step_by_step(self):
        """At the first step of an epoch it is what the scheduler has in that epoch; between them it goes on."""
        training = recipe("ma2021").but({"schedule": "cosine", "epochs": 90}).training(1.0, 11)
        expected = self.by_epoch(lambda optimiser: lr_scheduler.CosineAnnealingLR(optimiser, T_max=90), 90)
        rates = learning_rates(training, 0, training.steps)
        assert rates[::11] == pytest.approx(expected, abs=1e-12)
        by_hand = [(1 + math.cos(math.pi * step / 990)) / 2 for step in range(990)]
        assert rates == pytest.approx(by_hand, abs=1e-12)

    def test_the_warm_up_rises_evenly_and_ends_with_its_last_epoch(self):
        training = recipe("ma2021").but({"warmup_epochs": 20}).training(0.4, 5)
        rates = learning_rates(training, 0, training.steps)
        assert rates[:100] == pytest.approx([0.4 * (step + 1) / 100 for step in range(100)])
        assert rates[100:400] == pytest.approx([0.4] * 300)


class TestLearningRates:
    def test_they_are_lr_times_factor(self):
        training = Training(lr=0.4, batch=10, steps=STEPS, schedule=Schedule("step", (20,)))
        assert learning_rates(training, 18, 22) == pytest.approx([0.4, 0.4, 0.04, 0.04])

    @settings(deadline=None, max_examples=50)
    @given(SCHEDULES, st.integers(0, STEPS), st.integers(0, STEPS))
    def test_a_part_is_a_part_of_the_whole(self, schedule, one, other):
        """Rewinding to step k, or going on from a checkpoint, is no new schedule."""
        first, last = sorted([one, other])
        training = Training(lr=0.1, batch=10, steps=STEPS, schedule=schedule)
        part = learning_rates(training.starting_at(first), first, last)
        assert np.array_equal(part, learning_rates(training, 0, STEPS)[first:last])
