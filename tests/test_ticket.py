"""A ticket out of the store: what it began from, its mask, its weights; nothing that was altered."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch.nn.utils import prune

from lthcheck import data, zoo
from lthcheck.data.resident import Resident
from lthcheck.execute.plan import Demand, plan
from lthcheck.execute.pool import Pool
from lthcheck.execute.progress import Progress
from lthcheck.run import Data, Dense, Init, Pruned, Reinit, Run, Training, Weights
from lthcheck.store import Store
from lthcheck.ticket import save, ticket

STEPS = 6


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A small .npz of images in two classes."""
    random = np.random.default_rng(0)
    arrays = {}
    for part, size in (("train", 60), ("test", 40)):
        labels = np.arange(size) % 2
        pixels = random.integers(0, 128, size=(size, 3, 8, 8)) + 96 * labels[:, None, None, None]
        arrays |= {f"x_{part}": pixels.astype(np.uint8), f"y_{part}": labels}
    path = tmp_path_factory.mktemp("data") / "images.npz"
    np.savez(path, **arrays)
    return str(path)


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    """A ResNet with batch norm, dense, pruned, from a fresh start and rewound, in a store."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LTHCHECK_CACHE", str(tmp_path_factory.mktemp("cache")))
        info = data.describe(images)
        network = zoo.network("resnet8", info.shape, info.classes)
        training = Training(lr=0.05, batch=20, steps=STEPS)
        common = (network, Data(info.name, info.fingerprint))
        dense = Run(*common, training, Init(network, "kaiming_normal", 0), Dense(), 0)
        mask = Pruned(dense, 0.8)
        runs = {
            "dense": dense,
            "lt": Run(*common, training, dense.start, mask, 0),
            "rr": Run(*common, training, Reinit(network, "kaiming_normal", 0), mask, 0),
            "rewound": Run(*common, training.starting_at(2), Weights(dense, at=2), mask, 0),
        }
        store, pool = Store(tmp_path_factory.mktemp("store")), None
        try:
            pool = Pool(store, trainers=1)
            pool.train(plan([Demand(run, frozenset({STEPS})) for run in runs.values()], store), Progress())
        finally:
            pool.close()
    return store, {name: run.key for name, run in runs.items()}


@pytest.fixture(scope="module")
def accuracy(images):
    """Of a module on the test split, as normalised for training."""
    resident = Resident.put(data.load(images), "cpu")

    def of(module):
        with torch.no_grad():
            right = [(module.eval()(x).argmax(1) == y).sum() for x, y in resident.test_batches(1000)]
        return int(sum(right)) / len(resident.y_test)

    return of


@pytest.mark.parametrize("name", ["dense", "lt", "rr", "rewound"])
def test_a_plain_module_with_its_state_has_the_accuracy_on_record(trained, accuracy, name):
    store, keys = trained
    made = ticket(store, keys[name])
    module = zoo.build(made.network)
    module.load_state_dict(made.state_dict)
    assert accuracy(module) == made.result["accuracy"] == store.result(keys[name])["accuracy"]


def test_through_prune_the_outputs_are_the_same(trained, images):
    store, keys = trained
    made = ticket(store, keys["lt"])
    plain, pruned = zoo.build(made.network), zoo.build(made.network)
    plain.load_state_dict(made.state_dict)
    for name, mask in made.mask.items():
        layer, _, parameter = name.rpartition(".")
        prune.custom_from_mask(pruned.get_submodule(layer), parameter, mask)
    pruned.load_state_dict(made.prune_state_dict)
    x = torch.from_numpy(data.load(images).x_test).float()
    assert torch.equal(plain.eval()(x), pruned.eval()(x))


def test_lt_begins_where_dense_began_and_rr_does_not(trained):
    store, keys = trained
    dense, lt, rr = (ticket(store, keys[name]) for name in ("dense", "lt", "rr"))
    assert all(torch.equal(lt.theta0[name], weight) for name, weight in dense.theta0.items())
    assert not torch.equal(lt.theta0["stem.weight"], rr.theta0["stem.weight"])
    assert all(torch.equal(lt.mask[name], layer) for name, layer in rr.mask.items())
    assert (dense.mask, dense.sparsity) == ({}, 0.0)
    assert lt.sparsity == pytest.approx(0.8, abs=1e-4)


def test_a_rewound_ticket_begins_at_weights_of_the_dense_run(trained):
    store, keys = trained
    state = store.tensors(keys["dense"], "step-2")
    made = ticket(store, keys["rewound"])
    assert all(torch.equal(weight, state[f"weights/{name}"]) for name, weight in made.theta0.items())


def test_a_dense_run_is_written_with_no_mask(trained, tmp_path):
    store, keys = trained
    save(ticket(store, keys["dense"]), tmp_path)
    said = json.loads((tmp_path / "ticket.json").read_text())
    assert (said["run"], said["sparsity"], said["layers"]) == (keys["dense"], 0.0, {})


def test_a_mask_that_is_not_the_runs_is_refused(trained, tmp_path):
    store, keys = trained
    other = Store(tmp_path)
    for name in (f"step-{STEPS}", "mask"):
        tensors = store.tensors(keys["lt"], name)
        tensors |= {key: ~tensor for key, tensor in tensors.items() if name == "mask"}
        other.write_tensors(keys["lt"], name, tensors)
    other.write_result(keys["lt"], store.result(keys["lt"]))
    with pytest.raises(ValueError, match="its mask is not what it was trained with"):
        ticket(other, keys["lt"])


def test_a_run_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"run='abab.*' must have a result in"):
        ticket(Store(tmp_path), "ab" * 32)
