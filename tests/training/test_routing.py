"""Who trains which run: a stack, captured steps, or the loop."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from stacks import arrays, replicas, run

from lthcheck.data.resident import Resident
from lthcheck.training.graphed import Graphed
from lthcheck.training.linear import LinearStack
from lthcheck.training.module import ModuleLoop
from lthcheck.training.train import backend, is_graphed, together


class Elsewhere:
    """Data that are not resident."""

    def __init__(self, data: Resident) -> None:
        self.data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.data, name)


def resident(shape: tuple[int, ...]) -> Resident:
    return Resident.put(arrays(shape), "cpu")


@pytest.mark.parametrize(
    ("model", "precision", "kind"),
    [
        ("mlp-7", "float32", LinearStack),
        ("mlp-7", "bfloat16", Graphed),
        ("lenet5", "float32", ModuleLoop),
        ("lenet5", "bfloat16", Graphed),
        ("efficientnet-b0-w0.01", "float32", ModuleLoop),
    ],
)
def test_on_a_cpu(model: str, precision: str, kind: type) -> None:
    own = run(model, precision=precision)
    assert isinstance(backend(replicas([own]), resident(own.network.shape)), kind)


@pytest.mark.parametrize(
    ("model", "precision", "graphed"),
    [
        ("mlp-7", "float32", False),
        ("mlp-7", "tf32", True),
        ("lenet5", "float32", True),
        ("lenet5", "tf32", True),
        ("efficientnet-b0-w0.01", "float32", False),
    ],
)
def test_on_a_gpu(model: str, precision: str, graphed: bool) -> None:
    """The data decide where tensors lie, so the backend can be made here."""
    own = run(model, precision=precision, device="cuda")
    assert is_graphed(own) == graphed
    assert isinstance(backend(replicas([own]), resident(own.network.shape)), Graphed) == graphed


def test_data_that_are_streamed_train_in_the_loop_one_by_one() -> None:
    own = run("lenet5", device="cuda")
    data = Elsewhere(resident(own.network.shape))
    assert isinstance(backend(replicas([own]), data), ModuleLoop)
    assert not together(own, data)
    assert together(own, data.data)


def test_nor_in_another_precision() -> None:
    own = run("lenet5", precision="bfloat16")
    with pytest.raises(ValueError, match="precision='bfloat16' must be float32 for lenet5"):
        backend(replicas([own]), Elsewhere(resident(own.network.shape)))


@pytest.mark.parametrize(("model", "device"), [("lenet5", "cpu"), ("efficientnet-b0-w0.01", "cuda")])
def test_those_of_the_loop_train_one_by_one(model: str, device: str) -> None:
    own = run(model, device=device)
    assert not together(own, resident(own.network.shape))


def test_an_mlp_trains_in_a_stack_wherever_its_samples_lie() -> None:
    own = run("mlp-7")
    assert together(own, Elsewhere(resident(own.network.shape)))
    assert torch.get_default_dtype() == torch.float32
