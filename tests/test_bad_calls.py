"""What is wrong in a call from Python is told as it is elsewhere: by a ValueError, or a TypeError for a type."""

from __future__ import annotations

import pytest

from lthcheck import Study, judge
from lthcheck.recipes import recipe

RECIPE = recipe("mnist1d")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lrs": [0.1]}, r"lr=\[0.1\] must be a tuple, e.g. \(0.1, 0.2\)"),
        ({"lrs": 0.1}, "lr=0.1 must be a tuple"),
        ({"lrs": ("0.1",)}, "lr='0.1' must be a number, and must be a finite number above 0"),
        ({"sparsities": (True,)}, "sparsity=True must be a number, and must be in"),
        ({"seeds": 2.0}, "seeds=2.0 must be an int, e.g. 1"),
        ({"epochs": "80"}, "epochs='80' must be an int"),
        ({"batch": True}, "batch=True must be an int"),
        ({"milestones": 0.5}, "milestones=0.5 must be a tuple"),
        ({"roles": "conv"}, "roles='conv' must be a tuple"),
    ],
)
def test_a_recipe_of_wrong_types(changes, message):
    with pytest.raises(TypeError, match=message):
        RECIPE.but(changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"momentum": 1.0}, r"momentum=1 must be in \[0, 1\)"),
        ({"rate": 20.0}, r"rate=20 must be in \(0, 1\); write 0.2 for 20 %"),
        ({"factor": 0.0}, "factor=0 must be a finite number above 0"),
        ({"weight_decay": float("inf")}, "weight_decay=inf must be 0 or above"),
        ({"milestones": (80.0,)}, r"milestones=80 must be fractions of the training, in \(0, 1\]"),
        ({"warmup_epochs": 1000}, "warmup_epochs=1000 must be at most 100"),
        ({"initialiser": "he"}, r"initialiser='he' is not known\. Known: pytorch, kaiming_normal, xavier_normal"),
        ({"optimiser": "sdg"}, r"optimiser='sdg' is not known; did you mean sgd\?"),
        ({"schedule": "steps"}, r"schedule='steps' is not known; did you mean step\?"),
        ({"scope": "layers"}, r"scope='layers' is not known; did you mean layer\?"),
        ({"last_batch": "kept"}, r"last_batch='kept' is not known; did you mean keep\?"),
        ({"roles": ("convs",)}, r"roles='convs' is not known; did you mean conv\?"),
    ],
)
def test_a_recipe_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message):
        RECIPE.but(changes)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model", None, "model=None must be a name, as text"),
        ("dataset", 1, "dataset=1 must be a name, as text"),
        ("recipe", "ma2021", "recipe='ma2021' must be a Recipe; lthcheck.recipes.recipe gives one by its name"),
        ("methods", "imp", r"methods='imp' must be a tuple, e.g. \('imp', 'omp'\)"),
    ],
)
def test_a_study_of_wrong_types(field, value, message):
    fields = {"model": "mlp-8", "dataset": "mnist1d", "recipe": RECIPE}
    with pytest.raises(TypeError, match=message):
        Study(**(fields | {field: value}))


def test_rows_and_margins():
    with pytest.raises(TypeError, match=r"a row of type dict must be a lthcheck.Row"):
        judge([{"arm": "lt"}])
    with pytest.raises(TypeError, match=r"delta='0.5' must be a number, and must be a fraction in \[0, 0.5\)"):
        judge([], delta="0.5")
    with pytest.raises(ValueError, match=r"gamma=0.5 must be a fraction in \[0, 0.5\); write 0.005 for 0.5 pt"):
        judge([], gamma=0.5)
