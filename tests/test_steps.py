"""Step and epoch arithmetic, against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck.steps import Moment, moment, part, steps_per_epoch


class TestStepsPerEpoch:
    @pytest.mark.parametrize(
        ("samples", "batch", "drop", "keep"),
        [(50_000, 64, 781, 782), (50_000, 128, 390, 391), (60_000, 60, 1000, 1000), (128, 128, 1, 1), (129, 128, 1, 2)],
    )
    def test_the_partial_batch_is_dropped_or_kept(self, samples, batch, drop, keep):
        assert (steps_per_epoch(samples, batch, "drop"), steps_per_epoch(samples, batch, "keep")) == (drop, keep)

    def test_fewer_samples_than_a_batch_are_one_step_or_refused(self):
        assert steps_per_epoch(3, 5, "keep") == 1
        with pytest.raises(ValueError, match="batch=5 must not exceed the 3 training samples; take smaller batches"):
            steps_per_epoch(3, 5, "drop")

    @settings(deadline=None, max_examples=100)
    @given(st.integers(1, 10**7), st.integers(1, 5000))
    def test_kept_is_rounded_up(self, samples, batch):
        assert steps_per_epoch(samples, batch, "keep") == math.ceil(Fraction(samples, batch))


class TestPart:
    @settings(deadline=None, max_examples=300)
    @given(st.integers(1, 2000), st.integers(1, 2000), st.integers(1, 10**6))
    def test_so_many_of_so_many_epochs_are_whole_epochs(self, epoch, epochs, steps_per_epoch):
        """Though epoch / epochs is hardly ever a float."""
        epoch = min(epoch, epochs)
        assert part(epoch / epochs, epochs * steps_per_epoch) == epoch * steps_per_epoch

    @settings(deadline=None, max_examples=100)
    @given(st.integers(1, 10**6), st.integers(1, 10**9))
    def test_a_decimal_is_what_it_says(self, parts, steps):
        assert part(parts / 10**6, steps) == round(Fraction(parts, 10**6) * steps)


class TestMoment:
    @pytest.mark.parametrize(
        ("text", "step"),
        [
            ("8 epochs", 3128),
            ("1 epoch", 391),
            ("500 steps", 500),
            ("1 step", 1),
            ("0 steps", 0),
            ("160 epochs", 62_560),
        ],
    )
    def test_the_step_that_it_is(self, text, step):
        assert moment(text).step(391, 160 * 391) == step

    def test_it_is_read_as_counted(self):
        assert (moment("8 epochs"), moment("8 steps")) == (Moment(8, "epochs"), Moment(8, "steps"))

    @pytest.mark.parametrize(
        "text", ["", "8", "8epochs", "epochs", "-1 epochs", "1.5 epochs", "8 rounds", "8 epochs ", "٨ epochs"]
    )
    def test_what_names_none(self, text):
        with pytest.raises(
            ValueError, match="must be a whole number of epochs or steps; write '8 epochs' or '500 steps'"
        ):
            moment(text)

    def test_a_number_is_no_text(self):
        with pytest.raises(TypeError, match=r"rewind=8 must be a text, e\.g\. '8 epochs'"):
            moment(8)

    @pytest.mark.parametrize("text", ["11 epochs", "101 steps"])
    def test_it_must_lie_in_the_training(self, text):
        with pytest.raises(ValueError, match=f"rewind='{text}' must lie in the training, which has 100 steps"):
            moment(text).step(10, 100)
