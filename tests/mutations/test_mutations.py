"""Every failure of public code, brought back in a tiny study, is caught by the check that names it."""

from __future__ import annotations

import pytest
from forked import parent
from mutation import failures, named
from studies import STUDIES, furnish, tell

from lthcheck.store import Store

MUTATIONS = [
    pytest.param(mutation, id=f"F{failure.number}-{mutation.name}")
    for failure in failures()
    for mutation in failure.mutations
]
EXPECTED = {param.values[0].study: set() for param in MUTATIONS}
for param in MUTATIONS:
    EXPECTED[param.values[0].study].add(param.values[0].check)


@pytest.fixture(scope="module", autouse=True)
def _surroundings(tmp_path_factory):
    """Data beside the process, and a cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LTHCHECK_CACHE", str(tmp_path_factory.mktemp("cache")))
        folder = tmp_path_factory.mktemp("mutations")
        furnish(folder)
        patch.chdir(folder)
        yield


@pytest.fixture(scope="module")
def processes(_surroundings):
    """Trainer processes that start fast."""
    with parent() as made:
        yield made


@pytest.mark.parametrize("name", STUDIES)
def test_a_sound_study_passes_the_checks_that_its_mutations_break(name, processes, tmp_path):
    told = tell(name, Store(tmp_path), processes)
    assert told.broken == ()
    assert EXPECTED[name] <= told.looked


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mutation_is_caught_by_the_check_that_names_it(mutation, processes, tmp_path):
    told = tell(mutation.study, Store(tmp_path), processes, mutation)
    assert {check for check, _ in told.broken} == {mutation.check}


@pytest.mark.parametrize("name", ["reset-not-written", "order-of-the-process", "regrow-momentum", "best-accuracy"])
def test_a_program_that_is_mended_finds_nothing_of_what_was_wrong(name, processes, tmp_path):
    mutation, mended, sound = named(name), Store(tmp_path / "mended"), Store(tmp_path / "sound")
    assert tell(mutation.study, mended, processes, mutation).broken
    assert tell(mutation.study, mended, processes).broken == ()
    tell(mutation.study, sound, processes)
    assert results(mended) == results(sound)


def results(store):
    """By run, what does not depend on when it was trained."""
    found = map(store.result, store.keys())
    return {result["key"]: result | {"seconds": None, "stack": None} for result in found}
