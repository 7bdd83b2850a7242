"""A study: the question whether one network holds a ticket on one data set, and what the suite asks of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from lthcheck import given, recipes, zoo
from lthcheck.evidence import Arm, Row
from lthcheck.names import known
from lthcheck.protocol import RULES
from lthcheck.quantity import check_tuple, check_whole, count
from lthcheck.recipe import MOST_SEEDS, Recipe, rung
from lthcheck.verdict.looks import looks
from lthcheck.verdict.terms import Terms

METHODS: dict[str, str] = {
    "imp": "iterative magnitude pruning",
    "omp": "one-shot magnitude pruning",
    "snip": "pruning at initialisation by |w dL/dw| (Lee et al. 2019)",
    "given": "a mask of your own",
}
MOST_PARAMETERS = 10**9  # 4 GB a replica
MOST_EXTRA_LRS = 8  # of a grid that doubles, 256 times beyond its end
ON_A_RUNG = 1e-3  # a sparsity so close to a rung of the ladder is that rung


class Slot(NamedTuple):
    """The place of one training in the evidence. `epochs` tells the arms from the probes at twice their length."""

    arm: Arm
    method: str | None
    sparsity: float | None
    lr: float
    seed: int
    epochs: int


@dataclass(frozen=True)
class Question:
    """One thing that the suite asks of a study.

    Attributes:
        kind: a claim (a condition at one lr), the verdict on a method, or the integrity of a rule.
        condition: 1 to 5, of a claim; condition 1 has no lr.
        rule: of an integrity question (`lthcheck.protocol.RULES`).
    """

    kind: Literal["claim", "verdict", "integrity"]
    study: str
    method: str | None = None
    sparsity: float | None = None
    lr: float | None = None
    condition: int | None = None
    rule: str | None = None

    @property
    def id(self) -> str:
        """How pytest calls it."""
        parts = [self.study.replace(" on ", "-"), self.method, self.rule]
        parts.append(None if self.sparsity is None else f"s{self.sparsity:.8g}")
        parts.append(None if self.lr is None else f"lr{self.lr:.8g}")
        parts.append(None if self.condition is None else f"c{self.condition}")
        # pytest would write letters beyond ASCII as escapes, and the ids are looked up
        return slug("-".join(part for part in parts if part))


def slug(text: str) -> str:
    """The text in letters, digits and a few signs of ASCII."""
    return re.sub(r"[^\w.+-]", "_", text, flags=re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Study:
    """What is asked: a network, a data set, a recipe, and the methods that find masks.

    Attributes:
        preset: the name of the preset that it is, unchanged; None otherwise.
        device: "cpu" or "cuda".
        theta0: the user's own initial weights for dense and lt: a file as `lthcheck.given` reads it, or one for each
            replicate where "{seed}" stands in its name.
        mask: the user's own mask, likewise, of the method "given"; its layers are the prunable ones.
        extend_lr: lrs that may be added beyond the recipe's, outward, until every arm's best lies inside.
        until_decided: the most replicates; more than the recipe's are added until the verdict is decided.
        terms: how it is judged; what a study wants next may depend on its verdict so far. The looks of `until_decided`
            and, by the rule "confident", the lrs of `extend_lr` are part of them.
    """

    model: str
    dataset: str
    recipe: Recipe
    methods: tuple[str, ...] = ("imp", "omp")
    preset: str | None = None
    device: str = "cpu"
    theta0: str | None = None
    mask: str | None = None
    extend_lr: int = 0
    until_decided: int | None = None
    terms: Terms = field(default_factory=Terms)

    def __post_init__(self) -> None:
        for what in ("model", "dataset"):
            if not isinstance(getattr(self, what), str):
                raise TypeError(f"{what}={getattr(self, what)!r} must be a name, as text")
        if not isinstance(self.recipe, Recipe):
            raise TypeError(f"recipe={self.recipe!r} must be a Recipe; lthcheck.recipes.recipe gives one by its name")
        check_tuple("methods", self.methods, "('imp', 'omp')")
        zoo.check(self.model)
        for method in self.methods:
            known("method", method, METHODS)
        known("device", self.device, ("cpu", "cuda"))
        if self.recipe.precision == "tf32" and self.device != "cuda":
            rule = f"must go with the device cuda, but it is {self.device}"
            raise ValueError(f"precision={self.recipe.precision!r} {rule}; add device cuda, or leave it out")
        if not self.methods or len(set(self.methods)) < len(self.methods):
            raise ValueError(f"method={','.join(self.methods)!r} must name each of its methods once")
        if ("given" in self.methods) != (self.mask is not None) or ("given" in self.methods and len(self.methods) > 1):
            got = f"method={','.join(self.methods)!r}, mask={self.mask!r}"
            raise ValueError(f"{got}: a mask of your own goes with the method given, and with no other beside it")
        if self.mask is not None:
            if len({tuple(sorted((name, layer.shape) for name, layer in mask.items())) for mask in self.masks}) > 1:
                raise ValueError(f"mask={self.mask!r}: the masks of all replicates must be over the same layers")
            rates = {given.sparsity(mask) for mask in self.masks}
            if len(rates) > 1:
                raise ValueError(f"mask={self.mask!r}: all replicates must be of one sparsity, not {sorted(rates)}")
        if self.mask is None:
            self._refuse_one_rung_twice()
        check_whole("extend-lr", self.extend_lr, least=0, most=MOST_EXTRA_LRS)
        object.__setattr__(self, "terms", self._with_growth())

    def _with_growth(self) -> Terms:
        """The terms, in which growth that follows the evidence is paid for."""
        first, most = self.recipe.seeds, self.until_decided
        if most is None:
            seen = self.terms.looks
        else:
            if self.terms.rule != "confident":
                rule = "goes with the rule confident, since means alone never leave a verdict open; ask for that rule"
                raise ValueError(f"until-decided={most!r} {rule}, or leave it out")
            check_whole("until-decided", most, least=1, most=MOST_SEEDS)
            if most < first:
                rule = f"must be at least the {first} seeds that the study begins with"
                raise ValueError(f"until-decided={most} {rule}; allow more, or begin with fewer")
            seen = looks(first, most)
        paid = self.extend_lr > 0 and self.terms.rule == "confident"
        return replace(self.terms, looks=seen, most_lrs=len(self.recipe.lrs) + self.extend_lr if paid else 0)

    def _refuse_one_rung_twice(self) -> None:
        asked: dict[float, float] = {}
        for sparsity, moved in zip(self.recipe.sparsities, self.sparsities, strict=True):
            if moved in asked:
                both = f"{asked[moved]:g},{sparsity:g}"
                raise ValueError(f"sparsity={both} must not name one rung of the ladder, {moved:.5g}, twice; drop one")
            asked[moved] = sparsity

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.model} on {re.sub(r'.*/', '', self.dataset)}"

    @property
    def summary(self) -> str:
        """What is asked, in one line."""
        recipe = self.recipe
        lrs = ", ".join(f"{lr:g}" for lr in recipe.lrs)
        rates = ", ".join(f"{sparsity:.3g}" for sparsity in self.sparsities)
        lrs += f" and at most {count(self.extend_lr, 'lr')} beyond" if self.extend_lr else ""
        seeds = count(recipe.seeds, "seed") + (f", at most {self.most_seeds}" if self.most_seeds > recipe.seeds else "")
        length = f"{seeds}, " + (count(recipe.epochs, "epoch") if recipe.steps is None else f"{recipe.steps:,} steps")
        return f"{self.name}: {', '.join(self.methods)} at sparsity {rates}; lr {lrs}; {length}; recipe {recipe.name}"

    @property
    def grows(self) -> bool:
        """Whether lrs or seeds may be added."""
        return self.extend_lr > 0 or self.until_decided is not None

    @property
    def most_seeds(self) -> int:
        """Replicates that there may be in the end."""
        return self.recipe.seeds if self.until_decided is None else self.until_decided

    @cached_property
    def masks(self) -> tuple[given.Arrays, ...]:
        """The masks of the user's own, one for each replicate."""
        paths = [given.of_replicate(self.mask or "", seed) for seed in range(self.most_seeds)]
        return tuple(given.read_mask(path) for path in paths)

    @cached_property
    def sparsities(self) -> tuple[float, ...]:
        """The recipe's, each moved to the rung that it names; of a mask of the user's own, its own."""
        if self.mask is not None:
            return (given.sparsity(self.masks[0]),)
        return tuple(self.rounds(sparsity)[-1] for sparsity in self.recipe.sparsities)

    def rounds(self, sparsity: float) -> list[float]:
        """The sparsities after each round of IMP on the way to one; the last step is the shorter one off the ladder."""
        made: list[float] = []
        for k in range(1, 1000):
            here, further = rung(k, self.recipe.rate), rung(k + 1, self.recipe.rate)
            if abs(here - sparsity) <= min(ON_A_RUNG, abs(further - sparsity)):
                return [*made, here]
            if here > sparsity:
                return [*made, sparsity]
            made.append(here)
        raise ValueError(f"sparsity={sparsity:g} takes more than 1000 rounds of {self.recipe.rate:g}; ask for less")

    def questions(self) -> list[Question]:
        """All that the suite asks, in a fixed order."""
        asked = [Question("integrity", self.name, rule=rule) for rule in RULES]
        for method in self.methods:
            for sparsity in self.sparsities:
                asked.append(Question("claim", self.name, method, sparsity, condition=1))
                asked += [
                    Question("claim", self.name, method, sparsity, lr, condition)
                    for condition in (2, 3, 4, 5)
                    for lr in self.recipe.lrs
                ]
        return asked + [Question("verdict", self.name, method) for method in self.methods]

    def run(self, *, store: Path | str | None = None, data_dir: Path | None = None) -> list[Row]:
        """Trains what the study asks for and the store does not hold.

        Args:
            store: the folder that keeps results; without, one in the user's cache.

        Returns:
            The evidence, for `lthcheck.judge`. By the study's own terms, in which its growth is paid for, it is judged
            by `judge(rows, **vars(study.terms))`.

        Raises:
            ValueError: for a study that cannot be run, before anything is trained.
            ProtocolViolation: if a rule of the protocol was broken.
        """
        # the one look forward along the line: a question that can be asked where it is written down
        from lthcheck.execute.answer import answer
        from lthcheck.store import Store, default_root

        (found,), _ = answer({self: self.questions()}, Store(store or default_root()), data_dir=data_dir)
        for violation in found.violations:
            raise violation
        return found.rows

    def as_json(self, *, lrs: Iterable[float] | None = None, seeds: int | None = None) -> dict[str, Any]:
        """The study for the record.

        Args:
            lrs: those of the evidence, where the study has grown beyond its recipe's.
            seeds: likewise.
        """
        return {
            "name": self.name,
            "model": self.model,
            "dataset": self.dataset,
            "preset": self.preset,
            "methods": list(self.methods),
            "lrs": list(self.recipe.lrs if lrs is None else lrs),
            "sparsities": list(self.sparsities),
            "seeds": self.recipe.seeds if seeds is None else seeds,
            "epochs": self.recipe.epochs,
            "device": self.device,
            "theta0": self.theta0,
            "mask": self.mask,
            "extend_lr": self.extend_lr,
            "until_decided": self.until_decided,
            "terms": self.terms.as_json(),
            "recipe": asdict(self.recipe),
            "recipe_changes": recipes.changes(self.recipe, model=self.model, dataset=self.dataset),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Study:
        """The inverse of `as_json`; what an earlier version did not write is left at its default."""
        recipe: dict[str, Any] = {name: _frozen(each) for name, each in value["recipe"].items()}
        fields = {name: value[name] for name in ("model", "dataset", "preset", "device", "theta0", "mask")}
        fields |= {name: value[name] for name in ("extend_lr", "until_decided") if name in value}
        terms = Terms.from_json(value.get("terms", {}))
        return cls(recipe=Recipe(**recipe), methods=tuple(value["methods"]), terms=terms, **fields)


def _frozen(value: object) -> object:
    """Tuples for the lists that JSON made of them."""
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
