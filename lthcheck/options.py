"""What a user may choose, in one table for pytest and the command line, and the studies that follow from it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lthcheck.names import AUGMENTATIONS, INITIALISERS, PRECISIONS, nearest
from lthcheck.quantity import written

if TYPE_CHECKING:
    from lthcheck.preset import Preset
    from lthcheck.recipe import Recipe
    from lthcheck.study import Study
    from lthcheck.verdict.terms import Terms

DEFAULT_PRESET = "default"


def _texts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _text(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty; name one, or leave the option out")
    return text


def path(text: str) -> str:
    """A path with a home folder written out.

    Raises:
        ValueError: with the rule, without the value.
    """
    whole = os.path.expanduser(_text(text))
    if whole.startswith("~"):
        raise ValueError("must not begin with a user who is not there; write the path out")
    return whole


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(written(part) for part in _texts(text))
    except ValueError:
        raise ValueError("must be numbers between commas, e.g. 0.1,0.2") from None


def _number(text: str) -> float:
    try:
        return written(text)
    except ValueError:
        raise ValueError("must be a number, e.g. 0.1") from None


def _whole(text: str) -> int:
    number = text.strip()
    # no further than Python's own limit, beyond which int() refuses with words of its own
    if not re.fullmatch("[+-]?[0-9]{1,4000}", number):
        raise ValueError("must be a whole number, e.g. 3")
    return int(number)


def _rates(text: str) -> tuple[tuple[str, float], ...]:
    try:
        pairs = [part.split("=") for part in _texts(text)]
        rates = tuple((role.strip(), written(rate)) for role, rate in pairs)
    except ValueError:
        rates = ()
    if not rates:
        raise ValueError("must be a rate for each role, e.g. conv=0.1,linear=0.2")
    return rates


def _points(text: str) -> float:
    try:
        points = written(text)
    except ValueError:
        points = -1.0
    if not 0 <= points < 50:
        raise ValueError("must be a number of percentage points in [0, 50), e.g. 0.5")
    return round(points / 100, 12)


@dataclass(frozen=True)
class OneOf:
    """Parses one of some names."""

    names: tuple[str, ...]

    def __call__(self, text: str) -> str:
        """The text itself, if it is one of them."""
        if text not in self.names:
            near = nearest(text, self.names).rstrip()
            raise ValueError(f"must be one of {', '.join(self.names)}{near and '; ' + near}")
        return text


class Device(OneOf):
    """Parses "cpu", "cuda", or a list of GPUs such as "cuda:0,cuda:2"."""

    def __call__(self, text: str) -> str:
        """The text itself."""
        from lthcheck.gpus import named

        return text if named(text) else super().__call__(text)


@dataclass(frozen=True)
class Option:
    """One choice.

    Attributes:
        name: without dashes in front, "assume-adequate".
        parse: from text to value; a ValueError says the rule. None for a flag.
        shown: what stands for the value in help texts.
        field: of the recipe, which it changes.
    """

    name: str
    help: str
    parse: Callable[[str], Any] | None = _text
    shown: str = "NAME"
    field: str | None = None

    @property
    def apart(self) -> bool:
        """Whether help lists it apart, with the less usual fields of a recipe."""
        return self.field not in (None, "lrs", "sparsities", "seeds", "epochs")


_INITIALISERS = tuple(name for name in INITIALISERS if name != "own")  # which a network of the user's has anyway
_SCOPES, _SCORES = ("global", "layer"), ("magnitude", "lamp")

OPTIONS: tuple[Option, ...] = (
    Option("import", "Python file or module that registers networks and data of your own", shown="FILE"),
    Option("model", "networks, e.g. mlp-300-100,resnet20 or, half as wide, resnet20-w0.5-noresidual", _texts, "A,B"),
    Option("dataset", "data sets, e.g. mnist1d,fashion_mnist,mine.npz", _texts, "A,B"),
    Option("lr", "learning rates; every arm is trained at each", _numbers, "X,Y", "lrs"),
    Option("sparsity", "fractions of the prunable weights removed, in (0, 1)", _numbers, "X,Y", "sparsities"),
    Option("method", "how masks are found: imp (iterative magnitude pruning), omp (one-shot), snip", _texts, "A,B"),
    Option("mask", 'your own mask, .safetensors or .npz, "{seed}" in its name for one a replicate', shown="FILE"),
    Option("theta0", "your own initial weights, likewise; without, the recipe's initialiser draws them", shown="FILE"),
    Option("seeds", "replicates", _whole, "N", "seeds"),
    Option("epochs", "length T of every training; milestones and warm-up stretch with it", _whole, "N", "epochs"),
    Option("recipe", "published defaults by name, e.g. ma2021"),
    Option(
        "preset",
        "a study by name: tiny, digits, undertrained, fashion-tiny, cifar10-tiny, default; "
        f"without any option: {DEFAULT_PRESET}",
    ),
    Option(
        "rule",
        "paper: means compared with margins, as in Ma et al. 2021; confident: what the seeds show, at an error rate",
        OneOf(("paper", "confident")),
    ),
    Option(
        "reading",
        "joint: one lr at which the conditions hold together; literal: one lr each",
        OneOf(("joint", "literal")),
    ),
    Option("delta", "the 'similar' margin in pt; without, that of the data set", _points, "PT"),
    Option("gamma", "the 'clear gap' margin in pt", _points, "PT"),
    Option("validation", "choose lr and sparsity on one half of the test split, test on the other (confident)", None),
    Option("extend-lr", "add lrs beyond the grid, at most N, until the best of every arm lies inside", _whole, "N"),
    Option("until-decided", "add replicates until the confident verdict is decided, at most MAX", _whole, "MAX"),
    Option("require", "fail unless the verdict is at least this prize", OneOf(("secondary", "jackpot")), "PRIZE"),
    Option("expect", "TOML with the verdicts that you expect", path, "FILE"),
    Option("assume-adequate", "vouch for the recipe: condition 1 asks for the sparsity alone", None),
    Option("store", "folder that keeps results; without, a folder in the user's cache", path, "DIR"),
    Option("report-dir", "folder for reports", path, "DIR"),
    Option("data-dir", "folder that data sets lie in, or are downloaded to", path, "DIR"),
    Option("device", "cpu, cuda (every GPU), or some GPUs, e.g. cuda:0,cuda:2", Device(("cpu", "cuda"))),
    Option("steps", "length T in steps, in place of epochs; a warm-up stays as it is", _whole, "N", "steps"),
    Option("batch-size", "samples a step", _whole, "N", "batch"),
    Option("optimiser", "sgd or adam", OneOf(("sgd", "adam")), field="optimiser"),
    Option("momentum", "of sgd, in [0, 1)", _number, "X", "momentum"),
    Option("betas", "of adam, each in [0, 1)", _numbers, "X,Y", "betas"),
    Option("weight-decay", "added to the gradient (L2)", _number, "X", "weight_decay"),
    Option("schedule", "of the lr: constant, step or cosine", OneOf(("constant", "step", "cosine")), field="schedule"),
    Option("milestones", "parts of T after which schedule step lowers the lr", _numbers, "X,Y", "milestones"),
    Option("factor", "what schedule step multiplies the lr with", _number, "X", "factor"),
    Option("warmup-epochs", "epochs over which the lr first rises", _whole, "N", "warmup_epochs"),
    Option("last-batch", "keep or drop an epoch's partial batch", OneOf(("keep", "drop")), field="last_batch"),
    Option("augmentation", ", ".join(AUGMENTATIONS), OneOf(AUGMENTATIONS), field="augmentation"),
    Option("label-smoothing", "part of each label spread over all classes, in [0, 1)", _number, "X", "label_smoothing"),
    Option("precision", ", ".join(PRECISIONS), OneOf(PRECISIONS), field="precision"),
    Option("initialiser", ", ".join(_INITIALISERS), OneOf(_INITIALISERS), field="initialiser"),
    Option("rate", "part of what remains that a round of imp prunes, in (0, 1)", _number, "X", "rate"),
    Option("rates", "rates of imp by role, with scope layer, e.g. conv=0.1,linear=0.2", _rates, "ROLE=X,...", "rates"),
    Option("score", "what imp and omp rank weights by: magnitude or lamp", OneOf(_SCORES), field="score"),
    Option("scope", "rank weights of all layers together (global), or each layer alone", OneOf(_SCOPES), field="scope"),
    Option("roles", "weights that are pruned, e.g. conv,shortcut,linear", _texts, "A,B", "roles"),
)

# What makes an expectation on record void once it is given.
CHANGES_STUDY = (
    "model", "dataset", "method", "recipe", "device", "mask", "theta0", "extend-lr", "until-decided",
    *(option.name for option in OPTIONS if option.field),
)  # fmt: skip
CHANGES_VERDICT = ("rule", "reading", "delta", "gamma", "assume-adequate", "validation")


def parsed(texts: Mapping[str, str | bool | None]) -> dict[str, Any]:
    """Values of the options that are given.

    Raises:
        ValueError: with the option, the value, the rule and a remedy. The option stands without the dashes and prefix
            that it has on one command line or another, as it does wherever else a choice is refused.
    """
    chosen: dict[str, Any] = {}
    for option in OPTIONS:
        text = texts.get(option.name)
        if text is None or text is False:
            continue
        if option.parse is None:
            if isinstance(text, str):  # whose truth would be True, "False" included
                raise ValueError(f"{option.name}={text!r} takes no value; give the option alone, or leave it out")
            chosen[option.name] = True
            continue
        try:
            chosen[option.name] = option.parse(str(text))
        except ValueError as error:
            raise ValueError(f"{option.name}={text!r} {error}") from None
    return chosen


def studies(chosen: Mapping[str, Any]) -> list[Study]:
    """The studies that the options ask for: every network on every data set.

    A preset fills what is not given; so does, for a network or data set of the user's choice, the recipe ma2021, in
    the case of that network and data set.

    Raises:
        ValueError: for anything unknown or out of range, before any data is read.
    """
    # here, since every pytest session that the plugin is installed for reads the table of options
    from lthcheck import data
    from lthcheck.extension import load
    from lthcheck.gpus import kind
    from lthcheck.preset import preset
    from lthcheck.recipes import recipe
    from lthcheck.report.stem import stem
    from lthcheck.study import Study, slug

    if "import" in chosen:
        load(chosen["import"])
    own_question = not {"model", "dataset", "recipe"}.isdisjoint(chosen) and "preset" not in chosen
    base = preset(chosen.get("preset", DEFAULT_PRESET))
    if "mask" in chosen and "sparsity" in chosen:
        rule = "must not stand beside sparsity, since a mask has a sparsity of its own; leave one out"
        raise ValueError(f"mask={chosen['mask']!r} {rule}")
    published = own_question or "recipe" in chosen
    by_name = chosen.get("recipe", "ma2021")
    recipe(by_name)  # refused before what else is not known
    unchanged = set(chosen).isdisjoint(CHANGES_STUDY)
    models, datasets = chosen.get("model", (base.model,)), chosen.get("dataset", (base.dataset,))
    for what, names in (("model", models), ("dataset", datasets)):
        if not names or len(set(names)) < len(names):
            raise ValueError(f"{what}={','.join(names)!r} must name at least one {what}, and each once")
    for name in datasets:
        data.check(name)
    methods = chosen.get("method", ("given",) if "mask" in chosen else base.methods)
    made = [
        Study(
            model=model,
            dataset=dataset,
            recipe=_changed(recipe(by_name, model=model, dataset=dataset) if published else base.recipe, chosen),
            methods=methods,
            preset=base.name if unchanged else None,
            device=kind(chosen.get("device", "cpu")),
            theta0=chosen.get("theta0"),
            mask=chosen.get("mask"),
            extend_lr=chosen.get("extend-lr", 0),
            until_decided=chosen.get("until-decided"),
            terms=terms(chosen, dataset),
        )
        for model in models
        for dataset in datasets
    ]
    _check_used(chosen, methods)
    if min(len({spelt(study.name) for study in made}) for spelt in (slug, stem)) < len(made):
        raise ValueError(
            f"dataset={','.join(datasets)!r} must differ in the letters, a to z, and digits of their names; "
            "rename a file, or ask for them one by one"
        )
    return made


def _changed(plain: Recipe, chosen: Mapping[str, Any]) -> Recipe:
    """The recipe with the fields that the options name.

    Raises:
        ValueError: for a value out of range, or one that another field makes idle.
    """
    fields = {option.field: chosen[option.name] for option in OPTIONS if option.field and option.name in chosen}
    made = plain.but(fields)
    for name, field, needed in (
        ("milestones", "schedule", "step"),
        ("factor", "schedule", "step"),
        ("momentum", "optimiser", "sgd"),
        ("betas", "optimiser", "adam"),
    ):
        if name in fields and getattr(made, field) != needed:
            rule = f"must go with the {field} {needed}, but it is {getattr(made, field)}; add {field} {needed}"
            raise ValueError(f"{name}={fields[name]!r} {rule}, or leave it out")
    return made


def _check_used(chosen: Mapping[str, Any], methods: Collection[str]) -> None:
    """Refuses what no method makes use of: snip has a score of its own, and a mask of the user's is there already."""
    for name in ("score", "rate", "rates", "scope", "roles"):
        users = ("imp", "omp") if name == "score" else ("imp", "omp", "snip")
        if name in chosen and set(methods).isdisjoint(users):
            rule = f"must go with a method that uses it, {' or '.join(users)}, but has {', '.join(methods)}"
            raise ValueError(f"{name}={chosen[name]!r} {rule}; ask for one of them, or leave it out")


def terms(chosen: Mapping[str, Any], dataset: str | None) -> Terms:
    """How the options ask for evidence on a data set to be judged."""
    from lthcheck.verdict.terms import GAMMA, Terms, default_delta

    return Terms(
        rule=chosen.get("rule", "paper"),
        reading=chosen.get("reading", "joint"),
        delta=chosen.get("delta", default_delta(dataset)),
        gamma=chosen.get("gamma", GAMMA),
        assume_adequate=chosen.get("assume-adequate", False),
        validation=chosen.get("validation", False),
    )


def expected_by_preset(chosen: Mapping[str, Any]) -> Preset | None:
    """The preset whose recorded verdict holds for these options, if any."""
    from lthcheck.preset import preset

    if set(chosen).isdisjoint((*CHANGES_STUDY, *CHANGES_VERDICT)):
        return preset(chosen.get("preset", DEFAULT_PRESET))
    return None
