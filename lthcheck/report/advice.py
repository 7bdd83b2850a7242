"""Advice in words: a pure function of its JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import fill
from typing import Any

from lthcheck.quantity import count
from lthcheck.report.forecast import cost_text
from lthcheck.report.words import PRIZES, rate

WIDTH, INDENT = 110, 14


def advice_text(record: Mapping[str, Any], *, calibrated: bool = True) -> str:
    """What to try first and why, what that would cost, and the command, for the terminal."""
    suggestion, study = record["suggestion"], record["forecast"]["study"]
    values = {
        "method": ", ".join(suggestion["methods"]),
        "lr": ", ".join(f"{lr:.4g}" for lr in suggestion["lrs"]),
        "sparsity": ", ".join(rate(sparsity) for sparsity in suggestion["sparsities"]),
        "epochs": f"{suggestion['epochs']}, by recipe {study['recipe']['name']}",
        "seeds": str(suggestion["seeds"]),
    }
    head = "what to try first" if suggestion["new"] else "nothing new is promising; the nearest again"
    blocks = [
        f"{study['name']}: {head}",
        "\n".join([*_item("network", [_network(record["subject"])]), *_item("data", [_data(record["subject"])])]),
        "\n".join(_item("in the store", _store(record["store"]))),
        "\n".join(line for name, value in values.items() for line in _part(name, value, suggestion["reasons"][name])),
        "\n".join([*_item("expect", [_said(suggestion["outlook"])]), *_item("limits", suggestion["limits"])]),
        cost_text(record["forecast"], calibrated=calibrated),
        record["command"],
    ]
    return "\n\n".join(blocks)


def _network(subject: Mapping[str, Any]) -> str:
    kind = {True: "with residual connections", False: "without residual connections", None: "a network of your own"}
    perceptron = " (a multilayer perceptron)" if subject["mlp"] else ""
    return f"{subject['parameters']:,} parameters, {kind[subject['residual']]}{perceptron}"


def _data(subject: Mapping[str, Any]) -> str:
    scale = {
        "small": "small, as CIFAR",
        "large": "large, as Tiny-ImageNet",
        "between": "neither as small as CIFAR nor as large as Tiny-ImageNet",
    }
    shape = " x ".join(map(str, subject["shape"]))
    return f"{subject['train_size']:,} training samples of {shape}, {subject['classes']} classes: " + (
        f"{scale[subject['scale']]}; {subject['redundancy']:.3g} parameters a sample"
    )


def _store(records: Iterable[Mapping[str, Any]]) -> list[str]:
    return [_study(record) for record in records] or ["no study of this network and data on record"]


def _study(record: Mapping[str, Any]) -> str:
    preset = f" ({record['preset']})" if record["preset"] else ""
    lrs = ", ".join(f"{lr:.4g}" for lr in record["lrs"])
    length = (
        f"{count(record['epochs'], 'epoch')}, lr {lrs}, {count(record['seeds'], 'seed')}, recipe {record['recipe']}"
    )
    cells = ", ".join(f"{method} {rate(sparsity)} {verdict}" for method, sparsity, verdict in record["cells"])
    said = f"{PRIZES[record['verdict']].lower()} ({cells or 'no ticket trained yet'})"
    missing = f"; {count(record['missing'], 'result')} missing" if record["missing"] else ""
    other = "" if record["alike"] else f"; trained otherwise (on {record['device']}), so nothing is taken from it"
    return f"{record['id'][:8]}{preset}: {length}: {said}; {record['adequacy']}{missing}{other}"


def _part(name: str, value: str, reasons: Iterable[Mapping[str, str]]) -> list[str]:
    return [f"{name:<{INDENT}}{value}", *(line for reason in reasons for line in _item("", [_said(reason)]))]


def _said(reason: Mapping[str, str]) -> str:
    return f"{reason['text']} [{reason['source']}]"


def _item(name: str, texts: Iterable[str]) -> list[str]:
    """Each text as a paragraph beside the name."""
    heads = [name]
    return [
        fill(text, WIDTH, initial_indent=f"{heads.pop() if heads else '':<{INDENT}}", subsequent_indent=" " * INDENT)
        for text in texts
    ]
