"""The preset of a convolutional network: small enough for a minute, and sound as a study."""

from __future__ import annotations

import pytest

from lthcheck import data, zoo
from lthcheck.arms import Arms
from lthcheck.execute.answer import answer
from lthcheck.execute.plan import Demand, plan
from lthcheck.preset import preset
from lthcheck.recipe import ladder
from lthcheck.store import Store
from lthcheck.study import Study

pytest.importorskip("sklearn", reason='no scikit-learn: pip install "lthcheck[digits]"')

DIGITS = preset("digits")
# 8 200 took 40 s on two cores of an AMD EPYC that had twice the work to do besides.
STEPS = 10_000


def study(**changes):
    """The preset's study, its recipe changed."""
    return Study(model=DIGITS.model, dataset=DIGITS.dataset, recipe=DIGITS.recipe.but(changes), methods=DIGITS.methods)


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LTHCHECK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def arms():
    """The preset's runs."""
    return Arms(study(), data.describe(DIGITS.dataset))


def test_it_is_a_convolutional_network_by_both_methods(arms):
    assert {"first_conv", "conv"} <= set(zoo.roles(arms.network).values())
    assert set(DIGITS.expected) == set(DIGITS.methods) == {"imp", "omp"}


def test_its_sparsity_is_a_rung_that_is_not_trivial():
    (sparsity,) = study().sparsities
    assert sparsity >= 0.6
    assert sparsity in ladder(20)


def test_its_small_dense_network_is_as_large_as_the_ticket_and_no_more_than_half_larger(arms):
    ticket = arms.ticket_size(study().sparsities[0])
    small = sum(zoo.parameter_counts(zoo.narrower(arms.network, ticket)).values())
    assert ticket <= small <= 1.5 * ticket


def test_it_is_trained_in_a_minute(arms, tmp_path):
    slots = {slot for question in study().questions() for slot in arms.slots(question)}
    made = plan([Demand(arms.run(slot)) for slot in slots], Store(tmp_path))
    probe = 2 * DIGITS.recipe.seeds * DIGITS.recipe.epochs * arms.steps_per_epoch
    assert probe + sum(job.until for job in made.jobs.values()) <= STEPS


def test_a_short_one_keeps_the_protocol(tmp_path):
    short = study(seeds=1, epochs=2, lrs=(0.05,), sparsities=(0.36,))
    (found,), progress = answer({short: short.questions()}, Store(tmp_path), trainers=1)
    assert not found.violations
    assert progress.trained == 8  # dense at T and 2T, both rounds of imp and its rr, omp and its rr, sdt
    assert {row.arm for row in found.rows} == {"dense", "lt", "rr", "sdt"}
