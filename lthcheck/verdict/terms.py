"""Terms: how evidence is to be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from string import digits
from typing import Any, Literal, get_args

from lthcheck.names import known
from lthcheck.quantity import check_real, check_tuple, check_whole

Rule = Literal["paper", "confident"]
Reading = Literal["joint", "literal"]
DELTAS = {"cifar10": 0.005, "cifar100": 0.01, "tinyimagenet": 0.01, "imagenet": 0.015}
DELTA = 0.005
GAMMA = 0.005


def default_delta(dataset: str | None) -> float:
    """The "similar" margin of a data set, a fraction: by its name in any spelling (`CIFAR-100`, `tiny_imagenet`).

    A subset, `cifar100-5000`, has that of the whole.

    >>> default_delta("CIFAR-100"), default_delta("cifar100-5000"), default_delta("mnist1d"), default_delta(None)
    (0.01, 0.01, 0.005, 0.005)
    """
    whole = (dataset or "").rstrip(digits).removesuffix("-")
    known = (DELTAS.get("".join(filter(str.isalnum, name)).lower()) for name in (dataset or "", whole))
    return next((delta for delta in known if delta), DELTA)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How evidence is to be judged.

    Attributes:
        rule: "paper" compares means with margins, "confident" asks what the seeds show at a stated error rate.
        reading: "joint" asks for one lr at which the conditions hold together, "literal" for one lr each.
        delta: the "similar" margin, a fraction; `default_delta` knows that of a data set.
        gamma: the "clear gap" margin, a fraction.
        assume_adequate: the user vouches for the recipe: condition 1 is s >= 0.60 alone.
        validation: lr and sparsity are chosen on a validation split, and the test split is read for what was chosen
            (rule "confident" alone).
        looks: the numbers of seeds at which the evidence is looked at, ascending, where it is looked at more than once
            (rule "confident" alone); each look is paid for.
        most_lrs: lrs that the grid may grow to because of what the evidence says; all are paid for.
        test_size: samples that accuracy is measured on; None where it is not known.

    Raises:
        ValueError: a margin is no fraction, or a name is not known.
    """

    rule: Rule = "paper"
    reading: Reading = "joint"
    delta: float = DELTA
    gamma: float = GAMMA
    assume_adequate: bool = False
    validation: bool = False
    looks: tuple[int, ...] = ()
    most_lrs: int = 0
    test_size: int | None = None

    def __post_init__(self) -> None:
        known("rule", self.rule, get_args(Rule))
        if self.reading not in get_args(Reading):
            raise ValueError(f"reading={self.reading!r} must be one of {', '.join(get_args(Reading))}")
        for name, margin in (("delta", self.delta), ("gamma", self.gamma)):
            rule = "must be a fraction in [0, 0.5); write 0.005 for 0.5 pt"
            check_real(name, margin, lambda value: 0 <= value < 0.5, rule)
        check_tuple("looks", self.looks, "(3, 5, 8)")
        if list(self.looks) != sorted({*self.looks}):
            raise ValueError(f"looks={self.looks} must be numbers of seeds in ascending order; sort them")
        check_whole("most_lrs", self.most_lrs, least=0, most=10**6)
        if self.test_size is not None:
            check_whole("test_size", self.test_size, least=1, most=10**12)
        if self.rule == "paper" and self.validation:
            rule = "goes with the rule confident, since the rule paper chooses as published"
            raise ValueError(f"validation=True {rule}; ask for that rule, or leave it out")

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self) | {"looks": list(self.looks)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Terms:
        """The inverse of `as_json`; what is missing is left at its default."""
        return cls(**{**value, "looks": tuple(value.get("looks", ()))})
