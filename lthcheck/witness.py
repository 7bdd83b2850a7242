"""The witness: which ticket of a study its verdict speaks of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lthcheck.study import ON_A_RUNG

if TYPE_CHECKING:
    from lthcheck.store.ledger import Entry, NeededRun


def witness(
    entry: Entry,
    *,
    method: str | None = None,
    sparsity: float | None = None,
    lr: float | None = None,
    seed: int = 0,
) -> NeededRun:
    """The lt run at the method, sparsity and lr that are given; what is not given is that of the verdict.

    Raises:
        ValueError: if the study has no such run, or if too little is given to tell which.
    """
    lts = [run for run in entry.runs if run.arm == "lt"]
    rungs = sorted({run.sparsity for run in lts if run.sparsity is not None})
    if sparsity is not None:
        near = [(abs(rung - sparsity), rung) for rung in rungs if abs(rung - sparsity) <= ON_A_RUNG]
        sparsity = min(near)[1] if near else sparsity
    cells = entry.judged["cells"] if entry.judged is not None else []
    cell = next((c for c in cells if method in (None, c["method"]) and sparsity in (None, c["sparsity"])), None)
    if cell is not None:
        method, sparsity = cell["method"], cell["sparsity"]
        lr = cell["lr"] if lr is None else lr
    found = [
        run
        for run in lts
        if method in (None, run.method)
        and sparsity in (None, run.sparsity)
        and (lr is None or math.isclose(run.lr, lr, rel_tol=1e-8))
        and run.seed == seed
    ]
    if len(found) == 1:
        return found[0]
    asked = {"method": method, "sparsity": sparsity, "lr": lr, "seed": seed}
    said = ", ".join(f"{name}={value}" for name, value in asked.items() if value is not None)
    if found:
        lacks = " ".join(f"--{name}" for name, value in asked.items() if value is None)
        raise ValueError(f"{entry.name}: {said} means {len(found)} tickets, and no verdict tells which; add {lacks}")
    has = {
        "method": sorted({str(run.method) for run in lts}),
        "sparsity": [f"{rung:.4g}" for rung in rungs],
        "lr": sorted({f"{run.lr:g}" for run in lts}, key=float),
        "seed": sorted({str(run.seed) for run in lts}, key=int),
    }
    listed = "; ".join(f"{name} {', '.join(values)}" for name, values in has.items())
    raise ValueError(f"{entry.name}: {said} must be a ticket of the study; it has {listed}")
