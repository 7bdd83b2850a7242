"""Samples and their contrasts, against numpy and scipy.stats."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from lthcheck.evidence import Row
from lthcheck.verdict.sample import contrast, refuse_copies, samples

LT = (0.90, 0.92, 0.91, 0.94)
RR = (0.88, 0.91, 0.87, 0.91)


def rows(arm, accuracies, *, seeds=None, **fields):
    seeds = range(len(accuracies)) if seeds is None else seeds
    made = [Row(arm, 0.1, a, "imp", 0.8, seed=i) for a, i in zip(accuracies, seeds, strict=True)]
    return [replace(row, **fields) for row in made]


def sample(accuracies, test_size=None, **fields):
    (made,) = samples(rows("lt", accuracies, **fields), test_size).values()
    return made


class TestSamples:
    def test_come_by_lr_in_the_order_of_the_seeds(self):
        one = rows("lt", (0.5, 0.6, 0.7), seeds=(9, 2, 4))
        found = samples([*one, Row("lt", 0.2, 0.8)], None)
        assert list(found) == [0.1, 0.2]
        assert (found[0.1].seeds, found[0.1].accuracy.tolist()) == ((2, 4, 9), [0.6, 0.7, 0.5])

    def test_a_row_without_a_seed_leaves_nothing_to_pair(self):
        assert sample((0.5, 0.6), seeds=(0, None)).seeds is None

    def test_a_seed_with_two_masks_is_one_replicate(self):
        two = [replace(row, source_lr=lr) for lr, a in ((0.1, 0.8), (0.2, 0.9)) for row in rows("lt", (a, a + 0.02))]
        (found,) = samples(two, None).values()
        assert (found.seeds, found.accuracy.tolist()) == ((0, 1), pytest.approx([0.85, 0.87]))

    def test_folds_are_means_over_replicates(self):
        made = [*rows("lt", (0.5,), folds=(2, 3)), *rows("lt", (0.7,), seeds=(1,), folds=(4, 3))]
        (found,) = samples(made, 10).values()
        assert found.folds == pytest.approx([0.6, 0.6])

    def test_the_size_of_the_test_set_follows_from_folds(self):
        made = rows("lt", (0.5,), folds=(2, 3))
        assert samples(made, None)[0.1].folds == pytest.approx(samples(made, 10)[0.1].folds)

    @pytest.mark.parametrize("folds", [None, (5,), (1, 2, 2)], ids=["diverged", "one fold", "another number"])
    def test_folds_are_known_of_all_replicates_or_of_none(self, folds):
        made = [*rows("lt", (0.5,), folds=(2, 3)), *rows("lt", (0.5,), seeds=(1,), folds=folds)]
        assert samples(made, 10)[0.1].folds is None

    def test_an_accuracy_of_zero_has_folds_of_zeros(self):
        assert sample((0.0,), folds=(0, 0)).folds.tolist() == [0, 0]


class TestSeeds:
    @pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 1, 0, 2)])
    def test_shared_ones_are_paired_in_any_order(self, order):
        other = sample([RR[i] for i in order], seeds=order)
        found = contrast(sample(LT), other, None)
        assert found.variance == pytest.approx(np.var(np.subtract(LT, RR), ddof=1))
        assert (found.n, found.freedom) == (4, 3)
        t = stats.ttest_rel(LT, RR)
        assert found.gap / math.sqrt(found.variance / found.n) == pytest.approx(t.statistic)
        assert found.freedom == t.df

    @pytest.mark.parametrize("seeds", [(4, 5, 6, 7), (0, 1, 2, 4), (None, None, None, None)], ids=str)
    def test_other_ones_are_not(self, seeds):
        found = contrast(sample(LT), sample(RR, seeds=seeds), None)
        t = stats.ttest_ind(LT, RR, equal_var=False)
        assert found.gap / math.sqrt(found.variance / found.n) == pytest.approx(t.statistic)
        assert found.freedom <= t.df

    def test_unequal_numbers_are_welchs_with_the_fewest_degrees_of_freedom(self):
        found = contrast(sample(LT), sample(RR[:3]), None)
        t = stats.ttest_ind(LT, RR[:3], equal_var=False)
        assert found.gap / math.sqrt(found.variance / found.n) == pytest.approx(t.statistic)
        assert (found.n, found.freedom) == (3, 2)
        assert found.freedom <= t.df

    @pytest.mark.parametrize("other", [RR[:1], RR])
    def test_one_replicate_has_no_variance(self, other):
        found = contrast(sample(LT[:1]), sample(other), None)
        assert (math.isnan(found.variance), found.freedom) == (True, 0)
        assert found.gap == pytest.approx(LT[0] - np.mean(other))

    def test_two_masks_of_one_seed_are_no_second_seed(self):
        two = [replace(row, source_lr=lr) for lr in (0.1, 0.2) for row in rows("lt", LT[:1])]
        (found,) = samples(two, None).values()
        assert contrast(found, found, None).freedom == 0


class TestTestSet:
    def test_folds_say_what_it_does_to_the_gap(self):
        lt, rr = np.array([3, 5, 4, 4]), np.array([2, 4, 4, 2])
        one, other = (sample((sum(f) / 20,), 20, folds=tuple(map(int, f))) for f in (lt, rr))
        found = contrast(one, other, 20)
        assert found.test == pytest.approx(stats.sem((lt - rr) / 5) ** 2)
        assert found.test_freedom == 3

    def test_what_is_hard_for_both_cancels(self):
        one, other = (sample((sum(f) / 40,), 40, folds=f) for f in ((9, 2, 7, 6), (8, 1, 6, 5)))
        assert contrast(one, other, 40).test == pytest.approx(0, abs=1e-30)

    def test_without_folds_it_is_that_of_two_proportions(self):
        found = contrast(sample((0.9, 0.9)), sample((0.8, 0.8), seeds=(5, 6)), 1000)
        assert found.test == pytest.approx(stats.bernoulli(0.9).var() / 1000 + stats.bernoulli(0.8).var() / 1000)
        assert found.test_freedom == math.inf

    def test_so_it_is_where_one_side_has_none_or_others(self):
        one = sample((0.5,), 20, folds=(3, 2, 2, 3))
        assert contrast(one, sample((0.5,)), 20).test == contrast(sample((0.5,)), sample((0.5,)), 20).test
        assert contrast(one, sample((0.5,), 20, folds=(5, 5)), 20).test_freedom == math.inf

    def test_of_unknown_size_it_is_left_out(self):
        found = contrast(sample(LT), sample(RR), None)
        assert (found.test, found.test_freedom) == (0, math.inf)

    def test_its_noise_is_that_of_simulated_test_sets(self):
        """Two arms that are right on 90 and 85 of 100 kinds of samples, 80 of them the same."""
        rng, size = np.random.default_rng(0), 4000
        gaps, told = [], []
        for _ in range(200):
            kind = rng.integers(0, 100, (40, size // 40))
            right = [kind < 90, (kind >= 10) & (kind < 95)]
            arms = [sample((one.mean(),), size, folds=tuple(map(int, one.sum(1)))) for one in right]
            found = contrast(*arms, size)
            gaps.append(found.gap)
            told.append(found.test)
        assert np.mean(told) == pytest.approx(np.var(gaps), rel=0.25)
        assert contrast(sample((0.9,)), sample((0.85,)), size).test > 1.2 * np.mean(told)


class TestCopies:
    def test_are_refused_with_the_training_the_rule_and_the_remedy(self):
        said = r"^lt at sparsity 0\.8, lr 0\.1, seed 1 must be there once, .*; drop one, or give replicates their own"
        with pytest.raises(ValueError, match=said):
            refuse_copies([*rows("lt", LT), *rows("lt", (0.5,), seeds=(1,))])

    @pytest.mark.parametrize(
        "other",
        [
            {"seed": 1},
            {"arm": "rr"},
            {"lr": 0.2},
            {"sparsity": 0.9},
            {"method": "omp"},
            {"epochs": 9},
            {"source_lr": 1},
        ],
        ids=str,
    )
    def test_another_training_is_none(self, other):
        (row,) = rows("lt", (0.5,))
        refuse_copies([row, replace(row, **other)])

    def test_rows_without_a_seed_are_replicates(self):
        refuse_copies([Row("dense", 0.1, 0.5), Row("dense", 0.1, 0.5)])
