"""A run of a study on record, trained again for weights that the store does not keep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lthcheck import data
from lthcheck.arms import Arms
from lthcheck.execute.error import TrainerError
from lthcheck.execute.plan import Demand, plan
from lthcheck.execute.progress import Progress
from lthcheck.execute.registered import packed
from lthcheck.store import Store
from lthcheck.store.ledger import Entry, NeededRun
from lthcheck.study import Slot, Study


def train_again(
    store: Store,
    entry: Entry,
    needed: NeededRun,
    *,
    data_dir: Path | None = None,
    show: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Puts the weights at the end of a run into the store, and those that it builds on where they are missing.

    Raises:
        ValueError: if the data set or the network is not the one that the run was trained with.
        TrainerError: if a trainer failed, or the run broke a rule of the protocol.
    """
    study = Study.from_json(entry.study)
    arms = Arms(study, data.describe(study.dataset, data_dir=data_dir))
    slot = Slot(needed.arm, needed.method, needed.sparsity, needed.lr, needed.seed, needed.epochs)  # type: ignore[arg-type]
    run = arms.run(slot)
    if run is None or run.key != needed.key:
        raise ValueError(
            f"run {needed.key[:12]}: the data set, the network or lthcheck ({entry.lthcheck} then) has changed since "
            "it was trained; ask the study again"
        )
    made = plan([Demand(run, frozenset({run.training.steps}))], store)
    if not made.jobs:
        return
    from lthcheck.execute.pool import Pool

    registered = packed([study.model], [study.dataset])
    pool, progress = Pool(store, data_dir=data_dir, registered=registered), Progress()
    try:
        pool.train(made, progress, show)
    finally:
        pool.close()
    if progress.violations:
        raise TrainerError(f"the run was not kept, since it broke a rule: {progress.violations[0]}")
