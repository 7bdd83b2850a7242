"""`lthcheck export`: which ticket is meant, and files that plain torch programs load."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.utils import prune

from lthcheck.report.headline import nearest
from lthcheck.run import Network
from lthcheck.store import Store
from lthcheck.training.initialiser import initial

STUDY = "mlp-16-8 on toy.npz"


@pytest.fixture
def test_split(asked):
    """Inputs and labels."""
    arrays = np.load(asked.folder / "toy.npz")
    return torch.from_numpy(arrays["x_test"]).float(), torch.from_numpy(arrays["y_test"])


@pytest.fixture
def export(store, tmp_path, command, monkeypatch):
    """Exports to a folder, and goes there; gives what --json said."""

    def run(*arguments):
        done = command("export", *arguments, "--out", tmp_path / "out", "--json")
        assert (done.exit_code, done.stderr.strip()) == (0, "")
        monkeypatch.chdir(tmp_path / "out")
        return json.loads(done.stdout)

    return run


class Own(nn.Module):
    """A user's own network of the same layout."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(20, 16), nn.Linear(16, 8), nn.Linear(8, 4)])

    def forward(self, x):
        first, second, last = self.layers
        return last(torch.relu(second(torch.relu(first(x)))))


def follow(lines):
    """The module that the lines of ticket.json give."""
    names = {}
    exec("\n".join(lines), names)
    return names["module"]


def accuracy(module, test_split):
    x, y = test_split
    with torch.no_grad():
        return float((module(x).argmax(1) == y).sum()) / len(y)


def row(asked, **place):
    """The row of the evidence in a place."""
    (found,) = [row for row in asked.record["evidence"] if place.items() <= row.items()]
    return found


@pytest.mark.parametrize("sparsity", [None, 0.36, 0.488])
def test_the_ticket_of_a_study_is_that_of_its_verdict(asked, export, sparsity):
    cell = nearest(asked.record, [cell for cell in asked.record["cells"] if sparsity in (None, cell["sparsity"])])
    lr = next(one["witness_lr"] for one in cell["conditions"] if one["witness_lr"] is not None)
    told = export(STUDY, *([] if sparsity is None else ["--sparsity", sparsity]))
    assert told["run"] == row(asked, arm="lt", sparsity=cell["sparsity"], lr=lr, seed=0)["run"]


def test_a_ticket_is_named_by_its_place(asked, export):
    told = export(STUDY, "--method", "imp", "--sparsity", "0.36", "--lr", "0.1", "--seed", "1")
    assert told["run"] == row(asked, arm="lt", sparsity=0.36, lr=0.1, seed=1)["run"]


def test_a_ticket_is_named_by_its_key(asked, export):
    wanted = row(asked, arm="lt", sparsity=0.36, lr=0.2, seed=1)
    told = export(wanted["run"][:12])
    assert (told["run"], told["accuracy"]) == (wanted["run"], wanted["accuracy"])


@pytest.mark.parametrize("how", ["safetensors", "prune"])
def test_it_loads_into_a_plain_module_with_the_accuracy_on_record(asked, export, test_split, how):
    for sparsity in ("0.36", "0.488"):
        for seed in (0, 1):
            told = export(STUDY, "--sparsity", sparsity, "--lr", "0.2", "--seed", seed, "--format", how)
            wanted = row(asked, arm="lt", lr=0.2, seed=seed, run=told["run"])["accuracy"]
            module = follow(json.loads(Path("ticket.json").read_text())["load"][how])
            assert accuracy(module, test_split) == told["accuracy"] == wanted


def test_a_module_of_ones_own_gives_the_same_through_prune(export, test_split):
    told = export(STUDY)
    plain, pruned = Own(), Own()
    plain.load_state_dict(load_file("weights.safetensors"))
    for name, mask in load_file("mask.safetensors").items():
        layer, _, parameter = name.rpartition(".")
        prune.custom_from_mask(pruned.get_submodule(layer), parameter, mask)
    pruned.load_state_dict(load_file("prune.safetensors"))
    assert accuracy(plain, test_split) == told["accuracy"]
    assert torch.equal(plain(test_split[0]), pruned(test_split[0]))
    for module in (pruned.layers[0], pruned.layers[1]):
        prune.remove(module, "weight")
    assert all(torch.equal(plain.state_dict()[name], weight) for name, weight in pruned.state_dict().items())


def test_theta_0_is_what_the_initialiser_draws_and_the_mask_is_what_is_left(export):
    told = export(STUDY, "--sparsity", "0.488", "--lr", "0.1", "--seed", "1")
    theta0, mask, weights = (load_file(f"{name}.safetensors") for name in ("theta0", "mask", "weights"))
    drawn = initial(Network("mlp-16-8", (20,), 4), "kaiming_normal", 1, "init")
    assert all(torch.equal(theta0[name], weight.float()) for name, weight in drawn.items())
    assert mask.keys() == {"layers.0.weight", "layers.1.weight"}
    kept = sum(int(layer.sum()) for layer in mask.values())
    total = 20 * 16 + 16 * 8
    assert (kept, told["sparsity"]) == (round((1 - 0.488) * total), pytest.approx(1 - kept / total))
    assert all(not weights[name][~layer].any() for name, layer in mask.items())


def test_a_format_that_was_not_asked_for_is_not_left_from_before(export, tmp_path):
    export(STUDY)
    export(STUDY, "--format", "prune")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"prune.safetensors", "ticket.json"}


@pytest.mark.parametrize("arm", ["rr", "lt"])
def test_weights_that_are_not_kept_can_be_trained_again(asked, store, tmp_path, command, export, test_split, arm):
    command("gc", "--weights", "--yes")
    wanted = row(asked, arm=arm, sparsity=0.36, lr=0.2, seed=0)
    done = command("export", wanted["run"], "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "train it again for them: lthcheck export --train" in done.stderr
    told = export(wanted["run"], "--train")
    module = follow(json.loads(Path("ticket.json").read_text())["load"]["safetensors"])
    assert accuracy(module, test_split) == told["accuracy"] == wanted["accuracy"]


def test_a_diverged_run_is_no_ticket(asked, store, tmp_path, command):
    key = row(asked, arm="lt", sparsity=0.36, lr=0.2, seed=0)["run"]
    Store(store).write_result(key, Store(store).result(key) | {"diverged": True})
    done = command("export", key, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert f"run {key[:12]} diverged, so there are no weights" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "'none' must be a study on record or the beginning of a run's key"),
        ([STUDY, "--lr", "0.3"], "must be a ticket of the study; it has method imp; sparsity 0.2, 0.36, 0.488; lr 0.1"),
        ([STUDY, "--sparsity", "0.2"], "means 2 tickets, and no verdict tells which; add --method --lr"),
        ([STUDY, "--seed", "7"], "seed 0, 1"),
        ([STUDY, "--sparsity", "90"], "sparsity=90 must be in (0, 1); write 0.9 for 90 %"),
        ([STUDY, "--sparsity", "nan"], "sparsity=nan must be in (0, 1); write 0.9 for 90 %"),
        ([STUDY, "--data-dir", "~nouser/x"], "data-dir='~nouser/x' must not begin with a user who is not there"),
        ([STUDY, "--store", "~nouser/x"], "store='~nouser/x' must not begin with a user who is not there"),
    ],
)
def test_bad_input_is_told_in_one_line(store, tmp_path, command, arguments, message):
    done = command("export", *arguments, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["mask.safetensors", "prune.safetensors", "ticket.json"])
def test_a_file_of_the_users_stays_and_is_refused(store, tmp_path, command, name):
    mine = tmp_path / "out" / name
    mine.parent.mkdir()
    mine.write_text("{}")
    done = command("export", STUDY, "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{mine} must not be there already" in done.stderr
    assert {path.name: path.read_text() for path in mine.parent.iterdir()} == {name: "{}"}


def test_a_file_of_the_users_stays_where_its_name_is_not_needed(export, tmp_path):
    export(STUDY, "--format", "prune")
    mine = tmp_path / "out" / "mask.safetensors"
    mine.write_text("mine")
    export(STUDY, "--format", "prune")
    assert mine.read_text() == "mine"


def test_a_home_folder_is_written_out(store, tmp_path, command, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert command("export", STUDY, "--out", "~/out").exit_code == 0
    assert (tmp_path / "out" / "ticket.json").exists()


@pytest.mark.parametrize("options", [[], ["--train"]])
def test_a_network_of_ones_own_asks_for_the_file_that_registers_it(asked, store, tmp_path, command, options):
    key = row(asked, arm="lt", sparsity=0.36, lr=0.2, seed=0)["run"]
    result = Store(store).result(key)
    network = result["expression"]["network"] | {"name": "mine", "fingerprint": "ab" * 32}
    Store(store).write_result(key, result | {"expression": result["expression"] | {"network": network}})
    done = command("export", key, *options, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "model='mine' is a network of your own and must be registered; name the file that" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(store, tmp_path, command):
    (tmp_path / "out").touch()
    done = command("export", STUDY, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "must be a folder that can be written" in done.stderr


def test_a_key_takes_no_place(asked, store, tmp_path, command):
    done = command("export", asked.record["evidence"][0]["run"], "--lr", "0.1", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "is one run, so --lr must not be given" in done.stderr
