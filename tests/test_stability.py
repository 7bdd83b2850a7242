"""`reports/stability.py`, as it is run for a preset's verdict on record."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "reports" / "stability.py"


@pytest.mark.slow
def test_the_only_set_of_all_seeds_gives_the_verdict_of_all_seeds(tmp_path):
    asked = ["tiny", "--seeds", "2", "--draws", "1", "--store", tmp_path]
    done = subprocess.run([sys.executable, SCRIPT, *asked], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if "%" in line]
    assert rows == [[method, "none", "none", "0.0 %", "0.0 %", "100.0 %", "0.0 %"] for method in ("imp", "omp")]
