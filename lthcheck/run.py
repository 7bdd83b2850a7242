"""The algebra: a training run is a value, and every experiment of the field an expression.

>>> net = Network("mlp-300-100", shape=(40,), classes=10)
>>> data = Data("mnist1d", fingerprint="...")
>>> r = Training(lr=0.1, batch=100, steps=3200)
>>> dense = Run(net, data, r, Init(net, "pytorch", seed=0), Dense(), seed=0)
>>> lt_omp = Run(net, data, r, Init(net, "pytorch", seed=0), Pruned(dense, sparsity=0.8), seed=0)
>>> rr_omp = Run(net, data, r, Reinit(net, "pytorch", seed=0), lt_omp.mask, seed=0)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from lthcheck.expression import Expression, Value, later
from lthcheck.names import known

# Raise it when the same expression would train to other bits; tests/training/test_golden.py forces you to.
TRAINER_VERSION = 1

Role = Literal["first_conv", "conv", "shortcut", "linear", "classifier", "norm", "bias"]


@dataclass(frozen=True, eq=False)
class Network(Expression):
    """A network by name.

    Attributes:
        name: as `lthcheck.zoo` knows it, e.g. "mlp-300-100", "resnet20".
        shape: of one input, without the batch, e.g. (40,) or (3, 32, 32).
        classes: number of outputs.
        width: factor on the hidden units or channels; the narrow network of the SDT arm has width < 1.
        options: further choices by name, e.g. (("shortcut", "pad"),).
        fingerprint: of the user's own code, for networks that are not lthcheck's.
    """

    name: str
    shape: tuple[int, ...]
    classes: int
    width: float = 1.0
    options: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True, eq=False)
class Data(Expression):
    """A data set by name and content.

    Attributes:
        name: "mnist1d", ..., or "own" for data of the user's own, which may move.
        fingerprint: sha256 of the arrays.
        split: the part that accuracy is measured on.
        augmentation: of training images, by name.
        corruption: fraction of training labels replaced by random ones (`corruption_seed` says which).
    """

    name: str
    fingerprint: str
    split: str = "test"
    augmentation: str = "none"
    corruption: float = 0.0
    corruption_seed: int = 0


@dataclass(frozen=True, eq=False)
class Objective(Value):
    """What is minimised: a loss and its regulariser ("none", "admm", "l1_bn") of a given strength.

    Attributes:
        label_smoothing: the part of each label that is spread evenly over all classes (Szegedy et al. 2016, sec. 7).
    """

    loss: str = "cross_entropy"
    regulariser: str = "none"
    strength: float = 0.0
    label_smoothing: float = later(0.0)


@dataclass(frozen=True, eq=False)
class Optimiser(Value):
    """SGD with momentum, or Adam with `betas` and `eps`; weight decay is added to the gradient (L2) in both."""

    name: Literal["sgd", "adam"] = "sgd"
    momentum: float = 0.9
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8


@dataclass(frozen=True, eq=False)
class Schedule(Value):
    """The factor on the learning rate by step.

    Attributes:
        name: "constant"; "step", times `factor` from each of `milestones` (steps) on; "cosine", to zero at the end.
        warmup: steps over which the factor first rises linearly, from 1/warmup to 1.
    """

    name: Literal["constant", "step", "cosine"] = "constant"
    milestones: tuple[int, ...] = ()
    factor: float = 0.1
    warmup: int = 0

    def __post_init__(self) -> None:
        known("schedule", self.name, ("constant", "step", "cosine"))
        object.__setattr__(self, "milestones", tuple(sorted(self.milestones)))
        super().__post_init__()


@dataclass(frozen=True, eq=False)
class Training(Expression):
    """How a run is trained.

    Attributes:
        batch: samples a step.
        steps: where the training ends; the schedule is laid out over [0, steps).
        first_step: where it begins, other than 0 for weight rewinding ("r from step k").
        last_batch: the partial batch at the end of an epoch is kept or dropped.
        trains: the weights, or scores of a mask over fixed weights.
        precision: number format of the training; "bfloat16" computes in it, with weights, normalisation and loss in
            float32, "tf32" is float32 whose products a GPU may round to 10 bits.
        device: "cpu" or "cuda": their bits differ, so their keys do.
        threads: a CPU run of convolutions trains with; part of the key, since it changes the last bits.
    """

    lr: float
    batch: int
    steps: int
    optimiser: Optimiser = field(default_factory=Optimiser)
    schedule: Schedule = field(default_factory=Schedule)
    objective: Objective = field(default_factory=Objective)
    trains: Literal["weights", "scores"] = "weights"
    first_step: int = 0
    last_batch: Literal["drop", "keep"] = "drop"
    precision: Literal["float32", "float64", "bfloat16", "tf32"] = "float32"
    device: Literal["cpu", "cuda"] = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.lr > 0:
            raise ValueError(f"lr={self.lr} must be above 0; try 0.1")
        if self.batch < 1:
            raise ValueError(f"batch={self.batch} must be at least 1; try 100")
        if not 0 <= self.first_step <= self.steps:
            raise ValueError(
                f"first_step={self.first_step} must be in [0, steps={self.steps}]; rewind to an earlier step"
            )

    def starting_at(self, step: int) -> Training:
        """The same training from a later step of its schedule on."""
        return replace(self, first_step=step)


# Starts: where the weights come from.


@dataclass(frozen=True, eq=False)
class Init(Expression):
    """theta_0: the network's own initial weights, drawn by a named initialiser."""

    network: Network
    initialiser: str
    seed: int


@dataclass(frozen=True, eq=False)
class Reinit(Expression):
    """theta_0': drawn as `Init` is, from a stream independent of it."""

    network: Network
    initialiser: str
    seed: int


@dataclass(frozen=True, eq=False)
class Weights(Expression):
    """The weights of a run at a step: rewinding, late resetting, fine-tuning. `at="end"` is its last step."""

    run: Run
    at: int | Literal["end"] = "end"

    def __post_init__(self) -> None:
        super().__post_init__()
        training = self.run.training
        step = training.steps if self.at == "end" else self.at
        if step != int(step) or not training.first_step <= step <= training.steps:
            span = f"[{training.first_step}, {training.steps}]"
            raise ValueError(f"Weights(at={self.at}) must be a step of the run, in {span}; its last is at='end'")
        object.__setattr__(self, "at", int(step))

    @property
    def step(self) -> int:
        """`at` as a number."""
        assert isinstance(self.at, int)
        return self.at


@dataclass(frozen=True, eq=False)
class Perturbed(Expression):
    """A start with its signs, magnitudes or order changed: `how` is "signs", "magnitudes", "shuffle" or "noise"."""

    start: Start
    how: Literal["signs", "magnitudes", "shuffle", "noise"]
    seed: int
    amount: float = 1.0


@dataclass(frozen=True, eq=False)
class Transferred(Expression):
    """A start moved to a network with another head, which is drawn anew."""

    start: Start
    network: Network
    initialiser: str
    seed: int


@dataclass(frozen=True, eq=False)
class Given(Expression):
    """The user's own weights or mask, by the sha256 of their content."""

    sha256: str
    pruned_value: Literal["zero", "initial"] = "zero"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ValueError(
                f"sha256={self.sha256!r} must be 64 hex digits; hashlib.sha256(...).hexdigest() gives them"
            )


Start = Init | Reinit | Weights | Perturbed | Transferred | Given


# Masks: which weights stay.


@dataclass(frozen=True, eq=False)
class Dense(Expression):
    """Every weight stays."""


@dataclass(frozen=True, eq=False)
class Score(Value):
    """What ranks weights: "magnitude", "lamp", "snip", "synflow", "random"; some name the data and seed they need."""

    name: str = "magnitude"
    data: Data | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Pruned(Expression):
    """The weights that score highest stay; those pruned in `of` stay pruned.

    Attributes:
        of: a run (its final weights and its mask) or a start.
        sparsity: fraction of the prunable weights that are gone afterwards, in [0, 1): of n, `round((1 - s) n)` stay.
            It is absolute, so that a round of IMP and a one-shot mask at one rung have equal counts.
        scope: rank all layers together ("global"), or each alone ("layer").
        roles: the prunable roles.
        pruned_value: what stands in a pruned weight's place: zero, or its value in the start.
        rates: by role, what a round of pruning takes of what remains, where roles differ; `sparsity` stays that of all
            prunable weights together, and the layers share in it as after so many rounds (`lthcheck.pruning.count`).
    """

    of: Run | Start
    sparsity: float
    score: Score = field(default_factory=Score)
    scope: Literal["global", "layer"] = "global"
    roles: tuple[Role, ...] = ("conv", "shortcut", "linear")
    pruned_value: Literal["zero", "initial"] = "zero"
    rates: tuple[tuple[Role, float], ...] = later(())

    def __post_init__(self) -> None:
        object.__setattr__(self, "roles", tuple(sorted(set(self.roles))))
        object.__setattr__(self, "rates", tuple(sorted((role, float(rate)) for role, rate in self.rates)))
        super().__post_init__()
        if not 0 <= self.sparsity < 1:
            raise ValueError(f"sparsity={self.sparsity} must be in [0, 1); write 0.9 for 90 %")


@dataclass(frozen=True, eq=False)
class Permuted(Expression):
    """A mask whose places are shuffled within each layer, or over all layers (counts a layer are free then)."""

    mask: Mask
    within: Literal["layer", "network"]
    seed: int

    @property
    def pruned_value(self) -> Literal["zero", "initial"]:
        """As in the mask that is permuted."""
        return "zero" if isinstance(self.mask, Dense) else self.mask.pruned_value


Mask = Dense | Pruned | Permuted | Given


@dataclass(frozen=True, eq=False)
class Run(Expression):
    """One training, from a start and a mask to the accuracy at its last step. `seed` draws order and augmentation."""

    network: Network
    data: Data
    training: Training
    start: Start
    mask: Mask
    seed: int

    def __post_init__(self) -> None:
        super().__post_init__()
        own = network_of(self.start)
        if own is not None and own != self.network:
            raise ValueError(
                f"the start is of {own.name} (width {own.width:g}), the run of {self.network.name} "
                f"(width {self.network.width:g}); a start must be of the run's network: use Transferred"
            )
        _ = self.key  # now, so that the key of a long chain is not computed by a deep recursion

    def node(self) -> dict[str, Any]:
        """See `Value.node`; results change with the trainer, so its version is in the key."""
        return super().node() | {"trainer": TRAINER_VERSION}


def network_of(start: Start) -> Network | None:
    """The network that a start's weights belong to; None for weights given by hash."""
    if isinstance(start, Weights):
        return start.run.network
    if isinstance(start, Perturbed):
        return network_of(start.start)
    return None if isinstance(start, Given) else start.network


def needs(run: Run) -> Iterator[tuple[Run, int]]:
    """The runs whose weights `run` starts or prunes from, each with the step at which."""
    pending: list[Start | Mask] = [run.start, run.mask]
    while pending:
        word = pending.pop()
        if isinstance(word, Weights):
            yield word.run, word.step
        elif isinstance(word, Pruned) and isinstance(word.of, Run):
            yield word.of, word.of.training.steps
        elif isinstance(word, Pruned):
            assert not isinstance(word.of, Run)
            pending.append(word.of)
        elif isinstance(word, Permuted):
            pending.append(word.mask)
        elif isinstance(word, Perturbed | Transferred):
            pending.append(word.start)


def described(run: Run) -> dict[str, Any]:
    """The run written out for people: everything in it, but other runs as their keys."""

    def written(value: object) -> object:
        if isinstance(value, Run):
            return {"run": value.key}
        if isinstance(value, Value):
            node = {"is": type(value).__name__}
            return node | {name: written(getattr(value, name)) for name in value.__dataclass_fields__}
        if isinstance(value, tuple):
            return [written(item) for item in value]
        return value

    return {name: written(getattr(run, name)) for name in run.__dataclass_fields__} | {"trainer": TRAINER_VERSION}
