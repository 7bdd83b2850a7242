"""What `lthcheck advise` writes as it is typed."""

from __future__ import annotations

import pytest

from lthcheck.advice.advise import _typed
from lthcheck.recipe import ladder
from lthcheck.recipes import recipe
from lthcheck.study import Study

STUDY = Study(model="lenet5", dataset="mnist", recipe=recipe("ma2021"))


@pytest.mark.parametrize("sparsity", [*ladder(30), 0.75, 0.9123456])
def test_a_sparsity_as_it_is_typed_names_its_rung(sparsity):
    (moved,) = Study(model="lenet5", dataset="mnist", recipe=STUDY.recipe.but({"sparsities": (sparsity,)})).sparsities
    assert STUDY.rounds(float(_typed(moved, STUDY)))[-1] == moved


def test_it_has_no_more_digits_than_it_takes():
    assert [_typed(sparsity, STUDY) for sparsity in ladder(30)[20:27]] == [
        *("0.991", "0.993", "0.994", "0.995", "0.996", "0.997", "0.9976")
    ]
    assert max(len(_typed(sparsity, STUDY)) for sparsity in ladder(40)) <= len("0.99990")
