"""Weights and masks of the user's own: read from files, refused where they do not fit, trained as they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import prune

from lthcheck import data, given, zoo
from lthcheck.execute.answer import answer
from lthcheck.recipes import recipe
from lthcheck.store import Store
from lthcheck.study import Study
from lthcheck.training.initialiser import initial

SHAPES = {"a.weight": (2, 3), "a.bias": (2,)}


def module(hidden=16):
    return nn.Sequential(nn.Linear(12, hidden), nn.ReLU(), nn.Linear(hidden, 5))


class TestFiles:
    def test_a_state_dict_is_read_as_weights(self, tmp_path):
        save_file(module().state_dict(), tmp_path / "w.safetensors")
        weights = given.read_theta0(tmp_path / "w.safetensors")
        assert {name: array.shape for name, array in weights.items()} == {
            "0.weight": (16, 12), "0.bias": (16,), "2.weight": (5, 16), "2.bias": (5,),
        }  # fmt: skip

    def test_a_pruned_module_is_read_as_weights_and_as_a_mask(self, tmp_path):
        own = module()
        prune.random_unstructured(own[0], "weight", amount=0.5)
        save_file(own.state_dict(), tmp_path / "w.safetensors")
        assert sorted(given.read_theta0(tmp_path / "w.safetensors")) == ["0.bias", "0.weight", "2.bias", "2.weight"]
        mask = given.read_mask(tmp_path / "w.safetensors")
        assert list(mask) == ["0.weight"]
        assert given.sparsity(mask) == 0.5

    def test_buffers_of_norm_layers_are_no_weights(self, tmp_path):
        save_file(nn.BatchNorm1d(3).state_dict(), tmp_path / "w.safetensors")
        assert sorted(given.read_theta0(tmp_path / "w.safetensors")) == ["bias", "weight"]

    def test_both_formats_give_one_digest(self, tmp_path):
        arrays = {"a.weight": np.arange(6.0).reshape(2, 3), "a.bias": np.ones(2)}
        np.savez(tmp_path / "w.npz", **arrays)
        save_file({name: torch.from_numpy(array) for name, array in arrays.items()}, tmp_path / "w.safetensors")
        digests = {given.digest(given.read_theta0(tmp_path / f"w.{kind}")) for kind in ("npz", "safetensors")}
        assert len(digests) == 1

    def test_a_digest_tells_names_shapes_and_numbers_apart(self):
        a = np.arange(6.0)
        alike = [{"a": a}, {"b": a}, {"a": a.reshape(2, 3)}, {"a": a + 1}, {"a": a.astype("float32")}]
        assert len({given.digest(arrays) for arrays in alike}) == len(alike)

    @pytest.mark.parametrize(
        ("read", "arrays", "told"),
        [
            (given.read_mask, {"a": np.array([0.0, 0.5])}, "must hold 0 and 1 only"),
            (given.read_mask, {"a": np.zeros(3)}, "must keep at least one weight"),
            (given.read_theta0, {"a": np.array([1.0, np.nan])}, "must hold finite"),
            (given.read_theta0, {"a": np.array([1, 2])}, "must hold finite"),
            (given.read_mask, {}, "must hold at least one array"),
        ],
    )
    def test_what_is_no_mask_or_weight_is_refused(self, tmp_path, read, arrays, told):
        np.savez(tmp_path / "x.npz", **arrays)
        with pytest.raises(ValueError, match=told):
            read(tmp_path / "x.npz")

    @pytest.mark.parametrize("content", [b"", b"junk", b"\x80\x04K\x01."])
    @pytest.mark.parametrize("kind", ["npz", "safetensors", "pt"])
    def test_what_is_no_file_of_numbers_is_refused(self, tmp_path, kind, content):
        (tmp_path / f"x.{kind}").write_bytes(content)
        with pytest.raises(ValueError, match=r"whole \.safetensors or \.npz file"):
            given.read_mask(tmp_path / f"x.{kind}")

    def test_an_absent_file_is_told(self, tmp_path):
        with pytest.raises(ValueError, match="must be a file that can be read"):
            given.read_mask(tmp_path / "nowhere.npz")

    @pytest.mark.parametrize(
        ("arrays", "whole", "told"),
        [
            ({"b.weight": np.zeros((2, 3))}, False, "parameter='b.weight' is not known; did you mean a.weight?"),
            ({"a.weight": np.zeros((3, 2))}, False, r"a.weight of \(3, 2\) must be of \(2, 3\)"),
            ({"a.weight": np.zeros((2, 3))}, True, "a.bias must be there"),
        ],
    )
    def test_what_does_not_fit_the_network_is_refused(self, arrays, whole, told):
        with pytest.raises(ValueError, match=told):
            given.fit("theta0='x.npz'", arrays, SHAPES, whole=whole)


@pytest.fixture
def blobs(tmp_path):
    """A data set of Gaussian clusters in a file."""
    random = np.random.default_rng(0)
    y = random.integers(0, 5, 300)
    x = (random.normal(size=(5, 12))[y] + random.normal(size=(300, 12))).astype("float32")
    np.savez(tmp_path / "blobs.npz", x_train=x[:200], y_train=y[:200], x_test=x[200:], y_test=y[200:])
    return str(tmp_path / "blobs.npz")


@pytest.fixture
def ticket(tmp_path):
    """theta_0 and a mask for each of two replicates of mlp-16 on the clusters."""
    network = zoo.network("mlp-16", (12,), 5)
    for seed in (0, 1):
        weights = initial(network, "xavier_normal", 40 + seed, "init")
        save_file({name: weight.float() for name, weight in weights.items()}, tmp_path / f"theta0-{seed}.safetensors")
        size = weights["layers.0.weight"].abs()
        mask = size >= size.flatten().sort().values[144]
        np.savez(tmp_path / f"mask-{seed}.npz", **{"layers.0.weight": mask.numpy()})
    return {"theta0": str(tmp_path / "theta0-{seed}.safetensors"), "mask": str(tmp_path / "mask-{seed}.npz")}


def study(blobs, **ticket):
    short = recipe("mnist1d").but({"lrs": (0.1,), "seeds": 2, "epochs": 2, "batch": 20, "sparsities": (0.36,)})
    return Study(model="mlp-16", dataset=blobs, recipe=short, **ticket)


class TestAStudy:
    def test_trains_the_ticket_that_is_given(self, blobs, ticket, tmp_path):
        made = study(blobs, methods=("given",), **ticket)
        store = Store(tmp_path / "store")
        (found,), _ = answer({made: made.questions()}, store, trainers=1)
        assert found.violations == []
        assert made.sparsities == (0.75,)
        assert {row.params for row in found.rows if row.arm in ("lt", "rr")} == {16 * 12 // 4 + 16 + 5 * 16 + 5}
        assert found.checked["given"] == 4
        for row in found.rows:
            if row.arm in ("dense", "lt"):
                own = given.read_theta0(given.of_replicate(ticket["theta0"], row.seed))
                named = store.result(row.run)["expression"]["start"]
                assert named == {"is": "Given", "sha256": given.digest(own), "pruned_value": "zero"}

    def test_takes_its_masks_from_a_theta_0_that_is_given(self, blobs, ticket, tmp_path):
        made = study(blobs, theta0=ticket["theta0"])
        (found,), _ = answer({made: made.questions()}, Store(tmp_path / "store"), trainers=1)
        assert found.violations == []
        assert {row.method for row in found.rows} == {None, "imp", "omp"}

    def test_another_file_is_another_run(self, blobs, ticket, tmp_path):
        from lthcheck.arms import Arms
        from lthcheck.study import Slot

        slot = Slot("lt", "given", 0.75, 0.1, 0, 2)
        first = Arms(study(blobs, methods=("given",), **ticket), data.describe(blobs)).run(slot)
        with np.load(tmp_path / "mask-0.npz") as kept:
            mask = kept["layers.0.weight"]
        for seed in (0, 1):
            np.savez(tmp_path / f"mask-{seed}.npz", **{"layers.0.weight": mask[::-1]})
        second = Arms(study(blobs, methods=("given",), **ticket), data.describe(blobs)).run(slot)
        assert first.start == second.start
        assert first.mask != second.mask

    @pytest.mark.parametrize("methods", [("imp",), ("given", "imp")])
    def test_a_mask_goes_with_its_own_method_alone(self, blobs, ticket, methods):
        with pytest.raises(ValueError, match="goes with the method given, and with no other"):
            study(blobs, methods=methods, mask=ticket["mask"])

    def test_the_method_needs_a_mask(self, blobs):
        with pytest.raises(ValueError, match="goes with the method given"):
            study(blobs, methods=("given",))

    def test_replicates_are_of_one_sparsity(self, blobs, ticket, tmp_path):
        np.savez(tmp_path / "mask-1.npz", **{"layers.0.weight": np.ones((16, 12))})
        with pytest.raises(ValueError, match=r"all replicates must be of one sparsity, not \[0\.0, 0\.75\]"):
            study(blobs, methods=("given",), **ticket)

    def test_replicates_are_pruned_in_the_same_layers(self, blobs, ticket, tmp_path):
        np.savez(tmp_path / "mask-1.npz", **{"classifier.weight": np.arange(80).reshape(5, 16) % 4 == 0})
        with pytest.raises(ValueError, match="must be over the same layers"):
            study(blobs, methods=("given",), **ticket)


class TestTheStore:
    def test_gives_back_what_it_keeps(self, tmp_path):
        arrays = {"a": np.arange(6.0).reshape(2, 3)}
        Store(tmp_path).keep_given(arrays)
        kept = Store(tmp_path).given(given.digest(arrays))
        assert kept is not None
        assert np.array_equal(kept["a"], arrays["a"])

    @pytest.mark.parametrize("harm", [lambda b: b[:-1], lambda b: b[:-1] + b"\x01", lambda b: b""])
    def test_tells_what_is_not_what_was_kept(self, tmp_path, harm):
        arrays, told = {"a": np.arange(6.0)}, []
        store = Store(tmp_path, told.append)
        store.keep_given(arrays)
        (path,) = (tmp_path / "given").iterdir()
        path.write_bytes(harm(path.read_bytes()))
        assert store.given(given.digest(arrays)) is None
        assert "is not what was written there" in told[0]
