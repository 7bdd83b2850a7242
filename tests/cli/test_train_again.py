"""`lthcheck export --train`: a run that breaks a rule of the protocol is told like any other failure."""

from __future__ import annotations

from lthcheck.protocol import ProtocolViolation

STUDY = "mlp-16-8 on toy.npz"


class Breaking:
    """A pool whose trainers break a rule."""

    def __init__(self, *_, **__):
        pass

    def train(self, made, progress, show):
        (key,) = made.jobs
        progress.violations.append(ProtocolViolation("finite", key, "all layers", "loss nan"))

    def close(self):
        pass


def test_a_broken_rule_is_told_in_one_line(store, tmp_path, command, listed, monkeypatch):
    run = next(run["run"] for run in listed(STUDY)["runs"] if run["arm"] == "rr")
    monkeypatch.setattr("lthcheck.execute.pool.Pool", Breaking)
    done = command("export", run, "--train", "--out", tmp_path / "out")
    assert (done.exit_code, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: the run was not kept, since it broke a rule: finite (")
    assert line.endswith(f"run {run[:12]}, all layers: loss nan")
