"""A study: the runs of every arm, each once, and what is wanted next."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from planted import Facts, row

from lthcheck import sequel, zoo
from lthcheck.arms import Arms
from lthcheck.protocol import RULES
from lthcheck.pruning.mask import join, top
from lthcheck.recipe import ladder
from lthcheck.recipes import recipe
from lthcheck.run import Dense, Init, Pruned, Reinit, Training, Weights, needs
from lthcheck.study import Question, Slot, Study
from lthcheck.training.initialiser import initial
from lthcheck.training.order import Order
from lthcheck.zoo import registry

RECIPE = recipe("mnist1d").but({"lrs": (0.1, 0.2, 0.4), "sparsities": (0.36,), "seeds": 2, "epochs": 8, "batch": 100})
EPOCHS = RECIPE.epochs


def study(model="mlp-64-32", methods=("imp", "omp"), device="cpu", **changes):
    """A small study; `changes` are of its recipe."""
    return Study(model=model, dataset="mnist1d", recipe=RECIPE.but(changes), methods=methods, device=device)


def arms(**changes):
    """Its runs."""
    return Arms(study(**changes), Facts())


def lt(method, sparsity, lr=0.1, seed=0):
    """The slot of a ticket."""
    return Slot("lt", method, sparsity, lr, seed, EPOCHS)


def dense(lr=0.1, seed=0, epochs=EPOCHS):
    """The slot of a dense network."""
    return Slot("dense", None, None, lr, seed, epochs)


def probe(known):
    """The dense probe of the small study."""
    return sequel.dense_probe(study(), sequel.first(study()), known)


def rows(accuracies):
    """The evidence with these accuracies by slot."""
    return {slot: row(slot, accuracy) for slot, accuracy in accuracies.items()}


def answered(made, questions, accuracy):
    """Asks `next` until it wants nothing more; the slots it wanted each time."""
    known, wanted = {}, []
    while more := made.next(questions, known):
        assert not set(more) & set(known)
        wanted.append(set(more))
        known |= rows({slot: accuracy(slot) for slot in more})
    return wanted


class TestRounds:
    def test_to_the_name_of_a_rung(self):
        made = study().rounds(0.832)
        assert made == list(ladder(8))
        assert made[-1] == pytest.approx(1 - 0.8**8, abs=1e-12)

    def test_off_the_ladder_the_last_step_is_shorter(self):
        assert study().rounds(0.9) == [*ladder(10), 0.9]

    def test_below_the_first_rung_it_is_one_short_step(self):
        assert study().rounds(0.1) == [0.1]

    @pytest.mark.parametrize(
        ("asked", "given"), [(0.3591, 0.36), (0.36, 0.36), (0.3609, 0.36), (0.3589, 0.3589), (0.3611, 0.3611)]
    )
    def test_a_rung_is_met_within_a_thousandth(self, asked, given):
        assert study().rounds(asked)[-1] == given

    @pytest.mark.parametrize("k", range(1, 15))
    def test_every_rung_of_the_recipe_ends_its_rounds(self, k):
        assert study().rounds(ladder(14)[k - 1]) == list(ladder(k))

    @settings(deadline=None, max_examples=100)
    @given(st.floats(0.001, 0.99), st.floats(0.05, 0.5))
    def test_no_round_prunes_more_than_its_rate(self, sparsity, rate):
        made = [0.0, *study(rate=rate).rounds(sparsity)]
        for before, after in pairwise(made):
            assert before < after
            assert 1 - after >= (1 - before) * (1 - rate) - 1e-11
        assert abs(made[-1] - sparsity) <= 1e-3

    def test_no_round_prunes_more_than_its_rate_where_rungs_are_close(self):
        made = study(sparsities=(0.9975,))
        (sparsity,) = made.sparsities
        assert made.rounds(sparsity)[-1] == sparsity

    def test_a_sparsity_out_of_reach_is_refused(self):
        with pytest.raises(ValueError, match=r"sparsity=0\.9 takes more than 1000 rounds of 0\.001; ask for less"):
            study(rate=0.001).rounds(0.9)

    def test_two_names_of_one_rung_are_refused(self):
        with pytest.raises(
            ValueError, match=r"sparsity=0\.832,0\.8322 must not name one rung .*, 0\.83223, twice; drop"
        ):
            study(sparsities=(0.832, 0.8322, 0.9))


class TestArms:
    def test_dense_begins_at_theta_0_of_its_seed(self):
        run = arms().run(dense(lr=0.2, seed=1))
        assert run.start == Init(run.network, "pytorch", seed=1)
        assert (run.mask, run.seed, run.training.lr) == (Dense(), 1, 0.2)
        assert run.training.steps == EPOCHS * 40

    def test_all_methods_share_it(self):
        made = arms()
        for method in ("imp", "omp"):
            assert made.run(lt(method, 0.2)).mask.of == made.run(dense())

    def test_lt_omp_is_pruned_from_dense_at_once(self):
        run = arms().run(lt("omp", 0.488))
        assert run.mask == Pruned(arms().run(dense()), 0.488, roles=RECIPE.roles)
        assert run.start == Init(run.network, "pytorch", seed=0)

    def test_lt_imp_is_the_parent_of_the_next_round(self):
        """Each round begins at theta_0 again (failure F2), and prunes what the round before left."""
        made = arms()
        before = made.run(dense())
        for rung in ladder(5):
            run = made.run(lt("imp", rung))
            assert (run.mask.of, run.mask.sparsity) == (before, rung)
            assert run.start == before.start == Init(run.network, "pytorch", seed=0)
            before = run

    def test_off_the_ladder_the_parent_is_the_last_rung_before(self):
        made = arms()
        assert made.run(lt("imp", 0.9)).mask.of == made.run(lt("imp", ladder(10)[-1]))

    def test_round_one_of_imp_is_omp(self):
        made = arms()
        assert made.run(lt("imp", 0.2)) == made.run(lt("omp", 0.2))
        assert made.run(lt("imp", 0.36)) != made.run(lt("omp", 0.36))

    @pytest.mark.parametrize("method", ["imp", "omp"])
    def test_rr_has_the_mask_of_its_lt(self, method):
        made = arms()
        ticket = made.run(lt(method, 0.488, lr=0.2, seed=1))
        control = made.run(lt(method, 0.488, lr=0.2, seed=1)._replace(arm="rr"))
        assert control.mask == ticket.mask
        assert control.start == Reinit(ticket.network, "pytorch", seed=1)
        assert replace(control, start=ticket.start) == ticket

    def test_the_arms_of_a_replicate_share_the_seed_of_order_and_augmentation(self):
        made = arms()
        for slot in (dense(seed=1), lt("imp", 0.36, seed=1), lt("imp", 0.36, seed=1)._replace(arm="rr")):
            assert made.run(slot).seed == 1

    def test_the_recipe_says_scope_and_roles(self):
        mask = arms(scope="layer", roles=("linear", "classifier")).run(lt("omp", 0.36)).mask
        assert (mask.scope, mask.roles) == ("layer", ("classifier", "linear"))

    def test_rates_by_role_reach_every_mask(self):
        changes = {"scope": "layer", "roles": ("linear", "classifier"), "rates": (("classifier", 0.1),)}
        made = arms(methods=("imp", "omp", "snip"), **changes)
        rates = {made.run(lt(method, 0.36)).mask.rates for method in ("imp", "omp", "snip")}
        assert rates == {(("classifier", 0.1), ("linear", 0.2))}

    def test_a_study_with_rates_is_read_back_from_its_record(self):
        changes = {"scope": "layer", "rates": (("linear", 0.1),), "score": "lamp", "rewind": "2 epochs", "steps": 99}
        asked = study(**changes)
        assert Study.from_json(json.loads(json.dumps(asked.as_json()))) == asked

    def test_the_size_of_a_ticket_with_rates(self):
        """In all it is that without them: the sparsity is of all prunable weights together."""
        roles = ("linear", "classifier")
        rated = arms(scope="layer", roles=roles, rates=(("classifier", 0.1),))
        assert rated.ticket_size(0.488) == arms(roles=roles).ticket_size(0.488)

    def test_the_recipe_says_the_score(self):
        made = arms(methods=("imp", "omp", "snip"), score="lamp")
        assert [made.run(lt(each, 0.36)).mask.score.name for each in ("imp", "omp", "snip")] == ["lamp", "lamp", "snip"]

    def test_a_recipe_in_steps_trains_them_exactly(self):
        """Of 40 an epoch; the evidence names the nearest whole number of epochs."""
        made = arms(steps=330)
        assert (made.study.recipe.epochs, made.recipe.epochs) == (8, 8)
        made = Arms(study(steps=330, batch=200), Facts())
        assert made.study.recipe.epochs == 16  # 330 / 20 = 16.5, to the even one
        assert "2 seeds, 330 steps;" in made.study.summary
        slots = sequel.grid(made.study, ("dense", None, None), [0.1], 1)
        assert [slot.epochs for slot in slots] == [16]
        once = made.run(slots[0])
        assert (once.training.steps, once.training.schedule.milestones) == (330, (165, 248))
        (twice,) = sequel.grid(made.study, ("dense", None, None), [0.1], 1, stretch=2)
        assert (twice.epochs, made.run(twice).training.steps) == (32, 660)

    def test_the_probe_trains_twice_as_long(self):
        probe, once = arms().run(dense(epochs=2 * EPOCHS)), arms().run(dense())
        assert probe.training.steps == 2 * once.training.steps
        assert probe.training.schedule.milestones == tuple(2 * step for step in once.training.schedule.milestones)
        assert replace(probe, training=once.training) == once

    def test_the_device_reaches_every_run(self):
        made = arms(device="cuda")
        assert {made.run(slot).training.device for slot in (dense(), lt("imp", 0.36))} == {"cuda"}

    def test_nothing_starts_from_trained_weights(self):
        """Failure F1, as an expression."""
        made = arms()
        (verdict,) = [question for question in made.study.questions() if question.kind == "verdict"][:1]
        assert not [run for run in map(made.run, made.slots(verdict)) if isinstance(run.start, Weights)]

    @settings(deadline=None, max_examples=50)
    @given(st.integers(1, 5000), st.integers(1, 300), st.sampled_from(["drop", "keep"]))
    def test_an_epoch_has_as_many_steps_as_in_training(self, samples, batch, last_batch):
        samples = max(samples, batch)
        made = Arms(study(batch=batch, last_batch=last_batch), Facts(train_size=samples))
        training = Training(lr=0.1, batch=batch, steps=1, last_batch=last_batch)
        assert made.steps_per_epoch == Order([0], samples, training, torch.device("cpu")).steps_per_epoch


class TestSmallDense:
    # mlp-64-32 on 40 inputs and 10 classes: weights 2560 + 2048 + 320, biases 64 + 32 + 10
    TOTAL = 5034
    PRUNABLE = 4608

    def test_the_ticket_by_hand(self):
        assert arms().ticket_size(0.36) == self.TOTAL - self.PRUNABLE + 2949  # .64 * 4608 = 2949.12

    def test_layers_round_one_by_one(self):
        """.41 * 2560 = 1049.6 and .41 * 2048 = 839.68; together 1889.28."""
        assert arms(scope="layer").ticket_size(0.59) == self.TOTAL - self.PRUNABLE + 1050 + 840
        assert arms(scope="global").ticket_size(0.59) == self.TOTAL - self.PRUNABLE + 1889

    @pytest.mark.parametrize("sparsity", [0.2, 0.832])
    @pytest.mark.parametrize("scope", ["global", "layer"])
    def test_it_is_what_a_mask_leaves(self, sparsity, scope):
        made = arms(scope=scope)
        weights = initial(made.network, "pytorch", 0, "init")
        roles = zoo.roles(made.network)
        scores = {name: weight.abs() for name, weight in weights.items() if roles[name] == "linear"}
        mask = top(scores, {name: score >= 0 for name, score in scores.items()}, sparsity, scope=scope)
        left = sum(weight.numel() for weight in weights.values()) - int((~join(mask)).sum())
        assert made.ticket_size(sparsity) == left

    def test_sdt_is_the_narrowest_not_smaller_than_the_ticket(self):
        """Failure F14 is an SDT that is."""
        made = arms()
        run = made.run(Slot("sdt", None, 0.832, 0.1, 1, EPOCHS))
        size = sum(zoo.parameter_counts(run.network).values())
        below = replace(run.network, width=run.network.width - 1 / 64)
        assert sum(zoo.parameter_counts(below).values()) < made.ticket_size(0.832) <= size
        assert (run.mask, run.start, run.seed) == (Dense(), Init(run.network, "pytorch", seed=1), 1)
        assert run.training == made.run(dense(seed=1)).training

    def test_a_network_without_a_width_has_none(self, monkeypatch):
        from torch import nn

        def fixed(shape, classes):
            return nn.Sequential(nn.Linear(shape[0], 16), nn.ReLU(), nn.Linear(16, classes))

        monkeypatch.setattr(registry, "_registered", {})
        zoo.register_model("fixed", fixed)
        made = arms(model="fixed")
        assert made.run(Slot("sdt", None, 0.36, 0.1, 0, EPOCHS)) is None
        wanted = made.next(made.study.questions(), {})
        assert {slot.arm for slot in wanted} == {"dense", "lt", "rr"}


class TestDistinctRuns:
    """Three lrs and two seeds: a grid is six runs."""

    @staticmethod
    def keys(made):
        """Of all slots, without the probe; and with the rounds of IMP behind them."""
        wanted = made.next(made.study.questions(), {})
        runs = {run.key: run for run in wanted.values()}
        behind, pending = dict(runs), list(runs.values())
        while pending:
            for parent, _ in needs(pending.pop()):
                if parent.key not in behind:
                    behind[parent.key] = parent
                    pending.append(parent)
        return len(wanted), len(runs), len(behind)

    def test_at_one_rung(self):
        """Dense, SDT, and LT and RR of two methods; behind them round one of IMP."""
        assert self.keys(arms(sparsities=(0.36,))) == (6 * 6, 6 * 6, 7 * 6)

    def test_at_two_rungs_of_which_one_is_the_first(self):
        """At .2 IMP is OMP: LT and RR once. At .36 both twice. SDT at each, dense once; no round is hidden."""
        assert self.keys(arms(sparsities=(0.2, 0.36))) == (11 * 6, 9 * 6, 9 * 6)

    def test_of_omp_alone(self):
        assert self.keys(arms(sparsities=(0.2, 0.36), methods=("omp",))) == (7 * 6, 7 * 6, 7 * 6)

    def test_of_imp_at_the_eighth_rung(self):
        """Seven rounds on the way, each as LT alone."""
        assert self.keys(arms(sparsities=(0.832,), methods=("imp",))) == (4 * 6, 4 * 6, 11 * 6)

    def test_recipes_that_share_a_dense_run_share_its_key(self):
        one, other = arms(sparsities=(0.36,)), arms(sparsities=(0.9,), seeds=1, rate=0.1, scope="layer")
        assert one.run(dense()) == other.run(dense())


class TestNext:
    def test_without_questions_nothing_is_wanted(self):
        assert arms().next([], {}) == {}

    def test_the_probe_waits_for_every_dense_row(self):
        known = rows({dense(lr, seed): 0.5 for lr in RECIPE.lrs for seed in (0, 1)})
        for missing in known:
            assert probe({slot: value for slot, value in known.items() if slot != missing}) == []
        assert len(probe(known)) == 2

    @pytest.mark.parametrize(
        ("accuracies", "best"),
        [
            ({0.1: 0.7, 0.2: 0.6, 0.4: 0.5}, 0.1),
            ({0.1: 0.5, 0.2: 0.6, 0.4: 0.7}, 0.4),
            ({0.1: 0.5, 0.2: 0.7, 0.4: 0.6}, 0.2),
            ({0.1: 0.7, 0.2: 0.7, 0.4: 0.7}, 0.2),
            ({0.1: 0.7, 0.2: 0.7 - 1e-12, 0.4: 0.5}, 0.2),
            ({0.1: 0.7, 0.2: 0.5, 0.4: 0.7}, 0.1),
        ],
        ids=["low end", "high end", "inside", "all tied", "tied within 1e-9", "both ends tied"],
    )
    def test_the_probe_is_at_the_best_lr_a_tie_inside_the_grid(self, accuracies, best):
        known = rows({dense(lr, seed): value for lr, value in accuracies.items() for seed in (0, 1)})
        assert probe(known) == [dense(best, seed, 2 * EPOCHS) for seed in (0, 1)]

    def test_the_best_lr_is_that_of_the_mean_not_of_a_seed(self):
        known = {dense(lr, seed): 0.6 for lr in RECIPE.lrs for seed in (0, 1)}
        known |= {dense(0.4, 0): 0.9, dense(0.4, 1): 0.1, dense(0.2, 0): 0.62, dense(0.2, 1): 0.62}
        assert {slot.lr for slot in probe(rows(known))} == {0.2}

    def test_a_study_ends_after_the_probe(self):
        made = arms()
        wanted = answered(made, made.study.questions(), lambda slot: slot.lr)
        assert [len(slots) for slots in wanted] == [36, 2]
        assert wanted[1] == {dense(0.4, seed, 2 * EPOCHS) for seed in (0, 1)}

    def test_an_accuracy_of_zero_is_known(self):
        made = arms()
        assert len(answered(made, made.study.questions(), lambda slot: 0.0)) == 2

    def test_every_slot_comes_with_its_run(self):
        made = arms()
        for slot, run in made.next(made.study.questions(), {}).items():
            assert run == made.run(slot)

    def test_what_is_known_is_not_wanted(self):
        made = arms()
        first = made.next(made.study.questions(), {})
        half = rows(dict.fromkeys(list(first)[::2], 0.5))
        assert set(made.next(made.study.questions(), half)) == set(first) - set(half)


GRID = {(0.1, 0), (0.1, 1), (0.2, 0), (0.2, 1), (0.4, 0), (0.4, 1)}
AT_LR = {(0.2, 0), (0.2, 1)}


class TestClaims:
    @pytest.mark.parametrize(
        ("condition", "others"),
        [
            (2, {("sdt", None, 0.36): GRID}),
            (3, {("rr", "omp", 0.36): GRID}),
            (4, {("dense", None, None): AT_LR}),
            (5, {("dense", None, None): GRID}),
        ],
    )
    def test_a_claim_wants_the_ticket_at_its_lr_and_what_it_is_held_against(self, condition, others):
        made = arms()
        question = Question("claim", made.study.name, "omp", 0.36, 0.2, condition)
        wanted = {}
        for slot in made.next([question], {}):
            wanted.setdefault(slot[:3], set()).add((slot.lr, slot.seed))
        assert wanted == {("lt", "omp", 0.36): AT_LR} | others
        assert answered(made, [question], lambda slot: slot.lr) == [set(made.slots(question))]

    def test_condition_1_wants_dense_and_the_probe(self):
        made = arms()
        question = Question("claim", made.study.name, "omp", 0.36, condition=1)
        wanted = answered(made, [question], lambda slot: slot.lr)
        assert wanted[0] == {dense(lr, seed) for lr, seed in GRID}
        assert wanted[1] == {dense(0.4, seed, 2 * EPOCHS) for seed in (0, 1)}
        assert len(wanted) == 2

    @pytest.mark.parametrize("method", ["imp", "omp"])
    def test_a_verdict_wants_its_own_method_alone(self, method):
        made = arms()
        wanted = set().union(*answered(made, [Question("verdict", made.study.name, method)], lambda slot: slot.lr))
        assert {slot.method for slot in wanted} == {None, method}
        assert len(wanted) == 4 * 6 + 2

    def test_integrity_wants_every_arm(self):
        made = arms()
        integrity = answered(made, [Question("integrity", made.study.name, rule="start")], lambda slot: slot.lr)
        assert integrity == answered(made, made.study.questions(), lambda slot: slot.lr)

    def test_two_questions_want_what_both_want_once(self):
        made = arms()
        questions = [Question("claim", made.study.name, "omp", 0.36, 0.2, condition) for condition in (4, 5)]
        assert len(made.next(questions, {})) == len(AT_LR) + len(GRID)


class TestQuestions:
    @settings(deadline=None, max_examples=30)
    @given(
        st.lists(st.integers(1, 999).map(lambda n: n / 1000), min_size=1, max_size=4, unique=True),
        st.lists(st.floats(1e-4, 10).map(lambda lr: float(f"{lr:.3g}")), min_size=1, max_size=4, unique=True),
    )
    def test_each_has_its_own_id(self, sparsities, lrs):
        try:
            asked = study(sparsities=tuple(sparsities), lrs=tuple(lrs)).questions()
        except ValueError:
            assume(False)  # two of the sparsities are one rung
        assert len({question.id for question in asked}) == len(asked) == len(set(asked))

    def test_studies_do_not_share_ids(self):
        ids = [question.id for model in ("mlp-64-32", "mlp-64") for question in study(model=model).questions()]
        assert len(set(ids)) == len(ids)

    def test_there_is_one_for_every_rule_claim_and_verdict(self):
        asked = study(sparsities=(0.36, 0.832)).questions()
        kinds = [question.kind for question in asked]
        assert [question.rule for question in asked if question.kind == "integrity"] == list(RULES)
        assert kinds.count("claim") == 2 * 2 * (1 + 4 * 3)  # methods, sparsities, and conditions 2 to 5 at three lrs
        assert kinds.count("verdict") == 2

    def test_their_order_is_fixed(self):
        assert study().questions() == study().questions()

    def test_how_pytest_calls_them(self):
        question = Question("claim", "mlp-64-32 on mnist1d", "imp", ladder(8)[-1], 0.1, 3)
        assert question.id == "mlp-64-32-mnist1d-imp-s0.83222784-lr0.1-c3"


class TestRefusals:
    def test_an_unknown_model(self):
        with pytest.raises(ValueError, match="model='lenet-300-10' is not known; did you mean lenet-300-100"):
            study(model="lenet-300-10")

    def test_an_unknown_method(self):
        with pytest.raises(ValueError, match="method='impp' is not known; did you mean imp"):
            study(methods=("impp",))

    @pytest.mark.parametrize("methods", [(), ("imp", "imp")])
    def test_each_method_once(self, methods):
        with pytest.raises(ValueError, match="must name each of its methods once"):
            study(methods=methods)

    def test_an_unknown_device(self):
        with pytest.raises(ValueError, match="device='gpu' is not known"):
            study(device="gpu")

    def test_a_batch_larger_than_the_data(self):
        with pytest.raises(
            ValueError, match="batch=100 must not exceed the 99 training samples of stand-in; give more"
        ):
            Arms(study(), Facts(train_size=99))

    def test_a_network_that_does_not_fit_the_data(self):
        with pytest.raises(ValueError, match=r"shape=\(40,\) must be \(channels, height, width\)"):
            arms(model="resnet20")

    def test_roles_that_the_network_lacks(self):
        with pytest.raises(
            ValueError, match="roles=conv must name weights of mlp-64-32, which has bias, classifier, linear"
        ):
            arms(roles=("conv",))


def test_its_record_says_what_was_asked():
    record = study(sparsities=(0.832,)).as_json()
    assert record["name"] == "mlp-64-32 on mnist1d"
    assert record["sparsities"] == [ladder(8)[-1]]
    assert record["methods"] == ["imp", "omp"]
    assert (record["seeds"], record["epochs"], record["lrs"]) == (2, EPOCHS, [0.1, 0.2, 0.4])


def test_a_study_of_a_file_is_called_after_the_file():
    made = Study(model="mlp-64-32", dataset="folder/mine.npz", recipe=RECIPE)
    assert made.name == "mlp-64-32 on mine.npz"
