"""Recipes hold what was published, and turn epochs into steps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck.names import known
from lthcheck.preset import PRESETS, preset
from lthcheck.recipe import ladder
from lthcheck.recipes import names, recipe
from lthcheck.run import Optimiser, Schedule

MA2021 = recipe("ma2021")
CIFAR_STEPS = 782  # 50 000 images in batches of 64, the last of 16


class TestLadder:
    def test_it_is_the_row_of_ma2021(self):
        """Ma et al. 2021, as printed there, to three places."""
        published = [0.2, 0.36, 0.488, 0.59, 0.672, 0.738, 0.79, 0.832, 0.866, 0.893, 0.914, 0.931, 0.945, 0.956]
        assert ladder(14) == pytest.approx(published, abs=5e-4)
        assert MA2021.sparsities == ladder(14)

    def test_its_rungs_are_decimals(self):
        assert ladder(4) == (0.2, 0.36, 0.488, 0.5904)

    @settings(deadline=None, max_examples=50)
    @given(st.integers(1, 30), st.floats(0.01, 0.9))
    def test_each_round_prunes_its_rate_of_what_remains(self, rounds, rate):
        rungs = (0.0, *ladder(rounds, rate))
        for before, after in pairwise(rungs):
            assert 1 - after == pytest.approx((1 - before) * (1 - rate), abs=1e-11)

    def test_no_round_prunes_nothing(self):
        assert ladder(0) == ()


class TestMa2021:
    """Ma et al. 2021, Table E.1."""

    def test_its_numbers(self):
        assert (MA2021.epochs, MA2021.batch, MA2021.weight_decay, MA2021.momentum) == (160, 64, 5e-4, 0.9)
        assert (MA2021.optimiser, MA2021.schedule, MA2021.factor, MA2021.warmup_epochs) == ("sgd", "step", 0.1, 0)
        assert (MA2021.rate, MA2021.scope, MA2021.seeds) == (0.2, "global", 3)
        assert MA2021.lrs == (0.001, 0.005, 0.01, 0.05, 0.1, 0.15)

    def test_first_conv_classifier_norm_and_bias_stay_dense(self):
        assert {"conv", "shortcut"} <= set(MA2021.roles)
        assert not {"first_conv", "classifier", "norm", "bias"} & set(MA2021.roles)

    def test_its_training_on_cifar(self):
        training = MA2021.training(0.1, CIFAR_STEPS)
        assert (training.lr, training.batch, training.steps, training.last_batch) == (0.1, 64, 160 * 782, "keep")
        assert training.optimiser == Optimiser("sgd", 0.9, 5e-4)
        assert training.schedule == Schedule("step", (80 * 782, 120 * 782), 0.1)
        assert (training.first_step, training.precision, training.device) == (0, "float32", "cpu")


class TestPresets:
    """Their numbers are measured and may be measured again; what they are for may not change."""

    def test_undertrained_is_the_default_trained_too_little(self):
        default, undertrained = PRESETS["default"], PRESETS["undertrained"]
        assert (undertrained.model, undertrained.dataset) == (default.model, default.dataset)
        assert undertrained.recipe.epochs < default.recipe.epochs

    @pytest.mark.parametrize("name", PRESETS)
    def test_condition_1_can_hold(self, name):
        """A sparsity of 60 % or more, and a learning rate inside the grid."""
        assert max(PRESETS[name].recipe.sparsities) >= 0.6
        assert len(PRESETS[name].recipe.lrs) >= 3


class TestTraining:
    def test_twice_as_long_stretches_milestones_in_proportion(self):
        once, twice = MA2021.training(0.1, CIFAR_STEPS), MA2021.training(0.1, CIFAR_STEPS, stretch=2)
        assert twice.steps == 2 * once.steps
        assert twice.schedule.milestones == tuple(2 * milestone for milestone in once.schedule.milestones)
        assert (twice.lr, twice.batch, twice.optimiser) == (once.lr, once.batch, once.optimiser)

    def test_warmup_is_counted_in_steps_and_stretched(self):
        warm = MA2021.but({"warmup_epochs": 75})
        assert warm.training(0.1, 10).schedule.warmup == 750
        assert warm.training(0.1, 10, stretch=2).schedule.warmup == 1500

    @pytest.mark.parametrize("name", ["constant", "cosine"])
    def test_milestones_belong_to_the_step_schedule_alone(self, name):
        """Else two equal trainings would have two keys."""
        assert MA2021.but({"schedule": name}).training(0.1, 10).schedule == Schedule(name)

    def test_adam_has_no_momentum(self):
        assert MA2021.but({"optimiser": "adam"}).training(0.1, 10).optimiser == Optimiser("adam", 0.0, 5e-4)

    def test_the_device_is_in_the_key(self):
        on_cpu, on_cuda = (MA2021.training(0.1, 10, device=device) for device in ("cpu", "cuda"))
        assert (on_cuda.device, on_cuda == on_cpu) == ("cuda", False)

    @settings(deadline=None, max_examples=50)
    @given(st.integers(1, 300), st.integers(1, 1000), st.integers(1, 2))
    def test_milestones_lie_within_the_training_in_order(self, epochs, steps_per_epoch, stretch):
        training = MA2021.but({"epochs": epochs}).training(0.1, steps_per_epoch, stretch=stretch)
        first, second = training.schedule.milestones
        assert 0 <= first <= second <= training.steps == epochs * steps_per_epoch * stretch


class TestSteps:
    """A length in steps, as Frankle & Carbin 2019 give theirs."""

    IN_STEPS = MA2021.but({"steps": 30_000, "batch": 128})

    def test_the_training_has_them_exactly(self):
        for per_epoch in (390, 391, 100_000):
            training = self.IN_STEPS.training(0.1, per_epoch)
            assert (training.steps, training.schedule.milestones) == (30_000, (15_000, 22_500))
            assert self.IN_STEPS.total_steps(per_epoch) == 30_000

    def test_twice_as_long_is_twice_as_many(self):
        twice = self.IN_STEPS.training(0.1, 391, stretch=2)
        assert (twice.steps, twice.schedule.milestones) == (60_000, (30_000, 45_000))

    def test_in_epochs_they_are_counted(self):
        assert MA2021.total_steps(CIFAR_STEPS) == 160 * CIFAR_STEPS

    @pytest.mark.parametrize(("per_epoch", "epochs"), [(391, 77), (390, 77), (1000, 30), (50_000, 1), (100_000, 1)])
    def test_on_some_data_they_are_so_many_epochs(self, per_epoch, epochs):
        here = self.IN_STEPS.on(per_epoch)
        assert (here.epochs, here.steps) == (epochs, 30_000)
        assert here.training(0.1, per_epoch) == self.IN_STEPS.training(0.1, per_epoch)

    def test_a_recipe_in_epochs_is_the_same_on_all(self):
        assert MA2021.on(CIFAR_STEPS) is MA2021

    def test_epochs_take_their_place(self):
        assert (self.IN_STEPS.but({"epochs": 3}).steps, self.IN_STEPS.but({"epochs": 3}).total_steps(10)) == (None, 30)

    def test_both_are_refused(self):
        with pytest.raises(
            ValueError, match="epochs=3, steps=100: a training must have one length; give one of the two"
        ):
            MA2021.but({"epochs": 3, "steps": 100})

    def test_a_warm_up_must_fit(self):
        short = MA2021.but({"steps": 100, "warmup_epochs": 2})
        assert short.training(0.1, 50).schedule.warmup == 100
        with pytest.raises(
            ValueError, match="warmup_epochs=2 must end within the training, but takes 102 of 100 steps"
        ):
            short.training(0.1, 51)


class TestRewind:
    def test_ma2021_goes_back_to_epoch_8(self):
        assert MA2021.but({"rewind": "8 epochs"}).rewind_step(CIFAR_STEPS) == 8 * CIFAR_STEPS
        assert MA2021.but({"rewind": "500 steps"}).rewind_step(CIFAR_STEPS) == 500

    def test_it_must_lie_in_the_training(self):
        with pytest.raises(ValueError, match="rewind='8 epochs' must lie in the training, which has 782 steps"):
            MA2021.but({"rewind": "8 epochs", "epochs": 1}).rewind_step(CIFAR_STEPS)

    def test_a_recipe_may_say_none(self):
        with pytest.raises(ValueError, match="rewind='' of the recipe mnist1d names no moment; write '8 epochs'"):
            recipe("mnist1d").rewind_step(10)


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"lrs": ()}, r"lr must name at least one value, e\.g\. 0\.1"),
            ({"sparsities": ()}, "sparsity must name at least one value"),
            ({"lrs": (0.1, 0.2, 0.1)}, r"lr=0\.1 is given twice; name each value once"),
            ({"sparsities": (0.5, 0.5)}, r"sparsity=0\.5 is given twice; name each value once"),
            ({"lrs": (-0.1,)}, r"lr=-0\.1 must be a finite number above 0"),
            ({"lrs": (0.0,)}, "lr=0 must be a finite number above 0"),
            ({"lrs": (float("inf"),)}, "lr=inf must be a finite number above 0"),
            ({"lrs": (float("nan"),)}, "lr=nan must be a finite number above 0"),
            ({"sparsities": (90.0,)}, r"sparsity=90 must be in \(0, 1\); write 0\.9 for 90 %"),
            ({"sparsities": (0.0,)}, r"sparsity=0 must be in \(0, 1\)"),
            ({"sparsities": (1.0,)}, r"sparsity=1 must be in \(0, 1\)"),
            ({"sparsities": (float("nan"),)}, r"sparsity=nan must be in \(0, 1\)"),
            ({"seeds": 0}, "seeds=0 must be at least 1"),
            ({"epochs": 0}, "epochs=0 must be at least 1"),
            ({"batch": 0}, "batch=0 must be at least 1"),
            ({"weight_decay": -1e-4}, r"weight_decay=-0\.0001 must be 0 or above"),
            ({"steps": 0}, "steps=0 must be at least 1"),
            ({"rewind": "8"}, "rewind='8' must be a whole number of epochs or steps; write '8 epochs'"),
            ({"score": "lampe"}, "score='lampe' is not known; did you mean lamp"),
            ({"rates": (("conv", 0.1),)}, "scope='global' must be 'layer' with rates by role"),
            (
                {"rates": (("conv", 10),), "scope": "layer"},
                r"rates\[conv\]=10 must be in \(0, 1\); write 0\.2 for 20 %",
            ),
            ({"rates": (("classifier", 0.1),), "scope": "layer"}, r"rates='classifier' is not known.*Known: conv"),
            ({"rates": (("conv", 0.1), ("conv", 0.2)), "scope": "layer"}, "must name each role once"),
            ({"rates": ("conv", 0.1), "scope": "layer"}, "must be pairs of a role and a rate"),
        ],
    )
    def test_a_value_out_of_range_is_named_with_its_rule(self, changes, message):
        with pytest.raises(ValueError, match=message):
            MA2021.but(changes)

    @pytest.mark.parametrize("find", [recipe, preset])
    def test_an_unknown_name_is_refused(self, find):
        with pytest.raises(ValueError, match=r"='nothing-alike' is not known\. Known: "):
            find("nothing-alike")

    def test_with_the_nearest(self):
        with pytest.raises(ValueError, match="recipe='ma2020' is not known; did you mean ma2021"):
            recipe("ma2020")
        with pytest.raises(ValueError, match="preset='defualt' is not known; did you mean default"):
            preset("defualt")


def test_what_is_known_is_given_back():
    assert recipe("ma2021") is MA2021
    assert "ma2021" in names()
    assert preset("tiny") is PRESETS["tiny"]
    assert known("method", "imp", iter(["imp", "omp"])) == "imp"


def test_presets_go_by_their_own_names():
    assert {name: each.name for name, each in PRESETS.items()} == {name: name for name in PRESETS}


def test_a_warm_up_takes_the_same_part_of_other_epochs():
    digits = recipe("digits")
    assert digits.but({"epochs": digits.epochs * 2}).warmup_epochs == digits.warmup_epochs * 2
    assert digits.but({"epochs": 1}).warmup_epochs <= 1
    assert digits.but({"epochs": 9, "warmup_epochs": 2}).warmup_epochs == 2
