"""Every rule of the protocol bites: a sound run passes, and one that breaks the rule is told by rule, run and layer."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import replace

import numpy as np
import pytest
import torch
from planted import row

from lthcheck import data, zoo
from lthcheck.arms import Arms
from lthcheck.audit import audit, audited
from lthcheck.execute.answer import answer
from lthcheck.execute.plan import Demand, Job, plan
from lthcheck.execute.trainer import Place, Trainer
from lthcheck.protocol import (
    RULES,
    ProtocolViolation,
    check_accuracy,
    check_augmented,
    check_end,
    check_start,
    check_test,
)
from lthcheck.pruning.mask import top
from lthcheck.pruning.scores import score
from lthcheck.recipes import recipe
from lthcheck.run import Data, Dense, Init, Optimiser, Permuted, Pruned, Reinit, Run, Score, Training
from lthcheck.study import Study
from lthcheck.training import realise
from lthcheck.training.contract import Replica, pruned
from lthcheck.training.linear import LinearStack

NETWORK = zoo.network("mlp-23-11", (12,), 5)
FIRST, SECOND = "layers.0.weight", "layers.1.weight"  # the prunable layers: 276 and 253 weights
INIT, REINIT = (word(NETWORK, "pytorch", 0) for word in (Init, Reinit))
TICKET = Pruned(INIT, 0.8)


def run(start=INIT, mask=TICKET, **training):
    how = Training(lr=0.1, batch=20, steps=50, **training)
    return Run(NETWORK, Data("by hand", "0" * 64), how, start, mask, seed=0)


def concrete(own):
    return realise.replica(own, realise.Library())


def holding(replica, **changed):
    """The replica with another theta_0 or mask, and the weights that follow."""
    theta0, mask = changed.get("theta0", replica.theta0), changed.get("mask", replica.mask)
    return Replica(replica.run, theta0, mask, pruned(theta0, mask, getattr(replica.run.mask, "pruned_value", "zero")))


def fresh(replica):
    """What a backend holds before the first step."""
    state = {f"weights/{name}": weight.clone() for name, weight in replica.weights.items()}
    state |= {f"optimiser/momentum/{name}": torch.zeros_like(weight) for name, weight in replica.weights.items()}
    norm = {"running_mean": torch.zeros(4), "running_var": torch.ones(4), "num_batches_tracked": torch.tensor(0)}
    return state | {f"buffers/norm.{name}": tensor for name, tensor in norm.items()}


def begun(replica, state=None, parent=None):
    ranked = realise.start(INIT, NETWORK, realise.Library())  # what TICKET is taken from
    return check_start(replica, state or fresh(replica), replica.theta0, parent or {}, ranked)


def moved(replica):
    """What a backend holds after the last step: every weight that stays has moved a little."""
    state = fresh(replica)
    for name, weight in replica.weights.items():
        stays = replica.mask.get(name, torch.ones_like(weight, dtype=torch.bool))
        factor = torch.linspace(0.9, 1.1, weight.numel()).view_as(weight)
        state[f"weights/{name}"] = torch.where(stays, factor * weight, weight)
    return state


def ended(replica, state=None, **told):
    told = {"steps": 50, "loss": 0.7, "diverged": False} | told
    return check_end(replica, state or moved(replica), **told)


def flipped(mask, layer, *, to, count=1):
    """The mask with its first `count` places of a layer changed to `to`."""
    changed = {name: tensor.clone() for name, tensor in mask.items()}
    flat = changed[layer].view(-1)
    flat[(flat != to).nonzero()[:count]] = to
    return changed


@contextmanager
def broken(rule, own, where=None, detail=""):
    with pytest.raises(ProtocolViolation) as caught:
        yield
    violation = caught.value
    assert (violation.rule, violation.run, violation.where) == (rule, own.key, where or violation.where)
    assert detail in violation.detail
    assert RULES[rule] in str(violation)


class TestStart:
    @pytest.mark.parametrize("mask", [Dense(), TICKET, replace(TICKET, pruned_value="initial")])
    def test_a_sound_run_passes(self, mask):
        held = begun(concrete(run(mask=mask)))
        assert held == (["start", "fresh"] if mask == Dense() else ["start", "fresh", "density", "ranked"])

    def test_one_ulp_is_too_much(self):
        replica = concrete(run())
        state = fresh(replica)
        weight = state[f"weights/{SECOND}"][replica.mask[SECOND]]
        weight[0] = torch.nextafter(weight[0], torch.tensor(1.0))
        state[f"weights/{SECOND}"][replica.mask[SECOND]] = weight
        with broken("start", replica.run, SECOND, "1 of 253 weights differ"):
            begun(replica, state)

    def test_trained_weights_are_no_theta_0(self):
        replica = concrete(run())
        trained = {name: weight * 1.01 for name, weight in replica.theta0.items()}
        with broken("start", replica.run, FIRST):
            begun(replica, fresh(holding(replica, theta0=trained)))

    def test_a_mask_must_be_applied(self):
        replica = concrete(run())
        with broken("start", replica.run, FIRST, f"{int((~replica.mask[FIRST]).sum())} of 276 weights differ"):
            begun(replica, fresh(holding(replica, mask={})))

    def test_a_pruned_weight_keeps_its_initial_value_where_the_mask_says_so(self):
        kept = concrete(run(mask=replace(TICKET, pruned_value="initial")))
        with broken("start", kept.run, FIRST):
            begun(kept, fresh(concrete(run())))


class TestFresh:
    @pytest.mark.parametrize(
        "name", [f"optimiser/momentum/{FIRST}", *(f"buffers/norm.{n}" for n in ("running_mean", "running_var"))]
    )
    def test_nothing_survives_from_an_earlier_training(self, name):
        replica = concrete(run())
        state = fresh(replica)
        state[name].view(-1)[0] += 1e-30 if "var" not in name else 1e-6
        with broken("fresh", replica.run, name):
            begun(replica, state)

    def test_counted_batches_are_a_trace(self):
        replica = concrete(run())
        with broken("fresh", replica.run, "buffers/norm.num_batches_tracked"):
            begun(replica, fresh(replica) | {"buffers/norm.num_batches_tracked": torch.tensor(1)})


class TestReinit:
    def test_a_sound_run_passes(self):
        assert "reinit" in begun(concrete(run(REINIT)))

    @pytest.mark.parametrize("share", [1.0, -1.0, 0.5])
    @pytest.mark.parametrize("layer", [FIRST, SECOND])
    def test_a_layer_that_follows_theta_0_is_told(self, share, layer):
        rr, lt = concrete(run(REINIT)), concrete(run())
        mixed = share * lt.theta0[layer] + (1 - share**2) ** 0.5 * rr.theta0[layer]
        with broken("reinit", rr.run, layer, "correlation"):
            begun(holding(rr, theta0=dict(rr.theta0) | {layer: mixed}))


class TestDensity:
    @pytest.mark.parametrize("to", [True, False], ids=["one too many", "one too few"])
    def test_counts_are_exact(self, to):
        replica = concrete(run())
        stay = 107 if to else 105
        with broken("density", replica.run, "all layers", f"{stay} stay, must be 106"):
            begun(holding(replica, mask=flipped(replica.mask, FIRST, to=to)))

    def test_in_each_layer_where_the_scope_is_the_layer(self):
        for scope in ("global", "layer"):
            replica = concrete(run(mask=replace(TICKET, scope=scope)))
            moved = flipped(flipped(replica.mask, FIRST, to=True), SECOND, to=False)
            rule, what = ("density", "56 stay, must be 55") if scope == "layer" else ("ranked", "was pruned")
            with broken(rule, replica.run, FIRST if scope == "layer" else None, what):
                begun(holding(replica, mask=moved))

    RATED = Pruned(
        INIT, 0.5, scope="layer", roles=("classifier", "linear"), rates=(("classifier", 0.1), ("linear", 0.2))
    )

    def test_rates_by_role_pass(self):
        replica = concrete(run(mask=self.RATED))
        assert begun(replica)[2:] == ["density", "ranked"]
        stay = {name: int(mask.sum()) / mask.numel() for name, mask in replica.mask.items()}
        assert stay["layers.2.weight"] > stay[FIRST] + 0.15

    def test_the_total_is_exact_with_rates(self):
        replica = concrete(run(mask=self.RATED))  # of 276 + 253 + 55 weights, 292 stay
        with broken("density", replica.run, "all layers", "293 stay, must be 292"):
            begun(holding(replica, mask=flipped(replica.mask, FIRST, to=True)))

    def test_every_layer_has_what_its_rate_leaves_it(self):
        replica = concrete(run(mask=self.RATED))
        moved = flipped(flipped(replica.mask, FIRST, to=True, count=2), SECOND, to=False, count=2)
        with broken("density", replica.run, SECOND, "at the rates of their roles, layers.1.weight has had 3.361"):
            begun(holding(replica, mask=moved))

    def test_rates_are_not_one_rate_for_all(self):
        replica = concrete(run(mask=self.RATED))
        alike = concrete(run(mask=replace(self.RATED, rates=())))
        with broken("density", replica.run, detail="at the rates of their roles"):
            begun(holding(replica, mask=alike.mask))

    @pytest.mark.parametrize("left", [(), (FIRST,)], ids=["no layer", "one of two"])
    def test_every_prunable_layer_has_a_mask(self, left):
        replica = concrete(run(mask=replace(TICKET, scope="layer")))
        with broken("density", replica.run):
            begun(holding(replica, mask={name: replica.mask[name] for name in left}))

    def test_a_dense_run_has_no_mask(self):
        dense, ticket = concrete(run(mask=Dense())), concrete(run())
        with broken("density", dense.run):
            begun(holding(dense, mask=ticket.mask))


class TestLamp:
    LAMP = replace(TICKET, score=Score("lamp"))

    def test_it_is_ranked_by_its_score(self):
        assert begun(concrete(run(mask=self.LAMP)))[2:] == ["density", "ranked"]

    def test_magnitude_is_another_ranking(self):
        lamp, magnitude = (concrete(run(mask=mask)) for mask in (self.LAMP, TICKET))
        for own, other in ((lamp, magnitude), (magnitude, lamp)):
            with broken("ranked", own.run, detail="was pruned"):
                begun(holding(own, mask=other.mask))

    def test_what_was_pruned_before_is_in_no_sum(self):
        """Though it is large, as it may be where a pruned weight keeps its initial value."""
        replica, parent = concrete(run(mask=self.LAMP)), concrete(run(mask=replace(self.LAMP, sparsity=0.5))).mask
        loud = {
            name: replica.theta0[name] + 100 * ~mask if name == FIRST else replica.theta0[name]
            for name, mask in parent.items()
        }

        def held(alive):
            own = holding(replica, mask=top(score("lamp", loud, alive=alive), parent, 0.8))
            return check_start(own, fresh(own), own.theta0, parent, loud)

        assert held(parent)[2:] == ["density", "ranked", "nested"]
        with broken("ranked", replica.run, detail="was pruned"):
            held({})


class TestNested:
    def test_a_sound_run_passes(self):
        replica = concrete(run())
        assert "nested" in begun(replica, parent=flipped(replica.mask, FIRST, to=True, count=20))

    def test_a_weight_that_comes_back_is_told(self):
        replica = concrete(run())
        with broken("nested", replica.run, SECOND, "2 pruned weights came back"):
            begun(replica, parent=flipped(replica.mask, SECOND, to=False, count=2))


class TestPermuted:
    @pytest.fixture(params=["layer", "network"])
    def replica(self, request):
        return concrete(run(mask=Permuted(TICKET, request.param, seed=0)))

    @pytest.fixture
    def source(self):
        return dict(concrete(run()).mask)

    def test_a_sound_run_passes(self, replica, source):
        assert begun(replica, parent=source) == ["start", "fresh", "permuted"]

    def test_the_mask_itself_is_no_permutation(self, replica, source):
        with broken("permuted", replica.run, "all layers", "the mask is its source"):
            begun(holding(replica, mask=source), parent=source)

    def test_counts_must_not_change(self, replica, source):
        where = FIRST if replica.run.mask.within == "layer" else "all layers"
        with broken("permuted", replica.run, where):
            begun(holding(replica, mask=flipped(replica.mask, FIRST, to=True)), parent=source)

    def test_counts_may_move_between_layers_only_within_the_network(self, replica, source):
        moved = flipped(flipped(replica.mask, FIRST, to=True), SECOND, to=False)
        within = replica.run.mask.within
        with broken("permuted", replica.run, FIRST) if within == "layer" else nullcontext():
            begun(holding(replica, mask=moved), parent=source)


class TestEnd:
    def test_a_sound_run_passes(self):
        assert ended(concrete(run())) == ["budget", "finite", "moves", "pruned"]

    @pytest.mark.parametrize(("sign", "frozen"), [("positive", torch.gt), ("negative", torch.lt)])
    def test_weights_frozen_by_their_sign_are_told(self, sign, frozen):
        replica = concrete(run())
        state, start = moved(replica), replica.weights[FIRST]
        decayed = 0.97 * start  # weight decay moves what has no gradient, too
        state[f"weights/{FIRST}"] = torch.where(frozen(start, 0), decayed, state[f"weights/{FIRST}"])
        with broken("moves", replica.run, FIRST, f"{sign} weights had no gradient in 50 steps"):
            ended(replica, state)

    @pytest.mark.parametrize("value", ["zero", "initial"])
    def test_a_pruned_weight_that_moved_is_told(self, value):
        replica = concrete(run(mask=replace(TICKET, pruned_value=value)))
        state = moved(replica)
        gone = (~replica.mask[SECOND]).nonzero()[0].tolist()
        state[f"weights/{SECOND}"][tuple(gone)] = 1e-30
        with broken("pruned", replica.run, SECOND, "1 pruned weights moved"):
            ended(replica, state)

    @pytest.mark.parametrize("mask", [Dense(), TICKET], ids=["dense", "ticket"])
    def test_a_weight_that_was_pruned_at_the_end_is_told(self, mask):
        replica = concrete(run(mask=mask))
        state = moved(replica)
        state[f"weights/{SECOND}"][state[f"weights/{SECOND}"].abs() < 0.2] = 0
        with broken("pruned", replica.run, SECOND, "weights that the mask leaves are 0"):
            ended(replica, state)

    @pytest.mark.parametrize("place", [(3, slice(None)), (slice(None), 3)], ids=["a unit", "an input"])
    @pytest.mark.parametrize("decay", [2.0, 0.1])
    def test_what_has_no_gradient_may_be_0_where_decay_is_strong(self, place, decay):
        replica = concrete(run(mask=Dense(), optimiser=Optimiser("sgd", 0.9, decay)))
        state = moved(replica)
        state[f"weights/{SECOND}"][place] = 0
        state[f"weights/{SECOND}"][place][0] = 1e-38  # not quite there yet
        with nullcontext() if decay > 1 else broken("pruned", replica.run, SECOND, "weights that the mask leaves"):
            ended(replica, state)

    def test_a_weight_may_begin_at_0(self):
        replica = concrete(run(mask=Dense()))
        replica.weights[SECOND].mul_(replica.weights[SECOND] > 0)
        assert "pruned" in ended(replica)

    @pytest.mark.parametrize("steps", [49, 51])
    def test_the_budget_is_exact(self, steps):
        own = run()
        with broken("budget", own, "all layers", f"{steps} steps taken, must be 50"):
            ended(concrete(own), steps=steps)

    def test_the_budget_begins_at_the_first_step(self):
        own = run(first_step=10)
        assert ended(concrete(own), steps=40)
        with broken("budget", own, "all layers", "50 steps taken, must be 40"):
            ended(concrete(own))

    @pytest.mark.parametrize("loss", [float("nan"), float("inf")])
    def test_a_loss_that_is_not_finite_must_be_called_diverged(self, loss):
        own = run()
        assert ended(concrete(own), loss=loss, diverged=True) == ["budget", "finite"]
        with broken("finite", own, "all layers", f"loss {loss}"):
            ended(concrete(own), loss=loss)


class TestTestData:
    @pytest.mark.parametrize("looks", [1, 3])
    def test_is_read_as_often_as_is_due(self, looks):
        own = run()
        check_test(own, written=False, looks=2, due=2)
        with broken("test", own, "x_test", f"read {looks} times, must be 2"):
            check_test(own, written=False, looks=looks, due=2)

    def test_is_not_written_to(self):
        with broken("test", run(), "x_test", "written to"):
            check_test(run(), written=True, looks=1, due=1)

    def test_accuracy_is_that_of_the_last_step(self):
        correct = torch.tensor([True, True, False, False, False])
        check_accuracy(run(), 0.4, correct)
        with broken("test", run(), "accuracy", "0.6, but 0.4 at the last step"):
            check_accuracy(run(), 0.6, correct)


def test_samples_that_were_augmented_otherwise_are_told():
    own = replace(run(), data=Data("blobs", "", augmentation="crop-flip"))
    check_augmented(own, [])
    with broken("order", own, "x_train", "in epoch 2 its network was given samples that are not augmented"):
        check_augmented(own, [2, 5])


# Records of a sound study: a ticket of 30 parameters, and the narrowest network that has as many.
RECORDS = {
    "dense": {"theta0": "own", "mask": "none", "order": "shared", "params": 100},
    "lt": {"theta0": "own", "mask": "found", "order": "shared", "params": 30},
    "rr": {"theta0": "fresh", "mask": "found", "order": "shared", "params": 30},
    "sdt": {"theta0": "small", "mask": "none", "order": "shared", "params": 33},
}
RUNS = {
    "dense": run(mask=Dense()),
    "lt": run(),
    "rr": run(REINIT),
    "sdt": run(mask=Dense(), first_step=1),  # any run with a key of its own
}


def arms(**changed):
    """Runs and records by place, as `audit` takes them."""
    found = {}
    for arm, record in RECORDS.items():
        digests = record | changed.get(arm, {})
        place = (arm, "imp" if arm in {"lt", "rr"} else None, None if arm == "dense" else 0.8, 0.1, 0, 4)
        found[place] = (
            RUNS[arm],
            {"digests": digests, "params": digests["params"], "untrained": "untrained" in digests},
        )
    return found


def narrower(size=29):
    return lambda _: size


class TestBetweenRuns:
    def test_a_sound_study_passes(self):
        assert audit(arms(), narrower()) == []
        assert audited(arms()) == {"theta0": 2, "mask": 1, "order": 3, "sdt": 2}

    @pytest.mark.parametrize(
        ("rule", "arm", "changed"),
        [
            ("theta0", "lt", {"theta0": "another"}),
            ("theta0", "rr", {"theta0": "own"}),
            ("mask", "rr", {"mask": "another"}),
            ("order", "lt", {"order": "another"}),
            ("order", "rr", {"order": "another"}),
            ("order", "sdt", {"order": "another"}),
            ("sdt", "sdt", {"params": 29}),
        ],
    )
    def test_a_broken_pair_is_told(self, rule, arm, changed):
        (violation,) = audit(arms(**{arm: changed}), narrower())
        assert (violation.rule, violation.run) == (rule, RUNS[arm].key)
        assert violation.against in {RUNS[other].key for other in ("dense", "lt") if other != arm}
        assert RULES[rule] in str(violation)

    def test_an_sdt_that_is_not_the_narrowest_is_told(self):
        (violation,) = audit(arms(), narrower(30))
        assert (violation.rule, violation.run) == ("sdt", RUNS["sdt"].key)

    def test_runs_that_were_not_trained_break_nothing(self):
        gone = {"theta0": None, "mask": None, "order": None, "untrained": True}
        assert audit(arms(lt=gone, rr=gone), narrower()) == []


# --- in the trainer ---


@pytest.fixture(scope="module")
def blobs(tmp_path_factory):
    """Five Gaussian classes in 12 dimensions, 200 samples to train and 100 to test, as a file and as `Data`."""
    random = np.random.default_rng(0)
    centres, arrays = random.normal(size=(5, 12)), {}
    for part, size in (("train", 200), ("test", 100)):
        labels = np.arange(size) % 5
        arrays |= {f"y_{part}": labels, f"x_{part}": centres[labels] + random.normal(size=(size, 12))}
    path = tmp_path_factory.mktemp("blobs") / "blobs.npz"
    np.savez(path, **arrays)
    return str(path)


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """A trainer in this process, on a store of its own; what it tells is in `trainer.told`."""
    monkeypatch.setenv("LTHCHECK_CACHE", str(tmp_path / "cache"))
    told = []
    made = Trainer(Place(tmp_path / "store", None), told.append)
    made.told = told
    return made


@pytest.fixture
def jobs(blobs):
    """A dense run and a ticket of its initial weights, which share a stack; their weights are kept on the way."""
    own = Data(blobs, data.load(blobs).fingerprint)
    return [Job(replace(run(mask=mask), data=own), frozenset({10, 50}), until=50) for mask in (Dense(), TICKET)]


@pytest.fixture
def backend(monkeypatch):
    """Puts a broken backend in the place of the stacked one."""

    def put(kind):
        monkeypatch.setattr("lthcheck.training.train.LinearStack", kind)

    return put


def work(trainer, jobs):
    """Trains as a trainer's process does; returns rule, run and layer of the violations, raised or told."""
    try:
        trainer.work(jobs)
    except ProtocolViolation as violation:
        trainer.tell(("violation", violation.rule, violation.run, violation.where))
    return [told[1:4] for told in trainer.told if told[0] == "violation"]


class Leaky(LinearStack):
    """Trains masked weights too."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.mask.fill_(1)


class Shifted(LinearStack):
    """Begins its second replica beside theta_0."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.weights[1] *= 1.001


class Scribbling(LinearStack):
    """Writes to the test data."""

    def evaluate(self):
        self.data.x_test[0, 0] += 1
        return super().evaluate()


class TestTheTrainer:
    def test_stores_sound_runs(self, trainer, jobs):
        assert work(trainer, jobs) == []
        assert [trainer.store.result(job.run.key)["checks"] for job in jobs] == [
            ["start", "fresh", "test", "budget", "finite", "moves", "pruned"],
            ["start", "fresh", "density", "ranked", "test", "budget", "finite", "moves", "pruned"],
        ]

    @pytest.mark.parametrize(("kind", "rule"), [(Leaky, "pruned"), (Shifted, "start")])
    def test_stores_no_result_of_a_run_that_broke_a_rule(self, trainer, jobs, backend, kind, rule):
        backend(kind)
        dense, ticket = (job.run.key for job in jobs)
        assert work(trainer, jobs) == [(rule, ticket, FIRST)]
        assert trainer.store.result(ticket) is None
        assert trainer.store.result(dense) is not None

    def test_a_sound_backend_does_not_go_on_from_leaked_weights(self, trainer, jobs, backend):
        backend(Leaky)
        work(trainer, jobs)
        trainer.told.clear()
        backend(LinearStack)
        assert work(trainer, jobs) == []
        assert trainer.store.result(jobs[1].run.key) is not None

    def test_tells_when_test_data_was_written_to(self, trainer, jobs, backend):
        backend(Scribbling)
        assert ("test", jobs[0].run.key, "x_test") in work(trainer, jobs)
        assert list(trainer.store.keys()) == []

    def test_measures_nothing_on_test_data_that_was_written_to(self, trainer, jobs, backend, tmp_path):
        sound = Trainer(Place(tmp_path / "sound", None), lambda message: None)
        sound.work(jobs[1:])
        backend(Scribbling)
        work(trainer, jobs)
        backend(LinearStack)
        work(trainer, jobs[1:])  # what shared the stack is trained again
        result, expected = (each.store.result(jobs[1].run.key) for each in (trainer, sound))
        assert result is None or result["digests"]["test"] == expected["digests"]["test"]


# --- in a study ---


def asked(blobs):
    changes = {"lrs": (0.1,), "sparsities": (0.36,), "seeds": 1, "epochs": 2, "batch": 20}
    methods = ("imp", "omp", "snip")
    return Study(model="mlp-23-11", dataset=blobs, recipe=recipe("mnist1d").but(changes), methods=methods)


def fill(made, trainer):
    """Trains a study here, and reads the answer off the store."""
    arms, known = Arms(made, data.describe(made.dataset)), {}
    while runs := arms.next(made.questions(), known):
        todo = plan([Demand(each, frozenset({each.training.steps})) for each in runs.values()], trainer.store)
        for key in todo.order():
            trainer.work([todo.jobs[key]])
        known |= {slot: row(slot, trainer.store.result(each.key)["accuracy"]) for slot, each in runs.items()}
    (found,), _ = answer({made: made.questions()}, trainer.store)
    return found


class Zoo:
    """The zoo, but with another choice of the small dense network."""

    def __init__(self, factor):
        self.factor = factor

    def __getattr__(self, name):
        return getattr(zoo, name)

    def narrower(self, network, at_least):
        return zoo.narrower(network, int(self.factor * at_least))


class TestAStudy:
    def test_holds_sound_runs_against_every_rule(self, blobs, trainer):
        found = fill(asked(blobs), trainer)
        assert found.violations == []
        assert {rule for rule, count in found.checked.items() if not count} == {"permuted", "given"}
        assert Counter(row.arm for row in found.rows) == {"dense": 2, "lt": 3, "rr": 3, "sdt": 1}

    @pytest.mark.parametrize("factor", [0.58, 1.3], ids=["smaller than the ticket", "not the narrowest"])
    def test_tells_an_sdt_of_the_wrong_size(self, blobs, trainer, monkeypatch, factor):
        monkeypatch.setattr("lthcheck.arms.zoo", Zoo(factor))
        (violation,) = fill(asked(blobs), trainer).violations
        assert violation.rule == "sdt"
