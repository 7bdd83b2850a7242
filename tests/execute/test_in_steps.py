"""Studies whose recipe counts in steps, prunes by role or ranks by LAMP, trained through the store."""

from __future__ import annotations

from lthcheck.store import Store
from lthcheck.study import Study


def test_arms_and_probes_have_their_steps_and_are_told_apart(study, ask, tmp_path):
    """29 steps, of 8 an epoch: T is 4 epochs in the evidence, and the probe has 58 steps, 8 epochs."""
    store = Store(tmp_path)
    found, _ = ask(study(methods=("omp",), steps=29), store)
    lengths = {(row.arm, row.epochs): store.result(row.run)["steps"] for row in found.rows}
    assert {lengths[arm, 4] for arm in ("dense", "lt", "rr", "sdt")} == {29}
    assert {steps for (_, epochs), steps in lengths.items() if epochs == 8} == {58}
    assert ("dense", 8) in lengths
    assert not found.violations
    assert found.study.recipe.epochs == 4
    again = Study.from_json(found.as_json())
    assert again.recipe == found.study.recipe
    assert ask(again, store)[1].trained == 0


def test_rates_and_lamp_keep_the_protocol(study, ask, tmp_path):
    """Two rounds of IMP and rr, each checked where it is trained."""
    by_role = {"scope": "layer", "roles": ("linear", "classifier"), "rates": (("linear", 0.2), ("classifier", 0.1))}
    for changes in (by_role, {"score": "lamp"}):
        found, _ = ask(study(**changes), Store(tmp_path), conditions=(3,))
        assert not found.violations
        assert found.checked["density"] >= 3  # both rounds, and rr
        assert found.checked["nested"] >= 2
