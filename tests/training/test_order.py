"""Which samples a step sees: a function of (seed, epoch) alone."""

from __future__ import annotations

import hashlib

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck import draws
from lthcheck.run import Training
from lthcheck.steps import steps_per_epoch
from lthcheck.training.order import Order, digest

CPU = torch.device("cpu")


def order(seeds=(0,), samples=23, batch=5, last_batch="drop"):
    """An order as the trainers make it."""
    return Order(list(seeds), samples, Training(lr=0.1, batch=batch, steps=1000, last_batch=last_batch), CPU)


class Shifted:
    """Data whose samples, their numbers, are shifted by what seed and epoch make; see `samples.Samples`."""

    def __init__(self, by=lambda seed, epoch: 0.5 + seed + epoch):
        self.by = by

    def train_batch(self, index, *, seed, epoch):
        return self.plain_batch(index)[0] + self.by(seed, epoch), index

    def plain_batch(self, index):
        return index[:, None, None].float(), index


def augmented(data, seeds=(0,), samples=23, batch=5):
    """An order over data that are augmented."""
    return Order(list(seeds), samples, Training(lr=0.1, batch=batch, steps=1000), CPU, data)


def epoch_of(made, epoch):
    """All samples of an epoch, step by step: (seed, sample)."""
    first = epoch * made.steps_per_epoch
    return torch.cat([made.at(step) for step in range(first, first + made.steps_per_epoch)], dim=1)


class TestEpoch:
    @settings(deadline=None, max_examples=100)
    @given(st.integers(1, 200), st.integers(1, 60), st.integers(0, 5), st.integers(0, 100))
    def test_with_the_partial_batch_every_sample_comes_once(self, samples, batch, epoch, seed):
        seen = epoch_of(order([seed], samples, batch, "keep"), epoch)
        assert torch.equal(seen[0].sort().values, torch.arange(samples))

    @settings(deadline=None, max_examples=100)
    @given(st.integers(1, 200), st.integers(1, 60), st.integers(0, 5), st.integers(0, 100))
    def test_without_it_as_many_as_fill_batches_come_once(self, samples, batch, epoch, seed):
        samples = max(samples, batch)
        seen = epoch_of(order([seed], samples, batch, "drop"), epoch)[0].tolist()
        assert len(seen) == len(set(seen)) == samples // batch * batch
        assert set(seen) <= set(range(samples))

    def test_the_partial_batch_is_the_last_and_shorter(self):
        kept, dropped = order(last_batch="keep"), order(last_batch="drop")
        assert [kept.at(step).shape[1] for step in range(6)] == [5, 5, 5, 5, 3, 5]
        assert [dropped.at(step).shape[1] for step in range(6)] == [5] * 6

    def test_samples_that_are_dropped_are_others_the_next_epoch(self):
        made = order()
        left_out = [set(range(23)) - set(epoch_of(made, epoch)[0].tolist()) for epoch in range(4)]
        assert len(set(map(frozenset, left_out))) == 4

    def test_each_epoch_is_shuffled_afresh(self):
        made = order(last_batch="keep")
        assert len({tuple(epoch_of(made, epoch)[0].tolist()) for epoch in range(5)}) == 5

    @pytest.mark.parametrize(
        ("samples", "last_batch", "steps"),
        [(20, "drop", 4), (20, "keep", 4), (23, "drop", 4), (23, "keep", 5), (3, "keep", 1)],
    )
    def test_steps(self, samples, last_batch, steps):
        assert steps_per_epoch(samples, 5, last_batch) == steps
        assert order(samples=samples, last_batch=last_batch).steps_per_epoch == steps

    def test_its_end(self):
        made = order()  # four steps an epoch
        assert [made.epoch_end(step) for step in (0, 3, 4, 7, 8)] == [4, 4, 8, 8, 12]


class TestFunctionOfSeedAndEpoch:
    def test_it_is_the_permutation_of_the_order_stream(self):
        assert torch.equal(
            epoch_of(order([7], last_batch="keep"), 3)[0], draws.permutation(draws.stream(7, "order", 3), 23)
        )

    def test_asking_for_a_late_step_first_changes_nothing(self):
        walked, jumped = order(), order()
        for step in range(501):
            last = walked.at(step)
        assert torch.equal(jumped.at(500), last)
        assert torch.equal(jumped.at(2), order().at(2))

    def test_seeds_beside_it_change_nothing(self):
        alone, among = order([5]), order([3, 5, 3, 8])
        for step in (0, 3, 4, 17):
            rows = among.at(step)
            assert rows.shape == (4, 5)
            assert torch.equal(rows[1], alone.at(step)[0])
            assert torch.equal(rows[0], rows[2])

    def test_each_seed_has_its_own(self):
        assert len({tuple(epoch_of(order([seed]), 0)[0].tolist()) for seed in range(5)}) == 5

    def test_lr_and_length_of_the_training_change_nothing(self):
        short = Order([0], 23, Training(lr=0.9, batch=5, steps=7), CPU)
        assert torch.equal(short.at(3), order().at(3))


class TestDigests:
    def test_they_are_of_the_epochs_that_were_handed_out(self):
        made = order([0, 1])
        made.at(0)
        made.at(9)
        assert {seed: set(epochs) for seed, epochs in made.digests.items()} == {0: {0, 2}, 1: {0, 2}}

    def test_they_tell_the_indices(self):
        made = order([4], last_batch="keep")
        handed_out = epoch_of(made, 1)[0]
        assert made.digests[4][1] == hashlib.sha256(handed_out.numpy().tobytes()).hexdigest()[:16]

    def test_arms_of_a_replicate_agree_and_replicates_differ(self):
        lt, rr = order([0, 1]), order([1, 0])
        for made in (lt, rr):
            for step in range(12):
                made.at(step)
        assert digest(lt.digests[0]) == digest(rr.digests[0])
        assert digest(lt.digests[0]) != digest(lt.digests[1])

    def test_they_tell_how_samples_are_augmented(self):
        def made(data):
            order_ = augmented(data, seeds=[0, 1])
            for step in range(12):
                order_.at(step)
            return order_.digests

        plain, one = made(None), made(Shifted())
        assert one == made(Shifted())
        assert all(one[seed][epoch] != plain[seed][epoch] for seed in (0, 1) for epoch in (0, 1, 2))
        other = made(Shifted(lambda seed, epoch: 0.5 + seed + min(epoch, 1)))
        assert [epoch for epoch in range(3) if other[1][epoch] != one[1][epoch]] == [2]

    def test_they_are_not_of_what_was_only_announced(self):
        made = order()
        made.at(3)
        assert torch.equal(made.ahead(4), order().at(4))
        assert set(made.digests[0]) == {0}
        made.at(4)
        assert set(made.digests[0]) == {0, 1}
        assert made.handed_out == 2

    def test_one_hash_is_told_from_another_epoch_by_epoch(self):
        assert digest({0: "aa", 1: "bb"}) == digest({1: "bb", 0: "aa"})
        assert digest({0: "aa", 1: "bb"}) != digest({0: "bb", 1: "aa"})
        assert digest({0: "aa", 1: "bb"}) != digest({0: "aa"})


class TestGiven:
    """Of 80 samples in batches of 20; an epoch has four steps."""

    @staticmethod
    def departed(data, given, first=0, last=12):
        made = augmented(data, samples=80, batch=20)
        for step in range(first, last):
            index = made.at(step)[0]
            for x in given(step, index):
                made.given(step, 0, x)
        return made.not_augmented(0, first, last)

    @staticmethod
    def honest(step, index):
        yield Shifted().train_batch(index, seed=0, epoch=step // 4)[0].flatten(1)

    @pytest.mark.parametrize(("first", "last"), [(0, 12), (6, 12), (3, 9), (4, 8), (5, 5)])
    def test_what_the_data_give_is_sound(self, first, last):
        assert self.departed(Shifted(), self.honest, first, last) == []

    def test_a_batch_of_another_epoch_is_told(self):
        def stale(step, index):
            return self.honest(0, index) if step >= 4 else self.honest(step, index)

        assert self.departed(Shifted(), stale) == [1, 2]

    def test_a_backend_that_tells_nothing_is_told(self):
        assert self.departed(Shifted(), lambda step, index: []) == [0, 1, 2]
        assert self.departed(Shifted(), lambda step, index: [], 3, 5) == [0, 1]

    def test_data_that_augment_nothing_are_told(self):
        idle = Shifted(lambda seed, epoch: 0)
        assert self.departed(idle, lambda step, index: [idle.plain_batch(index)[0]]) == [0, 1, 2]

    def test_without_augmentation_nothing_is_held_against_it(self):
        assert self.departed(None, lambda step, index: [torch.zeros(3)]) == []


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match="batch=5 must not exceed the 4 training samples"):
        order(samples=4)
