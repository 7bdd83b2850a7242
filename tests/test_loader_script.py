"""`reports/loader.py`, small: every way of reading is in its table, and all give the same crops."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "reports" / "loader.py"


def tables(text):
    """The rows of each table by their first cell; of a spread such as "2.1 (2 to 1,000)" the three numbers."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        _, _, *lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in block.splitlines()]
        found.append({name: [numbers(cell) for cell in cells] for name, *cells in lines})
    return found


def numbers(spread):
    return [float(number.replace(",", "")) for number in re.fullmatch(r"(\S+) \((\S+) to (\S+)\)", spread).groups()]


@pytest.mark.slow
def test_each_way_has_its_figures():
    command = [sys.executable, "-W", "error", SCRIPT, "--pictures", "60", "--rounds", "1"]  # a batch of 50, one of 10
    one = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=one)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("60 JPEGs of 400x500, ")
    decoded, rates, loops = tables(done.stdout)

    names = ["Pillow", "Pillow, resized by it", "torchvision.io"]
    assert list(decoded) == names + ["torchcodec"] * ("torchcodec is not installed" not in done.stdout)
    # what torch resizes has the same bits: all decode alike and take the same crops; Pillow rounds otherwise
    apart = {name: cells[1][0] for name, cells in decoded.items()}
    assert 0 < apart.pop(names[1]) < 32
    assert set(apart.values()) == {0}

    ways = ("threads of lthcheck", "processes of a DataLoader")
    assert list(rates) == [f"{way}, {name}" for way in ways for name in ("Pillow", "torchvision.io")]
    spent, took = ([cells[0] for cells in table.values()] for table in (decoded, loops))
    for middle, least, most in (*spent, *took, *(cell for cells in rates.values() for cell in cells)):
        assert 0 < middle == least == most  # of one round

    beside_decoder, alone, beside_holder = (cells[1][0] for cells in loops.values())
    assert beside_holder < min(alone, beside_decoder)
