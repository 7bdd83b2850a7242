"""A study: the question whether one network holds a ticket on one data set, and the runs that answer it.

It is adaptive: `next` is asked again with the evidence so far, until it wants nothing more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from lthcheck import data, given, zoo
from lthcheck.evidence import Arm, Row
from lthcheck.grid import best_lr
from lthcheck.names import known
from lthcheck.protocol import RULES
from lthcheck.pruning.count import kept
from lthcheck.quantity import check_tuple
from lthcheck.recipe import Recipe, rung
from lthcheck.run import Data, Dense, Given, Init, Mask, Pruned, Reinit, Run, Score, Start

METHODS: dict[str, str] = {
    "imp": "iterative magnitude pruning",
    "omp": "one-shot magnitude pruning",
    "snip": "pruning at initialisation by |w dL/dw| (Lee et al. 2019)",
    "given": "a mask of your own",
}
MOST_PARAMETERS = 10**9  # 4 GB a replica
ON_A_RUNG = 1e-3  # a sparsity so close to a rung of the ladder is that rung


class Slot(NamedTuple):
    """The place of one training in the evidence. `epochs` tells the arms from the probe at twice their length."""

    arm: Arm
    method: str | None
    sparsity: float | None
    lr: float
    seed: int
    epochs: int


class Facts(Protocol):
    """What a study must know of its data set (`lthcheck.data.Info`)."""

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def classes(self) -> int: ...
    @property
    def train_size(self) -> int: ...


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
    """

    model: str
    dataset: str
    recipe: Recipe
    methods: tuple[str, ...] = ("imp", "omp")
    preset: str | None = None
    device: str = "cpu"
    theta0: str | None = None
    mask: str | None = None

    def __post_init__(self) -> None:
        for field in ("model", "dataset"):
            if not isinstance(getattr(self, field), str):
                raise TypeError(f"{field}={getattr(self, field)!r} must be a name, as text")
        if not isinstance(self.recipe, Recipe):
            raise TypeError(f"recipe={self.recipe!r} must be a Recipe; lthcheck.recipe.recipe gives one by its name")
        check_tuple("methods", self.methods, "('imp', 'omp')")
        zoo.check(self.model)
        for method in self.methods:
            known("method", method, METHODS)
        known("device", self.device, ("cpu", "cuda"))
        if not self.methods or len(set(self.methods)) < len(self.methods):
            raise ValueError(f"method={','.join(self.methods)!r} must name each of its methods once")
        if ("given" in self.methods) != (self.mask is not None) or ("given" in self.methods and len(self.methods) > 1):
            got = f"method={','.join(self.methods)!r}, mask={self.mask!r}"
            raise ValueError(f"{got}: a mask of your own goes with the method given, and with no other beside it")
        if self.mask is not None:
            rates = {given.sparsity(mask) for mask in self.masks}
            if len(rates) > 1:
                raise ValueError(f"mask={self.mask!r}: all replicates must be of one sparsity, not {sorted(rates)}")
        if self.mask is None:
            self._refuse_one_rung_twice()

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
        lrs, rates = (", ".join(f"{value:.3g}" for value in values) for values in (recipe.lrs, self.sparsities))
        length = f"{recipe.seeds} seeds, {recipe.epochs} epochs"
        return f"{self.name}: {', '.join(self.methods)} at sparsity {rates}; lr {lrs}; {length}; recipe {recipe.name}"

    @cached_property
    def masks(self) -> tuple[given.Arrays, ...]:
        """The masks of the user's own, one for each replicate."""
        paths = [given.of_replicate(self.mask or "", seed) for seed in range(self.recipe.seeds)]
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
            The evidence, for `lthcheck.judge`.

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

    def as_json(self) -> dict[str, Any]:
        """The study for the record."""
        return {
            "name": self.name,
            "model": self.model,
            "dataset": self.dataset,
            "preset": self.preset,
            "methods": list(self.methods),
            "lrs": list(self.recipe.lrs),
            "sparsities": list(self.sparsities),
            "seeds": self.recipe.seeds,
            "epochs": self.recipe.epochs,
            "device": self.device,
            "theta0": self.theta0,
            "mask": self.mask,
            "recipe": asdict(self.recipe),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Study:
        """The inverse of `as_json`."""
        recipe: dict[str, Any] = {
            name: tuple(each) if isinstance(each, list) else each for name, each in value["recipe"].items()
        }
        fields = {name: value[name] for name in ("model", "dataset", "preset", "device", "theta0", "mask")}
        return cls(recipe=Recipe(**recipe), methods=tuple(value["methods"]), **fields)


class Arms:
    """The runs of a study, as expressions over a data set that is there."""

    def __init__(self, study: Study, facts: Facts) -> None:
        self.study, self.recipe = study, study.recipe
        self.network = zoo.network(study.model, facts.shape, facts.classes)
        self.data = Data(data.word(facts.name), facts.fingerprint)
        size = sum(zoo.parameter_counts(self.network).values())
        if size > MOST_PARAMETERS:
            rule = f"must have at most {MOST_PARAMETERS:,} parameters, but has {size:,}"
            raise ValueError(f"model={study.model!r} {rule}; name a smaller one")
        self.initialiser = "own" if self.network.fingerprint else self.recipe.initialiser
        if self.recipe.batch > facts.train_size:
            rule = f"must not exceed the {facts.train_size} training samples of {facts.name}"
            raise ValueError(f"batch={self.recipe.batch} {rule}; give more data, or a recipe with smaller batches")
        if not set(self.recipe.roles) & set(zoo.roles(self.network).values()):
            roles, has = ", ".join(self.recipe.roles), ", ".join(sorted(set(zoo.roles(self.network).values())))
            raise ValueError(f"roles={roles} must name weights of {study.model}, which has {has}; name one of these")
        for asked, sparsity in () if study.mask else zip(self.recipe.sparsities, study.sparsities, strict=True):
            for total in self._groups():
                if not kept(total, sparsity):
                    rule = f"must keep at least one weight, but keeps 0 of {total} in {study.model}"
                    raise ValueError(f"sparsity={asked:.12g} {rule}; ask for less")
        keeps = facts.train_size % self.recipe.batch > 0 and self.recipe.last_batch == "keep"
        self.steps_per_epoch = facts.train_size // self.recipe.batch + keeps
        if self.network.fingerprint:
            from lthcheck.zoo.trial import trial

            smallest = facts.train_size % self.recipe.batch if keeps else self.recipe.batch
            trial(self.network, min(2, smallest))
        self._made: dict[Slot, Run | None] = {}
        self.given: dict[str, given.Arrays] = {}  # by sha256, what the runs name
        shapes, seeds = zoo.shapes(self.network), range(self.recipe.seeds)
        self._masks = [self._given(f"mask={study.mask!r}", mask, shapes) for mask in study.masks] if study.mask else []
        self._theta0 = [
            self._given(f"theta0={study.theta0!r}", given.read_theta0(given.of_replicate(study.theta0, seed)), shapes)
            for seed in seeds
            if study.theta0
        ]

    def _given(self, what: str, arrays: given.Arrays, shapes: Mapping[str, tuple[int, ...]]) -> Given:
        given.fit(what, arrays, shapes, whole=what.startswith("theta0"))
        word = Given(given.digest(arrays))
        self.given[word.sha256] = arrays
        return word

    @property
    def made(self) -> dict[Slot, Run]:
        """Every training asked for so far, the rounds of IMP on the way to it included."""
        return {slot: run for slot, run in self._made.items() if run is not None}

    def run(self, slot: Slot) -> Run | None:
        """The training in a slot; None for the SDT of a network that has no width to choose."""
        if slot not in self._made:
            self._made[slot] = self._run(slot)
        return self._made[slot]

    def _run(self, slot: Slot) -> Run | None:
        stretch = slot.epochs // self.recipe.epochs
        training = self.recipe.training(slot.lr, self.steps_per_epoch, stretch=stretch, device=self.study.device)
        init: Start = Init(self.network, self.initialiser, slot.seed)
        if self._theta0:
            init = self._theta0[slot.seed]
        if slot.arm == "dense":
            return Run(self.network, self.data, training, init, Dense(), slot.seed)
        assert slot.sparsity is not None
        if slot.arm == "sdt":
            small = zoo.narrower(self.network, self.ticket_size(slot.sparsity))
            if small is None:
                return None
            return Run(small, self.data, training, Init(small, self.initialiser, slot.seed), Dense(), slot.seed)
        if slot.arm == "rr":
            lt = self.run(slot._replace(arm="lt"))
            assert lt is not None
            reinit = Reinit(self.network, self.initialiser, slot.seed)
            return Run(self.network, self.data, training, reinit, lt.mask, slot.seed)
        return Run(self.network, self.data, training, init, self._mask(slot, init), slot.seed)

    def _mask(self, slot: Slot, init: Start) -> Mask:
        """The mask of a ticket."""
        assert slot.sparsity is not None
        if slot.method == "given":
            return self._masks[slot.seed]
        if slot.method == "snip":
            score = Score("snip", self.data, slot.seed)
            return Pruned(init, slot.sparsity, score, self.recipe.scope, self.recipe.roles)
        return Pruned(self._before(slot), slot.sparsity, scope=self.recipe.scope, roles=self.recipe.roles)

    def _before(self, slot: Slot) -> Run:
        """The training whose weights a mask is taken from: of the round before, or the dense one."""
        before = self.rounds_before(slot)
        of = self.run(before[-1] if before else slot._replace(arm="dense", method=None, sparsity=None))
        assert of is not None
        return of

    def rounds_before(self, slot: Slot) -> list[Slot]:
        """The rounds of IMP that lead to a ticket; no rows of the evidence, unless their sparsities are asked for."""
        if slot.arm != "lt" or slot.method != "imp" or slot.sparsity is None:
            return []
        return [slot._replace(sparsity=sparsity) for sparsity in self.study.rounds(slot.sparsity)[:-1]]

    def ticket_size(self, sparsity: float) -> int:
        """Parameters of a ticket that are not pruned, over the whole network."""
        size = sum(zoo.parameter_counts(self.network).values())
        if self.study.mask:
            return size - sum(int((~layer).sum()) for layer in self.study.masks[0].values())
        groups = self._groups()
        return size - sum(groups) + sum(kept(total, sparsity) for total in groups)

    def _groups(self) -> list[int]:
        """How many prunable weights there are in each group that is ranked on its own."""
        counts, roles = zoo.parameter_counts(self.network), zoo.roles(self.network)
        prunable = [counts[name] for name, role in roles.items() if role in self.recipe.roles]
        return prunable if self.recipe.scope == "layer" else [sum(prunable)]

    def slots(self, question: Question) -> Iterator[Slot]:
        """The trainings that a question needs, before any of them is known."""
        study = self.study
        if question.kind == "claim" and question.condition != 1:
            yield from self._claim(question)
        elif question.kind == "claim":
            yield from self._grid("dense", None, None)
        else:
            methods = [question.method] if question.method else study.methods
            yield from self._grid("dense", None, None)
            for sparsity in study.sparsities:
                for method in methods:
                    yield from self._grid("lt", method, sparsity)
                    yield from self._grid("rr", method, sparsity)
                yield from self._grid("sdt", None, sparsity)

    def _claim(self, question: Question) -> Iterator[Slot]:
        method, sparsity, lr = question.method, question.sparsity, question.lr
        assert lr is not None
        yield from self._grid("lt", method, sparsity, [lr])
        match question.condition:
            case 2:
                yield from self._grid("sdt", None, sparsity)
            case 3:
                yield from self._grid("rr", method, sparsity)
            case 4:
                yield from self._grid("dense", None, None, [lr])
            case 5:
                yield from self._grid("dense", None, None)

    def _grid(
        self, arm: Arm, method: str | None, sparsity: float | None, lrs: Iterable[float] | None = None
    ) -> Iterator[Slot]:
        for lr in self.recipe.lrs if lrs is None else lrs:
            for seed in range(self.recipe.seeds):
                yield Slot(arm, method, sparsity, lr, seed, self.recipe.epochs)

    def next(self, questions: Iterable[Question], accuracy: Mapping[Slot, float]) -> dict[Slot, Run]:
        """The trainings that the questions need and the evidence does not hold.

        Args:
            accuracy: what is known so far.
        """
        asked = list(questions)
        wanted = dict.fromkeys(slot for question in asked for slot in self.slots(question))
        if any(question.kind != "claim" or question.condition == 1 for question in asked):
            wanted |= dict.fromkeys(self.probe(accuracy))
        runs = {slot: self.run(slot) for slot in wanted if slot not in accuracy}
        return {slot: run for slot, run in runs.items() if run is not None}

    def probe(self, accuracy: Mapping[Slot, float]) -> list[Slot]:
        """The dense network at its best lr for twice as long (DESIGN: an adequate recipe), once that lr is known."""
        means: dict[float, float] = {}
        for lr in self.recipe.lrs:
            of_lr = [accuracy.get(slot) for slot in self._grid("dense", None, None, [lr])]
            if None in of_lr:
                return []
            means[lr] = math.fsum(value for value in of_lr if value is not None) / len(of_lr)
        best = best_lr(means)
        return [slot._replace(epochs=2 * self.recipe.epochs) for slot in self._grid("dense", None, None, [best])]
