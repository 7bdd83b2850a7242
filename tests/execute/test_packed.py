"""A study that was interrupted on one machine goes on from its checkpoint on another, to the same bits."""

from __future__ import annotations

import pytest

from lthcheck.store import Store, ledger
from lthcheck.store.pack import pack
from lthcheck.store.unpack import unpack, verified

RUNS, STEPS = 3, 5600  # dense, lt and rr, a second or two for each run


class Stopped(Exception):
    """Raised in the middle of a training."""


@pytest.mark.slow
def test_it_goes_on_from_its_checkpoint_elsewhere(study, ask, kept, tmp_path, monkeypatch):
    monkeypatch.setenv("LTHCHECK_CHECKPOINT_SECONDS", "0.05")
    asked = study(methods=("omp",), epochs=STEPS // 8)
    here, there, whole = (Store(tmp_path / name) for name in ("here", "there", "whole"))

    def stop(progress):
        if progress.trained and any(here.root.glob("runs/*/*/checkpoint.safetensors")):
            raise Stopped

    with pytest.raises(Stopped):
        ask(asked, here, conditions=(3, 4), show=stop)
    (entry,), _ = ledger.entries(here.root)
    made = pack(here.root, [entry], tmp_path / "study.pack", weights=True)
    assert made.checkpoints
    unpack(there, *verified(made.files))
    done = len(list(there.keys()))
    _, progress = ask(asked, there, conditions=(3, 4))
    assert progress.trained == RUNS - done
    assert 0 < progress.replica_steps < progress.trained * STEPS
    ask(asked, whole, conditions=(3, 4))
    assert kept(there) == kept(whole)
