"""The guideline: rule by rule from planted facts, and what planted results change about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lthcheck.advice.guideline import SEEN_GAP, suggest
from lthcheck.advice.seen import tried
from lthcheck.advice.subject import Subject
from lthcheck.advice.tickets import RUNGS
from lthcheck.evidence import Row
from lthcheck.recipe import ladder
from lthcheck.recipes import recipe
from lthcheck.verdict.power import reach

RESNET = Subject(
    model="resnet20",
    dataset="cifar10",
    residual=True,
    mlp=False,
    scalable=True,
    parameters=272_474,
    shape=(3, 32, 32),
    classes=10,
    train_size=50_000,
)
PLAIN = replace(RESNET, model="vgg16", residual=False, parameters=14_724_042)
OWN = replace(RESNET, model="mine", residual=None)
LARGE = replace(RESNET, shape=(3, 64, 64), classes=200, train_size=100_000)
MLP = replace(
    RESNET, model="mlp-64-32", residual=False, mlp=True, parameters=5_034, shape=(40,), train_size=4_000
)  # at mnist1d
MA = recipe("ma2021")
MNIST1D = recipe("mnist1d")  # 100 epochs, lrs .2 .3 .4
DENSE = {0.2: 0.75, 0.3: 0.78, 0.4: 0.76}


def dense(levels=DENSE, *, epochs=100, gain=0.0, twice=True):
    """Rows of dense by lr, and of the probe at the best lr, which gains so much; two seeds."""
    best = max(levels, key=levels.get)
    rows = [Row("dense", lr, mean, seed=seed, epochs=epochs) for lr, mean in levels.items() for seed in (0, 1)]
    probe = [Row("dense", best, levels[best] + gain, seed=seed, epochs=2 * epochs) for seed in (0, 1)]
    return rows + probe * twice


def cell(method, sparsity, lt, rr, sdt, *, lrs=tuple(DENSE), epochs=100):
    """Rows of a ticket whose accuracy is `lt` at each lr."""
    place = {"sparsity": sparsity, "epochs": epochs}
    return [
        row
        for lr in lrs
        for seed in (0, 1)
        for row in (
            Row("lt", lr, lt, method=method, seed=seed, **place),
            Row("rr", lr, rr, method=method, seed=seed, **place),
            Row("sdt", lr, sdt, seed=seed, **place),
        )
    ]


TICKET = (0.78, 0.7, 0.6)
MISSES = (0.7, 0.6, 0.6)  # beats its rivals, and not dense
RIVALLED = (0.78, 0.78, 0.6)  # matches dense, as its mask does on fresh weights


def spread(sd):
    """Rows of dense, of two seeds."""
    return [
        Row("dense", lr, mean + sd * (seed - 0.5) * 2**0.5, seed=seed, epochs=100)
        for lr, mean in DENSE.items()
        for seed in (0, 1)
    ]


def advice(subject=MLP, recipe=MNIST1D, rows=(), **more):
    return suggest(subject, recipe, rows, delta=0.005, **more)


def said(suggestion, part):
    return " ".join(f"{reason.text} [{reason.source}]" for reason in suggestion.reasons[part])


class TestPaper:
    def test_residual_connections_on_small_data_take_imp_and_small_lrs(self):
        found = advice(RESNET, MA)
        assert found.methods == ("imp",)
        assert found.lrs == (0.005, 0.01, 0.05, 0.1, 0.15)
        assert "sec. 3.2, rule 1" in said(found, "method")
        assert "sec. 3.2, rule 2" in said(found, "lr")

    def test_without_residual_connections_the_cheaper_method_and_no_small_lrs(self):
        found = advice(PLAIN, MA)
        assert found.methods == ("omp",)
        assert found.lrs == (0.01, 0.05, 0.1, 0.15)
        assert "sec. 3.2, rule 1" in said(found, "method")
        assert "sec. 3.2, rule 2" in said(found, "lr")

    def test_on_large_data_omp_and_large_lrs_whatever_the_connections(self):
        found = advice(LARGE, MA)
        assert found.methods == ("omp",)
        assert min(found.lrs) == 0.01
        assert "sec. 3.2, rule 4" in said(found, "method")
        assert "condition 3" in said(found, "lr")

    @pytest.mark.parametrize("subject", [OWN, replace(RESNET, classes=200)])
    def test_where_the_kind_is_not_known_both_methods_and_small_lrs(self, subject):
        found = advice(subject, MA)
        assert found.methods == ("imp", "omp")
        assert min(found.lrs) == 0.005
        assert ("not known" if subject is OWN else "neither as small") in said(found, "method")

    def test_of_a_perceptron_the_paper_says_nothing_and_that_is_said(self):
        found = advice(MLP)
        assert found.methods == ("omp",)
        assert any("no statement of the paper applies" in limit for limit in found.limits)
        for part in ("method", "lr"):
            assert "the paper trained no multilayer perceptron" in said(found, part)
            assert "sec. 3.2" not in said(found, part)

    @pytest.mark.parametrize(
        ("parameters", "rounds"),
        [(1_860_522, (9, 11, 13)), (272_474, (7, 9, 11)), (50_000, (5, 7, 9)), (49_999, (5, 7))],
    )
    def test_the_more_redundant_the_sparser(self, parameters, rounds):
        found = advice(replace(RESNET, parameters=parameters), MA)
        assert found.sparsities == tuple(ladder(k)[-1] for k in rounds)

    def test_a_network_without_a_width_is_told_that_condition_2_stays_unknown(self):
        assert any("condition 2" in limit for limit in advice(replace(OWN, scalable=False), MA).limits)


class TestLength:
    def test_an_under_trained_one_is_doubled_until_it_is_not_refuted(self):
        longer = {lr: mean + 0.01 for lr, mean in DENSE.items()}
        rows = [*dense(epochs=100, twice=False), *dense(longer, epochs=200, gain=0.01)]
        found = advice(rows=rows)
        assert found.epochs == 400
        assert "not 100: condition 1 refutes" in said(found, "epochs")
        assert "not 200: condition 1 refutes" in said(found, "epochs")

    def test_one_that_is_long_enough_stays(self):
        found = advice(rows=dense())
        assert found.epochs == 100
        assert "long enough" in said(found, "epochs")

    def test_what_was_judged_at_a_refuted_length_holds_for_no_other(self):
        rows = [*dense(gain=0.01), *cell("omp", 0.79, *MISSES)]
        assert advice(rows=rows).sparsities == advice().sparsities


class TestLrs:
    def test_lie_around_denses_best(self):
        found = advice(rows=dense({0.05: 0.6, 0.1: 0.7, 0.2: 0.8, 0.4: 0.7}))
        assert found.lrs == (0.1, 0.2, 0.4)

    @pytest.mark.parametrize(
        ("levels", "lrs"),
        [
            ({0.2: 0.6, 0.3: 0.7, 0.4: 0.8}, (0.3, 0.4, 0.53)),
            ({0.2: 0.8, 0.3: 0.7, 0.4: 0.6}, (0.13, 0.2, 0.3)),
            ({0.2: 0.8}, (0.1, 0.2, 0.4)),
        ],
    )
    def test_go_on_where_the_best_is_at_an_end(self, levels, lrs):
        found = advice(rows=dense(levels))
        assert found.lrs == lrs
        assert "at the end of the grid" in said(found, "lr")

    def test_small_ones_follow_the_best_and_take_those_that_were_tried(self):
        levels = {0.011: 0.6, 0.1: 0.7, 0.2: 0.9, 0.4: 0.7, 0.019: 0.6}
        assert advice(RESNET, MNIST1D, dense(levels)).lrs == (0.011, 0.019, 0.1, 0.2, 0.4)

    def test_one_epoch_is_counted_as_one(self):
        (reason, *_) = suggest(RESNET, MA.but({"epochs": 1}), dense(epochs=1), delta=0.005).reasons["lr"]
        assert "dense is best at lr 0.3 (78.0 % in 1 epoch), inside the grid" in reason.text

    def test_are_not_taken_from_much_shorter_trainings(self):
        assert advice(rows=dense({1.0: 0.6, 2.0: 0.7, 4.0: 0.6}, epochs=5)).lrs == MNIST1D.lrs


class TestStore:
    def test_a_ticket_that_stood_is_followed_upward(self):
        found = advice(rows=[*dense(), *cell("imp", ladder(7)[-1], *TICKET)])
        assert (found.methods, found.new) == (("imp",), True)
        assert found.sparsities == tuple(ladder(10)[-3:])

    def test_its_boundary_is_known_once_the_next_is_none(self):
        rows = [*dense(), *cell("imp", ladder(7)[-1], *TICKET), *cell("imp", ladder(8)[-1], *MISSES)]
        found = advice(rows=rows)
        assert (found.methods, found.sparsities, found.seeds) == (("imp",), (ladder(7)[-1],), 4)
        assert not found.new
        assert "0.832 judged" in said(found, "sparsity")

    def test_one_that_misses_dense_leaves_the_less_sparse(self):
        found = advice(rows=[*dense(), *cell("omp", ladder(7)[-1], *MISSES)])
        assert found.methods == ("omp",)
        assert found.sparsities == tuple(ladder(6)[-2:])
        assert "omp: none at 0.79 (misses dense)" in said(found, "method")

    def test_one_that_its_rivals_match_leaves_the_sparser(self):
        found = advice(rows=[*dense(), *cell("omp", ladder(7)[-1], *RIVALLED)])
        assert found.sparsities == tuple(ladder(10)[-3:])

    def test_a_method_with_nothing_left_gives_way_to_the_other(self):
        found = advice(rows=[*dense(), *cell("omp", RUNGS[0], *MISSES)])
        assert (found.methods, found.new) == (("imp",), True)
        assert "omp has nothing left" in said(found, "method")

    def test_new_lrs_open_what_was_judged_at_others(self):
        rows = [*dense({0.2: 0.6, 0.3: 0.7, 0.4: 0.8}), *cell("omp", RUNGS[0], 0.5, 0.4, 0.4)]
        found = advice(rows=rows)
        assert 0.53 in found.lrs
        assert (found.methods, found.sparsities) == (("omp",), advice().sparsities)

    def test_with_nothing_left_the_nearest_is_firmed_up_and_that_is_said(self):
        rows = [*dense(), *cell("omp", RUNGS[0], *MISSES), *cell("imp", RUNGS[0], 0.7, 0.7, 0.7)]
        found = advice(rows=rows)
        assert not found.new
        assert (found.methods, found.sparsities, found.seeds) == (("omp",), (RUNGS[0],), 4)
        assert "nothing promising is left" in said(found, "method")

    def test_what_waits_for_the_recipe_is_decided_first(self):
        rows = [*dense({0.2: 0.6, 0.3: 0.7, 0.4: 0.78}), *cell("imp", 0.9, *TICKET)]
        found = advice(rows=rows)
        assert (found.methods, found.sparsities, found.lrs) == (("imp",), (0.9,), (0.3, 0.4, 0.53))
        assert "undecided" in said(found, "sparsity")

    @pytest.mark.parametrize(("sd", "seeds"), [(0.001, 4), (0.0045, 8), (0.05, 10)])
    def test_seeds_follow_the_sd_that_was_measured(self, sd, seeds):
        assert advice(rows=spread(sd)).seeds == seeds

    def test_seeds_pay_for_every_ticket_of_the_suggestion(self):
        found = advice(rows=spread(0.0045))
        tickets = len(found.methods) * len(found.sparsities) * len(found.lrs)
        assert reach(found.seeds, 0.0045, tickets=tickets) <= SEEN_GAP < reach(found.seeds - 1, 0.0045, tickets=tickets)
        assert f"{tickets} tickets paid for" in said(found, "seeds")

    def test_seeds_that_were_asked_for_stay(self):
        assert advice(rows=dense(), seeds=7).seeds == 7


@st.composite
def evidence(draw):
    """Dense on a grid, some cells of some lrs, perhaps the probe."""
    levels = draw(st.dictionaries(st.sampled_from([0.01, 0.1, 0.2, 0.4, 0.8]), st.floats(0.3, 0.9), min_size=1))
    rows = dense(levels, gain=draw(st.sampled_from([0.0, 0.01])), twice=draw(st.booleans()))
    places = st.tuples(st.sampled_from(["imp", "omp", "snip"]), st.sampled_from([0.2, 0.9, *RUNGS]))
    for method, sparsity in draw(st.lists(places, unique=True, max_size=8)):
        levels_here = draw(st.lists(st.sampled_from(sorted(levels)), unique=True, min_size=1))
        rows += cell(method, sparsity, *draw(st.tuples(*[st.floats(0.3, 0.9)] * 3)), lrs=levels_here)
    return list({(row.arm, row.method, row.sparsity, row.lr, row.seed, row.epochs): row for row in rows}.values())


@given(st.sampled_from([RESNET, PLAIN, OWN, LARGE, MLP]), evidence())
def test_whatever_is_known_the_suggestion_is_a_study_with_a_grid_that_can_hold_the_best(subject, rows):
    found = advice(subject, MNIST1D, rows)
    assert len(found.lrs) >= 3
    assert 1 <= len(found.sparsities) <= 3
    MNIST1D.but({name: getattr(found, name) for name in ("lrs", "sparsities", "epochs", "seeds")})  # in range
    assert all(reasons for reasons in found.reasons.values())


@given(evidence())
def test_what_is_new_was_not_judged_none_at_these_lrs(rows):
    found = advice(MLP, MNIST1D, rows)
    suggested = {(method, sparsity) for method in found.methods for sparsity in found.sparsities}
    for each in tried(rows, found.epochs, delta=0.005):
        if found.new and each.cell.verdict == "none" and set(found.lrs) <= each.lrs:
            assert (each.method, each.sparsity) not in suggested
