"""Reasons: why something is suggested, and on whose word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from lthcheck.advice.subject import Subject

PAPER, STORE, OWN = "Ma et al. 2021, sec. 3.2", "the store", "lthcheck's own choice"


@dataclass(frozen=True)
class Reason:
    """Why something is suggested, and on whose word."""

    text: str
    source: str


class Part(NamedTuple):
    """One part of a suggestion."""

    value: Any
    reasons: tuple[Reason, ...]


def doubt(subject: Subject) -> str:
    """What is not known of a network and data set that the guideline depends on."""
    if subject.residual is None:
        return "whether the network has residual connections is not known"
    return "the data is neither as small as CIFAR nor as large as Tiny-ImageNet"
