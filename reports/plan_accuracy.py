"""How far `lthcheck plan` is off: its estimate beside the time that the study takes then, from an empty store.

    python reports/plan_accuracy.py tiny undertrained digits default

Ask on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabulate import tabulate

from lthcheck.report.environment import environment


def main() -> None:
    """Prints a table, one row a preset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="+")
    rows = [measured(preset) for preset in parser.parse_args().presets]
    print(tabulate(rows, ["preset", "plan took, s", "estimate, s", "truth, s", "estimate / truth"], "github", ".2f"))
    where = environment()
    print(f"\n{where['cores']} cores of {where['cpu']}, torch {where['torch']}, {where['date']}; n = 1")


def measured(preset: str) -> tuple[str, float, float, float, float]:
    """The estimate and the truth for one preset."""
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"LTHCHECK_CACHE": folder}
        # the data is made or read once on a machine, and is no part of what is estimated
        subprocess.run([*COMMAND, "plan", "--no-calibration", "--preset", preset], env=env, check=True, stdout=QUIET)
        began = time.perf_counter()
        command = [*COMMAND, "plan", "--json", "--preset", preset]
        said = subprocess.run(command, env=env, check=True, capture_output=True)
        planned = time.perf_counter() - began
        estimate = json.loads(said.stdout)[0]["seconds"]
        began = time.perf_counter()
        reports = str(Path(folder) / "reports")
        run = [*COMMAND, "run", "--preset", preset, "--report-dir", reports]
        subprocess.run(run, env=env, check=False, stdout=QUIET, stderr=QUIET)
        truth = time.perf_counter() - began
    return preset, planned, estimate, truth, estimate / truth


COMMAND = [sys.executable, "-m", "lthcheck"]
QUIET = subprocess.DEVNULL

if __name__ == "__main__":
    main()
