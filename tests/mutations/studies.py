"""What a mutation is injected into: tiny studies and runs, really trained, and what the checks say of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click.testing
import numpy as np
import pytest
from forked import Forked
from mutation import Mutation

from lthcheck import data, zoo
from lthcheck.arms import Arms
from lthcheck.cli import main
from lthcheck.cli.outcome import BAD_INPUT
from lthcheck.evidence import Arm
from lthcheck.execute import pool, spawn
from lthcheck.execute.answer import answer
from lthcheck.execute.plan import Demand, plan
from lthcheck.execute.progress import Progress
from lthcheck.options import OPTIONS, parsed
from lthcheck.plugin import add_options
from lthcheck.recipe import Recipe
from lthcheck.run import Init, Permuted, Pruned, Reinit, Run
from lthcheck.store import Store
from lthcheck.study import Slot, Study

BLOBS, IMAGES = "blobs.npz", "images.npz"  # beside the process, so that messages do not name a folder
LR, SPARSITY, EPOCHS = 0.2, 0.488, 3  # the third rung


@dataclass(frozen=True)
class Told:
    """What the checks said: the name of each that was broken with what it told, and those that looked."""

    broken: tuple[tuple[str, str], ...]
    looked: frozenset[str]


def furnish(folder: Path) -> None:
    """Writes the data: four Gaussian classes, as 400 vectors of 20 numbers and as 100 images of 8 x 8."""
    for name, shape, samples in ((BLOBS, (20,), 400), (IMAGES, (1, 8, 8), 100)):
        random = np.random.default_rng(0)
        centres, arrays = random.normal(size=(4, *shape)), {}
        for part, size in (("train", samples), ("test", samples // 2)):
            labels = np.arange(size) % 4
            noise = 1.5 * random.normal(size=(size, *shape))
            arrays |= {f"y_{part}": labels, f"x_{part}": (centres[labels] + noise).astype("float32")}
        np.savez(folder / name, **arrays)


def tell(name: str, store: Store, processes: Forked, mutation: Mutation | None = None) -> Told:
    """Asks a study, here and in its trainers with the mutation where there is one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spawn, "subprocess", processes)
        if mutation is not None:
            patch.setattr(spawn, "PROGRAM", mutation.before(spawn.PROGRAM))
            mutation.apply(patch.setattr)
        return STUDIES[name](store)


def study(
    model: str = "mlp-16-8", dataset: str = BLOBS, methods: tuple[str, ...] = ("imp",), **recipe: object
) -> Study:
    """One replicate at one lr and one sparsity; an epoch has 8 steps, on images 2."""
    small = Recipe(
        name="small",
        source="these tests",
        initialiser="pytorch",
        epochs=EPOCHS,
        batch=50,
        weight_decay=2e-3,
        lrs=(LR,),
        sparsities=(SPARSITY,),
        seeds=1,
    )
    return Study(model=model, dataset=dataset, recipe=small.but(recipe), methods=methods)


def of_study(asked: Study, store: Store) -> Told:
    """All that the suite asks of a study."""
    (found,), _ = answer({asked: asked.questions()}, store, trainers=1)
    broken = tuple((each.rule, f"{each.where}: {each.detail}") for each in found.violations)
    return Told(broken, frozenset(rule for rule, count in found.checked.items() if count))


def of_run(made: Callable[[], Demand], store: Store) -> Told:
    """One run, and those that it is built on."""
    demand, progress, trainers = made(), Progress(), pool.Pool(store, trainers=1)
    try:
        trainers.train(plan([demand], store), progress)
    finally:
        trainers.close()
    result = store.result(demand.run.key)
    broken = tuple((each.rule, f"{each.where}: {each.detail}") for each in progress.violations)
    return Told(broken, frozenset(result["checks"] if result else ()))


def permuted() -> Demand:
    """The random-mask control: fresh weights under the ticket's mask, shuffled over the network."""
    ticket = slot("lt", SPARSITY)
    start = Reinit(ticket.network, "pytorch", 0)
    return Demand(replace(ticket, start=start, mask=Permuted(ticket.mask, within="network", seed=0)))


def initial() -> Demand:
    """A ticket whose pruned weights keep their initial values."""
    dense = slot("dense")
    return Demand(replace(dense, mask=Pruned(dense, SPARSITY, pruned_value="initial")))


def ties() -> Demand:
    """Norm layers pruned at initialisation, where every scale is 1 and every shift 0."""
    info = data.describe(IMAGES)
    network = zoo.network("resnet8", info.shape, info.classes)
    init = Init(network, "kaiming_normal", 0)
    dense = slot("dense", asked=study("resnet8", IMAGES))
    return Demand(replace(dense, start=init, mask=Pruned(init, 0.3, roles=("norm",))))


def curve() -> Demand:
    """A dense run that is evaluated at each step, at an lr so large that it forgets what it learned."""
    dense = slot("dense", asked=study(lrs=(3.0,)), lr=3.0)
    return Demand(dense, evaluate=frozenset(range(dense.training.steps)))


def slot(arm: Arm, sparsity: float | None = None, *, asked: Study | None = None, lr: float = LR) -> Run:
    """A run of a study."""
    asked = asked or study()
    place = Slot(arm, "imp" if sparsity else None, sparsity, lr, 0, EPOCHS)
    run = Arms(asked, data.describe(asked.dataset)).run(place)
    assert run is not None
    return run


def of_flags(store: Store) -> Told:
    """What the faces make of a flag that is given a value, and of one that is not given; the store is not asked."""
    takes_none, is_off = "a flag takes no value", "a flag that is not given is off"
    flag, broken = next(option.name for option in OPTIONS if option.parse is None), []
    parser = pytest.Parser(_ispytest=True)
    add_options(parser, "lth-")
    with contextlib.suppress(pytest.UsageError):
        given = vars(parser.parse([f"--lth-{flag}=False"]))
        (taken,) = (value for name, value in given.items() if name.startswith("lth_") and value is not None)
        broken.append((takes_none, f"pytest --lth-{flag}=False is taken as {taken}"))
    if click.testing.CliRunner().invoke(main, ["run", f"--{flag}=False"]).exit_code != BAD_INPUT:
        broken.append((takes_none, f"lthcheck run --{flag}=False is taken"))
    if flag in parsed({flag: False}):
        broken.append((is_off, f"--{flag} is on where it was not given"))
    return Told(tuple(broken), frozenset({takes_none, is_off}))


STUDIES: dict[str, Callable[[Store], Told]] = {
    "imp": partial(of_study, study()),
    "omp": partial(of_study, study(methods=("omp",))),
    "snip": partial(of_study, study(methods=("snip",))),
    "layerwise": partial(of_study, study(scope="layer")),
    "adam": partial(of_study, study(optimiser="adam", lrs=(0.01,))),
    "resnet": partial(of_study, study("resnet8", IMAGES, ("omp",))),
    "augmented": partial(of_study, study("mlp-16-8", IMAGES, ("omp",), augmentation="crop-flip")),
    "permuted": partial(of_run, permuted),
    "initial": partial(of_run, initial),
    "ties": partial(of_run, ties),
    "curve": partial(of_run, curve),
    "flags": of_flags,
}
