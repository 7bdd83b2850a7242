"""The ticket: theta_0, a mask and trained weights, out of a store and into files that any torch program loads."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from lthcheck import __version__, protocol, zoo
from lthcheck.report import atomic
from lthcheck.run import Network
from lthcheck.store import Store
from lthcheck.training.initialiser import initial
from lthcheck.training.realise import DTYPES

SCHEMA = "lthcheck.ticket/1"
_SAID = "ticket.json"
FORMATS = {
    "safetensors": ("theta0.safetensors", "mask.safetensors", "weights.safetensors"),
    "prune": ("prune.safetensors",),
}
_CONTENT = {
    "theta0.safetensors": "the initial weights, before masking, by parameter name",
    "mask.safetensors": "true where a weight stays, by the name of each prunable parameter",
    "weights.safetensors": "the trained weights and buffers: the module's state dict",
    "prune.safetensors": "the state dict after torch.nn.utils.prune.custom_from_mask: <layer>.weight_orig and _mask",
}
_LOAD = """\
from safetensors.torch import load_file
{build}
module.load_state_dict(load_file("weights.safetensors"))
module.eval()"""
_LOAD_PRUNE = """\
from safetensors.torch import load_file
from torch.nn.utils import prune
{build}
state = load_file("prune.safetensors")
for name in [name for name in state if name.endswith("_mask")]:
    layer, _, parameter = name.removesuffix("_mask").rpartition(".")
    prune.custom_from_mask(module.get_submodule(layer), parameter, state[name])
module.load_state_dict(state)
module.eval()"""


@dataclass(frozen=True, eq=False)
class Ticket:
    """A trained run with what it began from.

    Attributes:
        result: what the store keeps of the run: its "key", "accuracy", "expression", ...
        theta0: where it began, before masking, by parameter name, in the network's order.
        mask: bool, by the name of each prunable parameter, True where the weight stays; empty for a dense run.
        weights: at the last step, by parameter name.
        buffers: at the last step: statistics of batch norm.
    """

    network: Network
    result: Mapping[str, Any]
    theta0: Mapping[str, Tensor]
    mask: Mapping[str, Tensor]
    weights: Mapping[str, Tensor]
    buffers: Mapping[str, Tensor]

    @property
    def state_dict(self) -> dict[str, Tensor]:
        """For `load_state_dict` of a module of this network."""
        with torch.device("meta"):
            names = zoo.build(self.network).state_dict()
        both = {**self.weights, **self.buffers}
        return {name: both[name] for name in names}

    @property
    def prune_state_dict(self) -> dict[str, Tensor]:
        """The same for a module that `torch.nn.utils.prune.custom_from_mask` was called on with each mask."""
        state = {f"{name}_orig" if name in self.mask else name: tensor for name, tensor in self.state_dict.items()}
        return state | {f"{name}_mask": mask.to(self.weights[name].dtype) for name, mask in self.mask.items()}

    @property
    def sparsity(self) -> float:
        """Fraction of the prunable weights that are gone."""
        total = sum(mask.numel() for mask in self.mask.values())
        return 1 - sum(int(mask.sum()) for mask in self.mask.values()) / total if total else 0.0


def ticket(store: Store, key: str) -> Ticket:
    """A run's ticket.

    Raises:
        ValueError: if the store does not hold the run, or not its weights; if it diverged.
    """
    result = store.result(key)
    if result is None:
        raise ValueError(f"run={key[:12]!r} must have a result in {store.root}; ask its study again")
    if result["diverged"]:
        raise ValueError(f"run {key[:12]} diverged, so there are no weights; choose another lr or seed")
    expression = result["expression"]
    training = expression["training"]
    network = Network(**_plain(expression["network"]))
    check_registered(result)
    state = store.tensors(key, f"step-{training['steps']}")
    mask = store.tensors(key, "mask") if result["layers"] else {}
    if state is None or mask is None:
        raise ValueError(
            f"run {key[:12]}: its weights must be in the store, which keeps those of dense and lt runs until "
            "`lthcheck gc --weights`; train it again for them: lthcheck export --train"
        )
    parts: dict[str, dict[str, Tensor]] = {"weights": {}, "buffers": {}}
    for name, tensor in state.items():
        part, _, own = name.partition("/")
        parts.setdefault(part, {})[own] = tensor
    order = zoo.roles(network)  # a file keeps no order
    start = _start(store, expression["start"])
    theta0 = {name: start[name].to(DTYPES[training["precision"]]) for name in order}
    mask = {name: mask[name] for name in order if name in mask}
    for name, tensors in (("theta0", theta0), ("mask", mask)):
        if protocol.digest(tensors) != result["digests"][name]:
            raise ValueError(f"run {key[:12]}: its {name} is not what it was trained with; was it made elsewhere?")
    return Ticket(network, result, theta0, mask, {name: parts["weights"][name] for name in order}, parts["buffers"])


def check_registered(result: Mapping[str, Any]) -> None:
    """Refuses a run of a network of the user's own that no file has registered.

    Raises:
        ValueError: with the remedy.
    """
    network = result["expression"]["network"]
    if network["fingerprint"] and not zoo.registered([network["name"]]):
        rule = "is a network of your own and must be registered"
        raise ValueError(f"model={network['name']!r} {rule}; name the file that does so with --import")


def save(ticket: Ticket, folder: Path, formats: Collection[str] = tuple(FORMATS)) -> list[Path]:
    """Writes a ticket; `ticket.json`, written last, says what the files are and how to load them.

    An earlier ticket in the folder goes; all other files stay.

    Args:
        formats: of `FORMATS`: "safetensors", "prune".

    Raises:
        ValueError: as `check_free`.
        OSError: the folder takes no files.
    """
    names = [name for which in formats for name in FORMATS[which]]
    check_free(folder, names)
    for name in _earlier(folder):
        (folder / name).unlink(missing_ok=True)
    content = {
        "theta0.safetensors": ticket.theta0,
        "mask.safetensors": ticket.mask,
        "weights.safetensors": ticket.state_dict,
        "prune.safetensors": ticket.prune_state_dict,
    }
    for name in names:
        atomic.write_bytes(folder / name, safetensors.torch.save(dict(content[name])))
    load = {"safetensors": _LOAD, "prune": _LOAD_PRUNE}
    result = ticket.result
    said = {
        "schema": SCHEMA,
        "run": result["key"],
        "network": ticket.network.name,
        "sparsity": ticket.sparsity,
        "accuracy": result["accuracy"],
        "params": result["params"],
        "params_dense": result["params_dense"],
        "layers": result["layers"],
        "files": {name: _CONTENT[name] for name in names},
        "load": {which: load[which].format(build=_build(ticket.network)).splitlines() for which in formats},
        "expression": result["expression"],
        "lthcheck": __version__,
        "torch": result["torch"],
    }
    atomic.write_bytes(folder / _SAID, (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode())
    return [folder / name for name in (*names, _SAID)]


def check_free(folder: Path, names: Collection[str]) -> None:
    """Refuses a folder in which something that is no ticket has a name that a ticket's file would take.

    Raises:
        ValueError: with the first such name.
    """
    ours = _earlier(folder)
    for name in (_SAID, *names):
        if name not in ours and os.path.lexists(folder / name):
            rule = "must not be there already, unless a ticket that lthcheck wrote holds it"
            raise ValueError(f"{folder / name} {rule}; move it, or name another folder")


def _earlier(folder: Path) -> list[str]:
    """The files of the ticket that is there, ticket.json first: without it, the others are none."""
    try:
        said = json.loads((folder / _SAID).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(said, dict) or said.get("schema") != SCHEMA:
        return []
    files = said.get("files")
    return [_SAID, *(name for name in _CONTENT if isinstance(files, dict) and name in files)]


def _build(network: Network) -> str:
    if network.fingerprint:
        arguments = f"shape={network.shape}, classes={network.classes}, width={network.width:g}"
        return f"module = ...  # your own, as {network.name!r} was registered, with {arguments}"
    return (
        "from lthcheck import zoo\nfrom lthcheck.run import Network\n\n"
        f"module = zoo.build({network!r})  # or one of yours with the same parameter names"
    )


def _start(store: Store, word: Mapping[str, Any]) -> Mapping[str, Tensor]:
    """The weights that a start stands for, from its description (`lthcheck.run.described`)."""
    if word["is"] == "Given":
        arrays = store.given(word["sha256"])
        if arrays is None:
            raise ValueError(
                f"theta_0 {word['sha256'][:12]} must be in the store; ask the study again with its --theta0"
            )
        return {name: torch.from_numpy(array) for name, array in arrays.items()}
    if word["is"] == "Weights":
        state = store.tensors(word["run"]["run"], f"step-{word['at']}")
        if state is None:
            raise ValueError(f"run {word['run']['run'][:12]}: its weights at step {word['at']} must be in the store")
        return {name.removeprefix("weights/"): tensor for name, tensor in state.items()}
    return initial(Network(**_plain(word["network"])), word["initialiser"], word["seed"], word["is"].lower())


def _plain(word: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a described word."""
    fields = {name: value for name, value in word.items() if name != "is"}
    return fields | {"options": tuple(tuple(option) for option in fields["options"])}
