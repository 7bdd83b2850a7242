"""The arms of a study: its runs, as expressions over a data set that is there.

A study is adaptive (`lthcheck.sequel`): `next` is asked again with the evidence so far, until it wants nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Protocol

from lthcheck import data, given, sequel, zoo
from lthcheck.data.images import augmentable
from lthcheck.evidence import Arm, Row
from lthcheck.pruning.count import by_layer, kept
from lthcheck.run import Data, Dense, Given, Init, Mask, Network, Pruned, Reinit, Role, Run, Score, Start
from lthcheck.steps import steps_per_epoch
from lthcheck.study import MOST_PARAMETERS, Question, Slot, Study


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
    @property
    def test_size(self) -> int: ...


class Arms:
    """The runs of a study, as expressions over a data set that is there."""

    def __init__(self, study: Study, facts: Facts) -> None:
        self.study, self.recipe, self.test_size = study, study.recipe, facts.test_size
        self.network = zoo.network(study.model, facts.shape, facts.classes)
        self.data = Data(data.word(facts.name), facts.fingerprint, augmentation=self.recipe.augmentation)
        size = sum(zoo.parameter_counts(self.network).values())
        if size > MOST_PARAMETERS:
            rule = f"must have at most {MOST_PARAMETERS:,} parameters, but has {size:,}"
            raise ValueError(f"model={study.model!r} {rule}; name a smaller one")
        self.initialiser = "own" if self.network.fingerprint else self.recipe.initialiser
        if self.recipe.batch > facts.train_size:
            rule = f"must not exceed the {facts.train_size} training samples of {facts.name}"
            raise ValueError(f"batch={self.recipe.batch} {rule}; give more data, or take smaller batches")
        augmentable(self.recipe.augmentation, facts.shape, facts.name)
        if not set(self.recipe.roles) & set(zoo.roles(self.network).values()):
            roles, has = ", ".join(self.recipe.roles), ", ".join(sorted(set(zoo.roles(self.network).values())))
            raise ValueError(f"roles={roles} must name weights of {study.model}, which has {has}; name one of these")
        for asked, sparsity in () if study.mask else zip(self.recipe.sparsities, study.sparsities, strict=True):
            for total, stay in self._groups(sparsity):
                if not stay:
                    rule = f"must keep at least one weight, but keeps 0 of {total} in {study.model}"
                    raise ValueError(f"sparsity={asked:.12g} {rule}; ask for less")
        self.steps_per_epoch = steps_per_epoch(facts.train_size, self.recipe.batch, self.recipe.last_batch)
        if self.recipe.steps is not None:
            self.recipe = self.recipe.on(self.steps_per_epoch)
            self.study = study = replace(study, recipe=self.recipe)
        if self.network.fingerprint:
            from lthcheck.zoo.trial import trial

            left = facts.train_size % self.recipe.batch if self.recipe.last_batch == "keep" else 0
            smallest = left or self.recipe.batch
            trial(self.network, min(2, smallest))
        self._made: dict[Slot, Run | None] = {}
        # words that many runs share are made once, and so are their keys
        self._training = cache(partial(self.recipe.training, steps_per_epoch=self.steps_per_epoch, device=study.device))
        self._drawn = cache(partial(_drawn, self.initialiser))
        self._score = Score(self.recipe.score)
        self._small = cache(lambda sparsity: zoo.narrower(self.network, self.ticket_size(sparsity)))
        self.given: dict[str, given.Arrays] = {}  # by sha256, what the runs name
        shapes, seeds = zoo.shapes(self.network), range(study.most_seeds)
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
        training = self._training(slot.lr, stretch=stretch)
        init: Start = self._drawn(Init, self.network, slot.seed)
        if self._theta0:
            init = self._theta0[slot.seed]
        if slot.arm == "dense":
            return Run(self.network, self.data, training, init, Dense(), slot.seed)
        assert slot.sparsity is not None
        if slot.arm == "sdt":
            small = self._small(slot.sparsity)
            if small is None:
                return None
            return Run(small, self.data, training, self._drawn(Init, small, slot.seed), Dense(), slot.seed)
        if slot.arm == "rr":
            lt = self.run(slot._replace(arm="lt", epochs=self.recipe.epochs))  # a probe has the mask of its ticket too
            assert lt is not None
            reinit = self._drawn(Reinit, self.network, slot.seed)
            return Run(self.network, self.data, training, reinit, lt.mask, slot.seed)
        return Run(self.network, self.data, training, init, self._mask(slot, init), slot.seed)

    def _mask(self, slot: Slot, init: Start) -> Mask:
        """The mask of a ticket."""
        assert slot.sparsity is not None
        if slot.method == "given":
            return self._masks[slot.seed]
        if slot.method == "snip":
            score = Score("snip", replace(self.data, augmentation="none"), slot.seed)
            of: Run | Start = init
        else:
            of, score = self._before(slot), self._score
        return Pruned(of, slot.sparsity, score, self.recipe.scope, self.recipe.roles, rates=self._rates)

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
        pairs = self._groups(sparsity)
        groups, stay = [total for total, _ in pairs], [left for _, left in pairs]
        return size - sum(groups) + sum(stay)

    def _groups(self, sparsity: float) -> list[tuple[int, int]]:
        """How many prunable weights there are in each group that is ranked on its own, and how many of them stay."""
        sizes, roles = zoo.parameter_counts(self.network), zoo.roles(self.network)
        prunable = {name: sizes[name] for name, role in roles.items() if role in self.recipe.roles}
        if self.recipe.scope == "global":
            total = sum(prunable.values())
            return [(total, kept(total, sparsity))]
        rates = dict(self._rates)
        own = {name: rates[roles[name]] for name in prunable} if rates else {}
        stay = by_layer(prunable, sparsity, own)
        return [(total, stay[name]) for name, total in prunable.items()]

    @property
    def _rates(self) -> tuple[tuple[Role, float], ...]:
        """What a round takes, of every prunable role, where roles differ."""
        named = dict(self.recipe.rates)
        return tuple((role, named.get(role, self.recipe.rate)) for role in self.recipe.roles) if named else ()

    def slots(self, question: Question) -> Iterator[Slot]:
        """The trainings that a question needs, before any of them is known."""
        study = self.study
        if question.kind == "claim" and question.condition != 1:
            yield from self._claim(question)
        elif question.kind == "claim":
            yield from self._grid("dense", None, None)
        else:
            methods = [question.method] if question.method else study.methods
            for place in sequel.places(study, methods):
                yield from self._grid(*place)

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
        return iter(sequel.grid(self.study, (arm, method, sparsity), lrs or self.recipe.lrs, self.recipe.seeds))

    def next(self, questions: Iterable[Question], known: Mapping[Slot, Row]) -> dict[Slot, Run]:
        """The trainings that the questions need and the evidence does not hold.

        Args:
            known: the evidence so far.
        """
        asked = list(questions)
        wanted = [slot for question in asked if question.kind == "claim" for slot in self.slots(question)]
        if methods := self._judged(asked):
            *_, last = self.course(known, methods)
            wanted += last.slots
        elif any(question.condition == 1 for question in asked):
            wanted += sequel.dense_probe(self.study, sequel.first(self.study), known)
        runs = {slot: self.run(slot) for slot in dict.fromkeys(wanted) if slot not in known}
        return {slot: run for slot, run in runs.items() if run is not None}

    def course(self, known: Mapping[Slot, Row], methods: Sequence[str] | None = None) -> list[sequel.Asked]:
        """The stages that the study goes through (`lthcheck.sequel.course`), of all methods where none are named."""

        def exists(slot: Slot) -> bool:
            return self.run(slot) is not None

        return list(sequel.course(self.study, methods or self.study.methods, known, exists, self.test_size))

    def _judged(self, asked: Iterable[Question]) -> list[str]:
        """The methods that are asked about as a whole; all are where the study grows, since its arms grow together."""
        whole = [question.method for question in asked if question.kind != "claim"]
        if whole and (None in whole or self.study.grows):
            return list(self.study.methods)
        return [method for method in self.study.methods if method in whole]


def _drawn(initialiser: str, word: type[Init] | type[Reinit], network: Network, seed: int) -> Init | Reinit:
    return word(network, initialiser, seed)
