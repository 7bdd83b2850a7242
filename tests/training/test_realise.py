"""From expressions to tensors: what a training begins with."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from lthcheck import zoo
from lthcheck.pruning.count import kept
from lthcheck.pruning.mask import join, permuted
from lthcheck.run import (
    Data,
    Dense,
    Given,
    Init,
    Objective,
    Permuted,
    Perturbed,
    Pruned,
    Reinit,
    Run,
    Score,
    Training,
    Transferred,
    Weights,
)
from lthcheck.training.initialiser import initial
from lthcheck.training.realise import Library, NotYetRun, check, replica

NET = zoo.network("mlp-8-6", (5,), 3)
IMAGES = zoo.network("lenet5", (1, 12, 12), 3)
DATA = Data("mnist1d", fingerprint="f" * 64)
TRAINING = Training(lr=0.1, batch=10, steps=50)
INIT, REINIT = Init(NET, "pytorch", seed=0), Reinit(NET, "pytorch", seed=0)
DENSE = Run(NET, DATA, TRAINING, INIT, Dense(), seed=0)
PRUNABLE = ["layers.0.weight", "layers.1.weight"]  # 40 and 48 weights; the classifier and the biases stay dense
TOTAL = 88


def trained(seed):
    """Weights as a training may leave them."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=generator) for name, shape in zoo.shapes(NET).items()}


class Memory:
    """Weights and masks of runs, by (run, step); `asked` holds what was fetched."""

    def __init__(self, kept_of=None):
        self.kept_of = kept_of or {}
        self.asked = []

    def __call__(self, run, step):
        self.asked.append((run, step))
        return self.kept_of[run, step]


AFTER_DENSE = (trained(0), {})
MEMORY = {(DENSE, 50): AFTER_DENSE, (DENSE, 20): (trained(20), {})}


def of(start=INIT, mask=None, training=TRAINING, memory=MEMORY):
    """A run made concrete."""
    return replica(Run(NET, DATA, training, start, mask or Dense(), seed=0), Library(Memory(memory)))


def assert_starts_at(made, theta0):
    """The weights are theta_0 where the mask is True, and 0.0 elsewhere."""
    for name, weight in made.weights.items():
        stays = made.mask.get(name, torch.ones_like(weight, dtype=torch.bool))
        assert torch.equal(weight[stays], theta0[name].to(weight.dtype)[stays])
        assert not weight[~stays].any()


class TestStarts:
    def test_dense_begins_at_theta_0(self):
        made = of()
        assert not made.mask
        assert_starts_at(made, initial(NET, "pytorch", 0, "init"))

    def test_lt_begins_at_mask_times_theta_0(self):
        """Failure F1: the reset never happened."""
        made = of(INIT, Pruned(DENSE, 0.5))
        assert_starts_at(made, initial(NET, "pytorch", 0, "init"))
        assert all(not torch.equal(made.weights[name], AFTER_DENSE[0][name] * made.mask[name]) for name in PRUNABLE)

    def test_rr_has_the_mask_of_lt_on_fresh_weights(self):
        mask = Pruned(DENSE, 0.5)
        lt, rr = of(INIT, mask), of(REINIT, mask)
        assert torch.equal(join(lt.mask), join(rr.mask))
        assert_starts_at(rr, initial(NET, "pytorch", 0, "reinit"))
        assert all(not torch.equal(lt.weights[name], rr.weights[name]) for name in PRUNABLE)

    def test_rewinding_begins_at_the_weights_of_the_step(self):
        made = of(Weights(DENSE, at=20), Pruned(DENSE, 0.5), TRAINING.starting_at(20))
        assert_starts_at(made, MEMORY[DENSE, 20][0])
        assert_starts_at(replace(made, mask={}, weights=made.theta0), MEMORY[DENSE, 20][0])

    def test_fine_tuning_begins_at_the_last_weights(self):
        assert_starts_at(of(Weights(DENSE), Pruned(DENSE, 0.5)), AFTER_DENSE[0])

    def test_theta_0_is_whole(self):
        """The mask is laid over it, so that `initial` can still be the pruned value."""
        made = of(INIT, Pruned(DENSE, 0.5))
        assert all(bool(made.theta0[name].all()) for name in PRUNABLE)

    def test_a_pruned_weight_may_have_its_initial_value(self):
        made = of(INIT, Pruned(DENSE, 0.5, pruned_value="initial"))
        assert int(join(made.mask).sum()) == TOTAL // 2
        assert all(torch.equal(made.weights[name], made.theta0[name]) for name in made.weights)

    @pytest.mark.parametrize(
        ("precision", "dtype"),
        [("float32", torch.float32), ("float64", torch.float64), ("bfloat16", torch.float32), ("tf32", torch.float32)],
    )
    def test_its_precision(self, precision, dtype):
        made = of(INIT, Pruned(DENSE, 0.5), replace(TRAINING, precision=precision))
        assert {weight.dtype for weight in (*made.theta0.values(), *made.weights.values())} == {dtype}

    def test_the_weights_are_a_copy(self):
        made = of(Weights(DENSE))
        made.weights["layers.0.bias"].zero_()
        assert made.theta0["layers.0.bias"].any()
        assert AFTER_DENSE[0]["layers.0.bias"].any()


class TestMasks:
    def test_the_prunable_weights_and_an_exact_count(self):
        made = of(INIT, Pruned(DENSE, 0.8))
        assert list(made.mask) == PRUNABLE
        assert int(join(made.mask).sum()) == kept(TOTAL, 0.8)

    def test_the_largest_final_weights_of_the_run_stay(self):
        """Not those at the start; magnitudes of all layers are ranked together."""
        made = of(INIT, Pruned(DENSE, 0.8))
        final = join({name: AFTER_DENSE[0][name].abs() for name in PRUNABLE})
        stays = join(made.mask)
        assert float(final[stays].min()) > float(final[~stays].max())

    def test_only_the_final_weights_are_asked_for(self):
        memory = Memory(MEMORY)
        replica(Run(NET, DATA, TRAINING, INIT, Pruned(DENSE, 0.5), seed=0), Library(memory))
        assert memory.asked == [(DENSE, 50)]

    def test_round_two_of_imp_is_nested_in_round_one(self):
        """Though a weight that was pruned before may be large in what is fetched."""
        t_1 = Run(NET, DATA, TRAINING, INIT, Pruned(DENSE, 0.2), seed=0)
        first = of(INIT, t_1.mask)
        second = of(INIT, Pruned(t_1, 0.36), memory={(t_1, 50): (trained(1), first.mask)})
        assert not bool((join(second.mask) & ~join(first.mask)).any())
        assert int(join(second.mask).sum()) == kept(TOTAL, 0.36)

    def test_each_layer_alone(self):
        made = of(INIT, Pruned(DENSE, 0.5, scope="layer"))
        assert [int(made.mask[name].sum()) for name in PRUNABLE] == [20, 24]

    def test_each_layer_by_the_rate_of_its_role(self):
        """Two rounds of 20 % of 40 and 48 weights and of 10 % of 18: 25.6, 30.7 and 14.6, of which 71 in all stay."""
        roles, rates = ("classifier", "linear"), (("classifier", 0.1), ("linear", 0.2))
        sparsity = 1 - (0.64 * 88 + 0.81 * 18) / 106
        made = of(INIT, Pruned(DENSE, sparsity, scope="layer", roles=roles, rates=rates))
        assert [int(layer.sum()) for layer in made.mask.values()] == [25, 31, 15]

    def test_lamp_ranks_what_the_run_left(self):
        """Weights that were pruned before are not in its sums, whatever their values."""
        t_1 = Run(NET, DATA, TRAINING, INIT, Pruned(DENSE, 0.5, pruned_value="initial"), seed=0)
        first, weights = of(INIT, t_1.mask), trained(1)
        loud = {name: w + 100 * ~first.mask[name] if name in first.mask else w for name, w in weights.items()}
        masks = [
            of(INIT, Pruned(t_1, 0.7, Score("lamp")), memory={(t_1, 50): (each, first.mask)}).mask
            for each in (weights, loud)
        ]
        assert torch.equal(*map(join, masks))
        assert int(join(masks[0]).sum()) == kept(TOTAL, 0.7)

    def test_of_other_roles(self):
        assert list(of(INIT, Pruned(DENSE, 0.5, roles=("classifier",))).mask) == ["layers.2.weight"]

    def test_at_initialisation_no_run_is_needed(self):
        memory = Memory()
        made = replica(Run(NET, DATA, TRAINING, INIT, Pruned(INIT, 0.5), seed=0), Library(memory))
        theta0 = join({name: initial(NET, "pytorch", 0, "init")[name].abs() for name in PRUNABLE})
        assert memory.asked == []
        assert float(theta0[join(made.mask)].min()) > float(theta0[~join(made.mask)].max())

    @pytest.mark.parametrize("within", ["layer", "network"])
    def test_permuted(self, within):
        source = of(INIT, Pruned(DENSE, 0.5)).mask
        made = of(REINIT, Permuted(Pruned(DENSE, 0.5), within, seed=3))
        assert torch.equal(join(made.mask), join(permuted(source, within, 3)))
        assert not torch.equal(join(made.mask), join(source))
        assert_starts_at(made, initial(NET, "pytorch", 0, "reinit"))

    def test_weights_of_a_pruned_run_at_a_step_keep_its_mask(self):
        """What was pruned in `of` stays pruned; where the pruned value is initial, its weights are not zero."""
        t_1 = Run(NET, DATA, TRAINING, INIT, Pruned(DENSE, 0.5, pruned_value="initial"), seed=0)
        first = of(INIT, t_1.mask)
        second = of(INIT, Pruned(Weights(t_1, at=20), 0.6), memory={(t_1, 20): (trained(1), first.mask)})
        assert not bool((join(second.mask) & ~join(first.mask)).any())

    def test_roles_that_the_network_lacks_are_refused(self):
        with pytest.raises(ValueError, match=r"roles=\('conv',\) match no layer of mlp-8-6; it has \['bias', 'classif"):
            of(INIT, Pruned(DENSE, 0.5, roles=("conv",)))


RUNNABLE = {
    "dense": DENSE,
    "rr": replace(DENSE, start=REINIT, mask=Pruned(DENSE, 0.5)),
    "rewinding": replace(DENSE, start=Weights(DENSE, at=20), mask=Pruned(DENSE, 0.5)),
    "random mask": replace(DENSE, mask=Permuted(Pruned(DENSE, 0.5), "network", seed=0)),
    "at initialisation": replace(DENSE, mask=Pruned(INIT, 0.5)),
    "float64": replace(DENSE, training=replace(TRAINING, precision="float64")),
    "given weights": replace(DENSE, start=Given("a" * 64)),
    "given mask": replace(DENSE, mask=Given("a" * 64)),
    "pruned of given": replace(DENSE, mask=Pruned(Given("a" * 64), 0.5)),
    "permuted given": replace(DENSE, mask=Permuted(Given("a" * 64), "layer", seed=0)),
    "lamp": replace(DENSE, mask=Pruned(DENSE, 0.5, Score("lamp"))),
    "rates": replace(DENSE, mask=Pruned(DENSE, 0.5, scope="layer", roles=("linear",), rates=(("linear", 0.2),))),
    "snip": replace(DENSE, mask=Pruned(INIT, 0.5, Score("snip", DATA))),
    "label smoothing": replace(DENSE, training=replace(TRAINING, objective=Objective(label_smoothing=0.1))),
    "bfloat16": replace(DENSE, training=replace(TRAINING, precision="bfloat16")),
    "tf32": replace(DENSE, training=replace(TRAINING, precision="tf32", device="cuda")),
    "augmentation": Run(
        IMAGES, replace(DATA, augmentation="crop-flip"), TRAINING, Init(IMAGES, "pytorch", seed=0), Dense(), seed=0
    ),
}
# The word that is told, and a run that holds it.
WRITABLE = {
    "perturbed": (Perturbed, replace(DENSE, start=Perturbed(INIT, "signs", seed=0))),
    "transferred": (Transferred, replace(DENSE, start=Transferred(INIT, NET, "pytorch", seed=0))),
    "supermask": (Training, replace(DENSE, training=replace(TRAINING, trains="scores"))),
    "admm": (Objective, replace(DENSE, training=replace(TRAINING, objective=Objective(regulariser="admm")))),
    "mse": (Objective, replace(DENSE, training=replace(TRAINING, objective=Objective(loss="mse")))),
    "corruption": (Data, replace(DENSE, data=replace(DATA, corruption=0.5))),
    "validation": (Data, replace(DENSE, data=replace(DATA, split="validation"))),
}


class TestCheck:
    @pytest.mark.parametrize("run", RUNNABLE.values(), ids=RUNNABLE)
    def test_what_runs_is_let_through(self, run):
        check(run)

    @pytest.mark.parametrize(("word", "run"), WRITABLE.values(), ids=WRITABLE)
    def test_what_does_not_run_yet_is_told(self, word, run):
        with pytest.raises(NotYetRun, match=f"^{word.__name__} .*can be written, but this version does not run it"):
            check(run)

    def test_tf32_is_of_a_gpu(self):
        with pytest.raises(ValueError, match="precision='tf32' must go with the device cuda, not cpu; take float32"):
            check(replace(DENSE, training=replace(TRAINING, precision="tf32")))

    def test_what_draws_trains_in_float32(self):
        network = zoo.network("efficientnet-b0", (3, 8, 8), 3)
        start = Init(network, "pytorch", seed=0)
        run = Run(network, DATA, replace(TRAINING, precision="bfloat16"), start, Dense(), seed=0)
        with pytest.raises(ValueError, match=r"precision='bfloat16' must be float32 for efficientnet-b0, a network of"):
            check(run)
        check(replace(run, training=TRAINING))

    @pytest.mark.parametrize("place", ["perturbed", "transferred"])
    def test_nor_is_it_made_concrete(self, place):
        with pytest.raises(NotYetRun):
            replica(WRITABLE[place][1], Library(Memory()))

    def test_it_is_bad_input(self):
        assert issubclass(NotYetRun, ValueError)

    @pytest.mark.parametrize(
        ("place", "value"),
        [("supermask", "scores"), ("admm", "admm")],
    )
    def test_the_value_is_named(self, place, value):
        with pytest.raises(NotYetRun, match=value):
            check(WRITABLE[place][1])

    def test_snip_names_its_data(self):
        with pytest.raises(ValueError, match="must name the data whose loss it is about"):
            check(replace(DENSE, mask=Pruned(INIT, 0.5, Score("snip"))))

    def test_an_unknown_score_is_refused_before_anything_is_trained(self):
        with pytest.raises(ValueError, match="score='synflow' is not known"):
            check(replace(DENSE, mask=Pruned(INIT, 0.5, Score("synflow"))))

    def test_so_is_an_unknown_augmentation(self):
        with pytest.raises(ValueError, match="augmentation='crop-flop' is not known; did you mean crop-flip"):
            check(replace(DENSE, data=replace(DATA, augmentation="crop-flop")))

    def test_so_is_augmentation_of_what_is_no_image(self):
        with pytest.raises(ValueError, match="augmentation='crop-flip' must be none for mnist1d, whose samples"):
            check(replace(DENSE, data=replace(DATA, augmentation="crop-flip")))

    def test_so_are_labels_smoothed_away(self):
        with pytest.raises(ValueError, match=r"label_smoothing=1 must be in \[0, 1\); write 0.1 for 10 %"):
            check(replace(DENSE, training=replace(TRAINING, objective=Objective(label_smoothing=1.0))))

    @pytest.mark.parametrize(
        ("rates", "scope", "message"),
        [
            ((("linear", 0.2),), "layer", "must name each of the roles classifier, linear once, and no other"),
            ((("classifier", 0.1), ("linear", 20)), "layer", r"rates\[linear\]=20\.0 must be in \(0, 1\)"),
            ((("classifier", 0.1), ("linear", 0.2)), "global", "scope='global' must be 'layer' with rates by role"),
        ],
    )
    def test_rates_are_of_all_roles_and_of_each_layer_alone(self, rates, scope, message):
        mask = Pruned(DENSE, 0.5, scope=scope, roles=("classifier", "linear"), rates=rates)
        with pytest.raises(ValueError, match=message):
            check(replace(DENSE, mask=mask))

    def test_so_is_an_unknown_initialiser(self):
        with pytest.raises(ValueError, match="initialiser='lecun' is not known"):
            check(replace(DENSE, start=Init(NET, "lecun", seed=0)))
