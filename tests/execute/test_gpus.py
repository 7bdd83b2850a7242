"""GPUs: counted without torch, named by number, one trainer each; no GPU is needed to see that."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from lthcheck import gpus, zoo
from lthcheck.execute import pool as pools
from lthcheck.execute import spawn as spawning
from lthcheck.execute.plan import Demand, plan
from lthcheck.execute.pool import Pool
from lthcheck.execute.progress import Progress
from lthcheck.execute.stacking import LARGEST_ON_A_GPU, LARGEST_STACK, largest_stack
from lthcheck.inquire import check_device
from lthcheck.run import Data, Dense, Init, Run, Training
from lthcheck.store import Store


@pytest.fixture
def without_torch(monkeypatch, tmp_path):
    """A process that has not imported torch, on a machine with this driver folder."""
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus, "DRIVER", tmp_path)
    return tmp_path


class TestCount:
    def test_they_are_those_of_the_driver(self, without_torch):
        for name in ("0000:01:00.0", "0000:02:00.0", "0000:03:00.0"):
            (without_torch / name).mkdir()
        assert gpus.count() == 3

    @pytest.mark.parametrize(("shown", "count"), [("1", 1), ("2,0", 2), ("1,-1,0", 1), ("GPU-5ab, GPU-77", 2), ("", 1)])
    def test_the_user_may_leave_some(self, without_torch, monkeypatch, shown, count):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
        assert gpus.count() == count

    def test_without_that_folder_they_are_listed(self, without_torch, monkeypatch):
        monkeypatch.setattr(gpus, "DRIVER", without_torch / "none")
        listed = "GPU 0: NVIDIA H200 (UUID: GPU-1)\n  MIG 1g (UUID: MIG-1)\nGPU 1: NVIDIA H200 (UUID: GPU-2)\n"
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=listed))
        assert gpus.count() == 2

    def test_where_nothing_tells_there_is_one(self, without_torch, monkeypatch):
        def missing(*_, **__):
            raise FileNotFoundError("nvidia-smi")

        monkeypatch.setattr(gpus, "DRIVER", without_torch / "none")
        monkeypatch.setattr(subprocess, "run", missing)
        assert gpus.count() == 1

    def test_torch_knows_better_where_it_is_loaded(self, monkeypatch):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: 7)
        assert gpus.count() == 7

    def test_counting_them_does_not_load_it(self):
        code = "import sys; from lthcheck import gpus; gpus.count(); assert 'torch' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("shown", "seen"), [(None, "2"), ("5,4,3", "3"), ("GPU-a,GPU-b,GPU-c", "GPU-c")])
def test_a_process_sees_its_own_alone(monkeypatch, shown, seen):
    if shown is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
    assert gpus.visible(2) == seen


@pytest.mark.parametrize(("gpu", "seen"), [(1, "1"), (None, None)])
def test_that_is_said_before_it_starts(monkeypatch, tmp_path, gpu, seen):
    started = []
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)

    def start(*_, env, pass_fds, **__):
        started.append((env, os.dup(pass_fds[0])))

    monkeypatch.setattr(spawning.subprocess, "Popen", start)
    _, connection = spawning.spawn("trainer.Trainer", tmp_path, None, None, gpu=gpu)
    connection.close()
    ((environment, channel),) = started
    os.close(channel)
    assert environment.get("CUDA_VISIBLE_DEVICES") == seen
    assert environment["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    check_device("cuda")
    check_device("cuda:1,cuda:0")
    rule = "device='cuda:0,cuda:2' must be among the GPUs that torch sees, cuda:0 to cuda:1; name others"
    with pytest.raises(ValueError, match=rule):
        check_device("cuda:0,cuda:2")


def run(model="lenet5", shape=(1, 12, 12), device="cuda"):
    network = zoo.network(model, shape, 5)
    data = Data("clusters", "f" * 64)
    return Run(network, data, Training(lr=0.1, batch=10, steps=5, device=device), Init(network, "own", 0), Dense(), 0)


@pytest.mark.parametrize(
    ("model", "shape", "device", "largest"),
    [
        ("mlp-8", (12,), "cpu", LARGEST_STACK),
        ("mlp-8", (12,), "cuda", LARGEST_STACK),
        ("lenet5", (1, 12, 12), "cpu", 1),
        ("lenet5", (1, 12, 12), "cuda", LARGEST_ON_A_GPU),
        ("efficientnet-b0", (1, 12, 12), "cuda", 1),
    ],
)
def test_networks_stack_on_a_gpu(model, shape, device, largest):
    assert largest_stack(run(model, shape, device)) == largest


@pytest.mark.parametrize(("on", "used"), [((), [0, 1, 2]), ((2, 0), [2, 0])])
def test_each_gpu_has_one_trainer(monkeypatch, tmp_path, on, used):
    def spawned(*_, gpu):
        started.append(gpu)
        return SimpleNamespace(wait=lambda *_: 0), SimpleNamespace(close=lambda: None)

    started: list[int] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(pools, "spawn", spawned)
    monkeypatch.setattr(pools._Training, "go", lambda training: None)
    store = Store(tmp_path)
    pool = Pool(store, on=on)
    pool.train(plan([Demand(run())], store), Progress())
    taken = []
    while (trainer := pool.idle(wanted=True)) is not None:
        trainer.jobs = ["a stack"]
        taken.append(trainer)
    assert started == [trainer.gpu for trainer in taken] == used
    pool._trainers.remove(taken[0])  # it died
    assert pool.idle(wanted=True).gpu == used[0]
    pool.close()


def test_a_study_in_bfloat16_trains_alone_as_in_a_stack(study, ask, kept, tmp_path):
    """The steps that a GPU captures, called here: through trainers, with every rule of the protocol."""
    asked, stores = study(precision="bfloat16", seeds=3, epochs=2), [Store(tmp_path / name) for name in "ab"]
    found, progress = ask(asked, stores[0], conditions=(3, 4), trainers=1)
    assert not found.violations
    assert not progress.told
    ask(asked, stores[1], conditions=(3, 4), trainers=3)
    results = [[store.result(key) for key in store.keys()] for store in stores]  # noqa: SIM118 - a store is no dict
    together, shared = ({result["stack"] for result in each} for each in results)
    assert min(together) == 3 > max(shared)
    assert kept(stores[0]) == kept(stores[1])
    plain, _ = ask(study(seeds=3, epochs=2), stores[0], conditions=(3, 4), trainers=1)
    assert {row.run for row in plain.rows}.isdisjoint({row.run for row in found.rows})
