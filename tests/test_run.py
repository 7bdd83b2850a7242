"""The algebra: every experiment of the field is an expression, and equal keys mean equal results."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lthcheck import run as algebra
from lthcheck.expression import Expression, Value, canonical_json
from lthcheck.run import (
    Data,
    Dense,
    Given,
    Init,
    Network,
    Objective,
    Optimiser,
    Permuted,
    Perturbed,
    Pruned,
    Reinit,
    Run,
    Schedule,
    Score,
    Training,
    Transferred,
    Weights,
    described,
    needs,
)


def experiments():
    """The experiments of the field, each as an expression; read in another process too, with the algebra alone."""
    net = Network("mlp-300-100", shape=(40,), classes=10)
    data = Data("mnist1d", fingerprint="f" * 64)
    r = Training(lr=0.1, batch=100, steps=50)
    init, reinit = Init(net, "pytorch", seed=0), Reinit(net, "pytorch", seed=0)
    dense = Run(net, data, r, init, Dense(), seed=0)
    lt_omp = Run(net, data, r, init, Pruned(dense, 0.36), seed=0)
    t_1 = Run(net, data, r, init, Pruned(dense, 0.2), seed=0)
    t_2 = Run(net, data, r, init, Pruned(t_1, 0.36), seed=0)
    narrow = replace(net, width=0.25)
    l_1 = Run(net, data, r, Weights(dense), Pruned(dense, 0.2), seed=0)
    target = replace(net, classes=20)
    other_data = Data("fashion_1d", fingerprint="e" * 64)
    moved = Transferred(init, target, "pytorch", seed=0)
    scores = Run(net, data, replace(r, trains="scores"), init, Dense(), seed=0)
    forked = Weights(dense, at=10)
    return {
        "pretraining": dense,
        "LT-OMP": lt_omp,
        "RR-OMP": Run(net, data, r, reinit, lt_omp.mask, seed=0),
        "LT-IMP, round 1": t_1,
        "LT-IMP, round 2": t_2,
        "RR-IMP, round 2": Run(net, data, r, reinit, t_2.mask, seed=0),
        "SDT": Run(narrow, data, r, Init(narrow, "pytorch", seed=0), Dense(), seed=0),
        "prune and fine-tune": Run(net, data, r, Weights(dense, at="end"), Pruned(dense, 0.36), seed=0),
        "weight rewinding to 10": Run(net, data, r.starting_at(10), Weights(dense, at=10), Pruned(dense, 0.36), seed=0),
        "learning-rate rewinding, round 2": Run(net, data, r, Weights(l_1), Pruned(l_1, 0.36), seed=0),
        "pruning at initialisation": Run(net, data, r, init, Pruned(init, 0.36, Score("synflow")), seed=0),
        "other lr for the ticket": Run(net, data, replace(r, lr=0.01), init, Pruned(dense, 0.36), seed=0),
        "random-mask control": Run(net, data, r, reinit, Permuted(t_2.mask, within="network", seed=0), seed=0),
        "dataset transfer": Run(target, other_data, r, moved, Pruned(dense, 0.36), seed=0),
        "learned supermask": scores,
        "learned supermask, its ticket": Run(net, data, r, init, Pruned(scores, 0.36, Score("learned")), seed=0),
        "linear mode connectivity, one": Run(net, data, r.starting_at(10), forked, Dense(), seed=1),
        "linear mode connectivity, other": Run(net, data, r.starting_at(10), forked, Dense(), seed=2),
    }


NET = Network("mlp-300-100", shape=(40,), classes=10)
DATA = Data("mnist1d", fingerprint="f" * 64)
TRAINING = Training(lr=0.1, batch=100, steps=50)
INIT = Init(NET, "pytorch", seed=0)
DENSE = Run(NET, DATA, TRAINING, INIT, Dense(), seed=0)

# One of each word; the run starts from given weights, since only those fit every network.
WORDS = (
    NET,
    DATA,
    TRAINING,
    Optimiser(),
    Schedule(),
    Objective(),
    Score(),
    INIT,
    Reinit(NET, "pytorch", seed=0),
    Weights(DENSE, at=20),
    Perturbed(INIT, "signs", seed=0),
    Transferred(INIT, NET, "pytorch", seed=0),
    Given("a" * 64),
    Pruned(DENSE, 0.5),
    Permuted(Pruned(DENSE, 0.5), within="layer", seed=0),
    replace(DENSE, start=Given("a" * 64)),
)

# By field name, a value that none of WORDS has there.
OTHER = {
    "amount": 0.25,
    "at": 21,
    "augmentation": "flip",
    "batch": 64,
    "betas": (0.8, 0.99),
    "classes": 9,
    "corruption": 0.25,
    "corruption_seed": 1,
    "data": replace(DATA, fingerprint="e" * 64),
    "device": "cuda",
    "eps": 1e-6,
    "factor": 0.2,
    "fingerprint": "e" * 64,
    "first_step": 1,
    "how": "noise",
    "initialiser": "xavier_normal",
    "label_smoothing": 0.1,
    "last_batch": "keep",
    "loss": "mse",
    "lr": 0.2,
    "mask": Pruned(DENSE, 0.25),
    "milestones": (25,),
    "momentum": 0.8,
    "name": "cosine",
    "network": replace(NET, width=0.5),
    "objective": Objective("mse"),
    "of": INIT,
    "optimiser": Optimiser("adam"),
    "options": (("shortcut", "pad"),),
    "precision": "float64",
    "pruned_value": "initial",
    "rates": (("conv", 0.1),),
    "regulariser": "admm",
    "roles": ("conv",),
    "run": replace(DENSE, seed=1),
    "schedule": Schedule("cosine"),
    "scope": "layer",
    "score": Score("lamp"),
    "seed": 1,
    "sha256": "b" * 64,
    "shape": (41,),
    "sparsity": 0.75,
    "split": "validation",
    "start": Given("b" * 64),
    "steps": 60,
    "strength": 0.5,
    "threads": 2,
    "training": replace(TRAINING, lr=0.2),
    "trains": "scores",
    "warmup": 5,
    "weight_decay": 5e-4,
    "width": 0.5,
    "within": "network",
}


def chain(rounds):
    """Learning-rate rewinding: each round refers to the one before twice."""
    run = replace(DENSE)  # a copy whose key is not known yet
    for k in range(1, rounds + 1):
        run = Run(NET, DATA, TRAINING, Weights(run), Pruned(run, k / (rounds + 1)), seed=0)
    return run


class TestTable:
    def test_every_row_has_its_own_key(self):
        assert len({run.key for run in experiments().values()}) == len(experiments())

    def test_equal_expressions_are_equal_values(self):
        once, again = experiments(), experiments()
        assert once == again
        assert len({*once.values(), *again.values()}) == len(once)

    def test_a_word_is_not_another_word_with_the_same_fields(self):
        assert Reinit(NET, "pytorch", seed=0) != INIT
        assert Dense() != "another type"


GOLDEN = {
    "pretraining": "0a36db89fe2467793fc15bcc21c2454b8a0eb5300cfcf948eb1e0a2a94d977f1",
    "LT-IMP, round 2": "90d3089e7879328387d92e77f40c42dd6eb360cf80d6bcc0862f68a01c653017",
    "SDT": "b09dd623fd73ae008a7362ca4d4bc78ea47508f07c42f41f672f5ab363661790",
    "random-mask control": "7a212d6b2f9c83253524684f0b3fa996199cc9c74658fe98286a128c2e2f7747",
}


class TestKeyIsStable:
    @pytest.mark.parametrize("row", GOLDEN)
    def test_it_is_what_it_was(self, row):
        """Keys on disk must not change by accident.

        Raising TRAINER_VERSION changes them all, on purpose: write the new ones down then.
        """
        assert experiments()[row].key == GOLDEN[row]

    def test_it_is_the_sha256_of_canonical_json(self):
        mask = Permuted(Dense(), within="layer", seed=7)
        dense = hashlib.sha256(b'{"is":"Dense"}').hexdigest()
        text = f'{{"is":"Permuted","mask":{{"key":"{dense}"}},"seed":7,"within":"layer"}}'
        assert mask.key == hashlib.sha256(text.encode()).hexdigest()

    @pytest.mark.parametrize("hash_seed", ["0", "4242"])
    def test_another_process_computes_the_same(self, hash_seed):
        script = "\n".join(
            [
                "import json",
                "from dataclasses import replace",
                "from lthcheck.run import *",
                inspect.getsource(experiments),
                "print(json.dumps({row: run.key for row, run in experiments().items()}))",
            ]
        )
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout) == {row: run.key for row, run in experiments().items()}

    def test_raising_the_trainer_version_changes_every_run(self, monkeypatch):
        before = {row: run.key for row, run in experiments().items()}
        monkeypatch.setattr(algebra, "TRAINER_VERSION", algebra.TRAINER_VERSION + 1)
        after = {row: run.key for row, run in experiments().items()}
        assert not set(before.values()) & set(after.values())

    def test_a_pickled_run_keeps_it(self):
        for run in experiments().values():
            copy = pickle.loads(pickle.dumps(run))
            assert copy == run
            assert replace(copy, seed=copy.seed).key == run.key  # computed anew, not carried along


class TestOneSpelling:
    @pytest.mark.parametrize(
        ("one", "same"),
        [
            (Training(lr=1, batch=100, steps=50), Training(lr=1.0, batch=100.0, steps=50.0)),
            (Network("n", [40], 10), Network("n", (40,), 10.0, width=1)),
            (Schedule("step", [5, 6]), Schedule("step", (5, 6))),
            (Network("n", (40,), 10, options=[["a", "b"]]), Network("n", (40,), 10, options=(("a", "b"),))),
            (Optimiser(weight_decay=0), Optimiser(weight_decay=-0.0)),
            (Pruned(INIT, 0.5, roles=("linear", "conv")), Pruned(INIT, 0.5, roles=["conv", "linear", "conv"])),
            (Weights(DENSE, at="end"), Weights(DENSE, at=TRAINING.steps)),
            (Weights(DENSE, at=20), Weights(DENSE, at=20.0)),
        ],
    )
    def test_one_meaning_has_one_key(self, one, same):
        assert one.key == same.key
        assert one == same

    @pytest.mark.parametrize(
        ("one", "same"),
        [
            (Optimiser("adam", betas=(0, 0.99)), Optimiser("adam", betas=(0.0, 0.99))),
            (Schedule("step", (5,)), Schedule("step", (5.0,))),
            (Network("n", (40,), 10), Network("n", (40.0,), 10)),
        ],
        ids=["betas", "milestones", "shape"],
    )
    def test_whole_numbers_and_floats_in_a_tuple_have_one_key(self, one, same):
        assert one.key == same.key

    @settings(deadline=None, max_examples=20)
    @given(st.permutations([field.name for field in fields(Training)]))
    def test_the_order_of_arguments_does_not_matter(self, names):
        training = replace(TRAINING, lr=0.2, device="cuda", schedule=Schedule("cosine"))
        assert Training(**{name: getattr(training, name) for name in names}).key == training.key

    @settings(deadline=None, max_examples=50)
    @given(lr=st.floats(1e-300, 1e300), other=st.floats(1e-300, 1e300))
    def test_two_floats_have_one_key_only_if_they_are_equal(self, lr, other):
        assert (replace(TRAINING, lr=lr).key == replace(TRAINING, lr=other).key) == (lr == other)

    def test_canonical_json_has_no_nan(self):
        with pytest.raises(ValueError, match="not JSON compliant"):
            canonical_json(float("nan"))


class TestLaterFields:
    """Those that a word gained after keys were stored."""

    @pytest.mark.parametrize(("word", "name"), [(Objective(), "label_smoothing"), (Pruned(INIT, 0.5), "rates")])
    def test_are_not_written_at_their_default_so_that_stored_keys_stay(self, word, name):
        assert name not in word.node()
        assert name in replace(word, **{name: OTHER[name]}).node()


class TestEveryFieldCounts:
    @pytest.mark.parametrize("word", WORDS, ids=lambda word: type(word).__name__)
    def test_changing_any_field_changes_the_key(self, word):
        variants = [replace(word, **{field.name: OTHER[field.name]}) for field in fields(word)]
        assert len({word.key, *(variant.key for variant in variants)}) == 1 + len(variants)

    @pytest.mark.parametrize(
        "changed",
        [
            replace(TRAINING, optimiser=Optimiser(weight_decay=5e-4)),
            replace(TRAINING, schedule=Schedule("step", (25,), factor=0.2)),
            replace(TRAINING, objective=Objective(strength=0.1)),
        ],
        ids=["optimiser", "schedule", "objective"],
    )
    def test_a_change_deep_inside_reaches_the_run(self, changed):
        assert replace(DENSE, training=changed).key != DENSE.key

    def test_a_change_of_the_first_round_reaches_the_last(self):
        first = replace(DENSE, seed=1)
        tickets = [Run(NET, DATA, TRAINING, INIT, Pruned(dense, 0.2), seed=0) for dense in (DENSE, first)]
        last = [Run(NET, DATA, TRAINING, INIT, Pruned(ticket, 0.36), seed=0) for ticket in tickets]
        assert last[0] != last[1]

    def test_all_words_are_tried(self):
        words = {word for word in vars(algebra).values() if inspect.isclass(word) and issubclass(word, Value)}
        assert words - {Value, Expression, Dense} == {type(word) for word in WORDS}


class TestLongChains:
    def test_a_key_takes_each_word_once(self, monkeypatch):
        """As written out, round 30 holds 2**30 copies of the dense run."""
        counted = Counter()
        node = Value.node
        monkeypatch.setattr(Value, "node", lambda word: counted.update([type(word).__name__]) or node(word))
        assert chain(30).key
        assert (counted["Run"], counted["Weights"], counted["Pruned"]) == (31, 30, 30)

    def test_300_rounds_have_a_key(self):
        assert len(chain(300).key) == 64

    def test_300_rounds_have_a_key_when_each_is_asked(self):
        run = DENSE
        for k in range(1, 301):
            run = Run(NET, DATA, TRAINING, Weights(run), Pruned(run, k / 301), seed=0)
            assert len(run.key) == 64


class TestRefusals:
    """Value, rule, remedy."""

    @pytest.mark.parametrize(
        ("write", "message"),
        [
            (lambda: replace(TRAINING, lr=0), r"lr=0\.0 must be above 0"),
            (lambda: replace(TRAINING, lr=-0.1), r"lr=-0\.1 must be above 0"),
            (lambda: replace(TRAINING, lr=float("inf")), r"Training\.lr=inf must be finite"),
            (lambda: replace(TRAINING, batch=0), "batch=0 must be at least 1"),
            (lambda: replace(TRAINING, batch=1.5), r"Training\.batch=1\.5 must be a whole number"),
            (lambda: TRAINING.starting_at(51), r"first_step=51 must be in \[0, steps=50\]"),
            (lambda: Pruned(DENSE, 90), r"sparsity=90\.0 must be in \[0, 1\); write 0\.9 for 90 %"),
            (lambda: Pruned(DENSE, 1), r"sparsity=1\.0 must be in \[0, 1\); write 0\.9 for 90 %"),
            (lambda: Pruned(DENSE, -0.1), r"sparsity=-0\.1 must be in \[0, 1\)"),
            (lambda: Pruned(DENSE, float("nan")), r"Pruned\.sparsity=nan must be finite"),
            (lambda: Weights(DENSE, at=51), r"Weights\(at=51\) must be a step of the run, in \[0, 50\]"),
            (lambda: Weights(DENSE, at=-1), r"Weights\(at=-1\) must be a step of the run, in \[0, 50\]"),
            (lambda: Given("abc"), "sha256='abc' must be 64 hex digits"),
            (lambda: Given("A" * 64), "must be 64 hex digits"),
        ],
    )
    def test_a_value_out_of_range_is_named_with_its_rule(self, write, message):
        with pytest.raises(ValueError, match=message):
            write()

    @pytest.mark.parametrize(
        "write",
        [lambda: replace(TRAINING, lr=0), lambda: Weights(DENSE, at=51), lambda: Given("abc")],
        ids=["lr", "at", "sha256"],
    )
    def test_a_remedy_is_named(self, write):
        with pytest.raises(ValueError, match=r"must .*; "):
            write()

    def test_a_rewound_run_has_no_weights_before_its_first_step(self):
        rewound = replace(DENSE, training=TRAINING.starting_at(10), start=Weights(DENSE, at=10))
        assert Weights(rewound, at=10).step == 10
        with pytest.raises(ValueError, match=r"Weights\(at=9\) must be a step of the run, in \[10, 50\]"):
            Weights(rewound, at=9)

    def test_a_step_is_a_whole_number(self):
        with pytest.raises(ValueError, match=r"20\.5"):
            Weights(DENSE, at=20.5)

    @pytest.mark.parametrize(
        "start",
        [
            Init(replace(NET, width=0.5), "pytorch", seed=0),
            Perturbed(Reinit(replace(NET, width=0.5), "pytorch", seed=0), "signs", seed=0),
            Transferred(INIT, replace(NET, width=0.5), "pytorch", seed=0),
        ],
        ids=lambda start: type(start).__name__,
    )
    def test_a_start_of_another_network_is_refused(self, start):
        message = r"the start is of mlp-300-100 \(width 0\.5\), the run of mlp-300-100 \(width 1\); .*use Transferred"
        with pytest.raises(ValueError, match=message):
            replace(DENSE, start=start)

    def test_weights_of_another_network_are_refused(self):
        narrow = replace(NET, width=0.5)
        small = Run(narrow, DATA, TRAINING, Init(narrow, "pytorch", seed=0), Dense(), seed=0)
        with pytest.raises(ValueError, match="use Transferred"):
            replace(DENSE, start=Weights(small))

    def test_given_weights_fit_any_network(self):
        assert replace(DENSE, start=Given("a" * 64)).start == Given("a" * 64)


class TestNeeds:
    @pytest.mark.parametrize(
        ("row", "needed"),
        [
            ("pretraining", set()),
            ("SDT", set()),
            ("learned supermask", set()),
            ("pruning at initialisation", set()),
            ("LT-OMP", {("pretraining", 50)}),
            ("RR-OMP", {("pretraining", 50)}),
            ("LT-IMP, round 2", {("LT-IMP, round 1", 50)}),
            ("RR-IMP, round 2", {("LT-IMP, round 1", 50)}),
            ("prune and fine-tune", {("pretraining", 50)}),
            ("weight rewinding to 10", {("pretraining", 10), ("pretraining", 50)}),
            ("other lr for the ticket", {("pretraining", 50)}),
            ("random-mask control", {("LT-IMP, round 1", 50)}),
            ("dataset transfer", {("pretraining", 50)}),
            ("learned supermask, its ticket", {("learned supermask", 50)}),
            ("linear mode connectivity, one", {("pretraining", 10)}),
        ],
    )
    def test_of_each_experiment(self, row, needed):
        table = experiments()
        assert set(needs(table[row])) == {(table[parent], step) for parent, step in needed}

    def test_learning_rate_rewinding_needs_the_round_before_alone(self):
        two = chain(2)
        assert set(needs(two)) == {(two.mask.of, 50)}

    @pytest.mark.parametrize(
        ("start", "mask"),
        [
            (Perturbed(Weights(DENSE, at=10), "noise", seed=0), Dense()),
            (Transferred(Weights(DENSE, at=10), NET, "pytorch", seed=0), Dense()),
            (INIT, Pruned(Weights(DENSE, at=10), 0.5)),
            (INIT, Permuted(Permuted(Pruned(Weights(DENSE, at=10), 0.5), "layer", 0), "network", 0)),
        ],
        ids=["perturbed", "transferred", "early-bird mask", "permuted"],
    )
    def test_through_every_word_that_holds_another(self, start, mask):
        assert set(needs(replace(DENSE, start=start, mask=mask))) == {(DENSE, 10)}

    def test_given_weights_and_masks_need_no_run(self):
        assert not list(needs(replace(DENSE, start=Given("a" * 64), mask=Given("b" * 64))))


class TestDescribed:
    def test_it_is_json_and_names_other_runs_by_key_only(self):
        table = experiments()
        for run in table.values():
            written = described(run)
            assert json.loads(json.dumps(written, allow_nan=False)) == written
        round_2 = described(table["LT-IMP, round 2"])
        assert round_2["mask"]["of"] == {"run": table["LT-IMP, round 1"].key}
        assert round_2["trainer"] == algebra.TRAINER_VERSION

    def test_it_says_every_field_of_the_run(self):
        written = described(DENSE)
        assert set(written) == {field.name for field in fields(Run)} | {"trainer"}
        assert written["training"]["optimiser"] == {
            "is": "Optimiser",
            "name": "sgd",
            "momentum": 0.9,
            "weight_decay": 0.0,
            "betas": [0.9, 0.999],
            "eps": 1e-8,
        }

    def test_its_size_does_not_grow_with_the_chain(self):
        sizes = {len(json.dumps(described(chain(rounds)) | {"mask": None})) for rounds in (1, 8)}
        assert len(sizes) == 1


@pytest.mark.parametrize("value", ["zero", "initial"])
def test_a_permuted_mask_has_the_pruned_value_of_its_source(value):
    mask = Pruned(DENSE, 0.5, pruned_value=value)
    assert Permuted(Permuted(mask, "layer", seed=0), "network", seed=0).pruned_value == value
    assert Permuted(Dense(), "layer", seed=0).pruned_value == "zero"
