"""The whole script, on a CPU and at a size of seconds, with nothing installed but torch and numpy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# what the machine with the GPU need not have: every other dependency of lthcheck
ABSENT = (
    "click cloudpickle matplotlib mnist1d pandas PIL platformdirs pytest safetensors scipy tabulate torchvision tqdm"
)
SCRIPT = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({ABSENT.split()!r}))
sys.path.insert(0, "")
runpy.run_module("reports.speed", run_name="__main__", alter_sys=True)
"""


@pytest.mark.slow
def test_a_tiny_session_checks_measures_and_reports(tmp_path: Path) -> None:
    out, raw = tmp_path / "speed.md", tmp_path / "speed.json"
    command = [sys.executable, "-c", SCRIPT, "--tiny", "--minutes", "30", "--device", "cpu"]
    command += ["--out", str(out), "--json", str(raw)]
    env = os.environ | {"OMP_NUM_THREADS": "1"}  # many threads wait for each other on a busy machine
    said = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert said.stdout.rstrip().endswith(out.read_text().rstrip())
    found = json.loads(raw.read_text())
    assert [line for line in found["said"] if not line.startswith(("ok: ", "good loop"))] == []
    measured = {(row["model"], row["side"], row["replicas"]) for row in found["rows"]}
    counts = [("plain", 1), ("good", 1), ("ours", 1), ("ours", 2)]
    assert measured == {(model, *side) for model in ("resnet8-w0.5", "mlp-8") for side in counts}
    assert all(len(row["seconds"]) == 5 and min(row["seconds"]) > 0 for row in found["rows"])
