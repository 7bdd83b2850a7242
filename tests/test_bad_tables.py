"""Tables that are none, through `lthcheck judge`: one line with value, rule and remedy."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from refusal import refused

from lthcheck.cli import main

HEADER = "arm,lr,accuracy"
TABLES = {
    "binary": (bytes(range(256)) * 40, "line 2: byte 0x80 must be part of UTF-8; save the table as UTF-8"),
    "UTF-16": (
        f"{HEADER}\nlt,0.1,0.9\n".encode("utf-16"),
        "line 1: byte 0xff must be part of UTF-8; save the table as",
    ),
    "semicolons": (
        b"arm;lr;accuracy\nlt;0.1;0.9\n",
        "found arm;lr;accuracy; name them in the header, and separate col",
    ),
    "mixed delimiters": (
        f"{HEADER}\nlt;0.1;0.9\n".encode(),
        "line 2: 1 fields must be 3, as in the header; leave a fie",
    ),
    "decimal commas": (
        f"{HEADER}\nlt,0,1,0,9\n".encode(),
        "line 2: 5 fields must be 3, as in the header; leave a field",
    ),
    "an open quote": (f'{HEADER}\nlt,0.1,"0.9\n'.encode(), "line 2: not CSV (unexpected end of data); close or remove"),
    "a row twice": (
        f"{HEADER},seed\nlt,0.1,0.9,0\nlt,0.1,0.8,0\n".encode(),
        "lines 2 and 3: lt at lr 0.1 with seed 0 must be there once; drop one, or give replicates their own seeds",
    ),
    "a negative accuracy": (f"{HEADER}\nlt,0.1,-0.9\n".encode(), "line 2: accuracy=-0.9 must be a fraction in [0, 1]"),
    "an infinite lr": (f"{HEADER}\nlt,1e999,0.9\n".encode(), "line 2: lr='1e999' must be a finite number; write it as"),
    "hexadecimal": (f"{HEADER}\nlt,0x10,0.9\n".encode(), "line 2: lr='0x10' must be a finite number; write it as in"),
    "an underscore": (f"{HEADER}\nlt,1_0,0.9\n".encode(), "line 2: lr='1_0' must be a finite number; write it as in"),
    "another script": (f"{HEADER}\nlt,１,0.9\n".encode(), "line 2: lr='１' must be a finite number; write it as in"),
    "a sparsity in percent": (
        f"{HEADER},sparsity\nlt,0.1,0.9,83.2\n".encode(),
        "line 2: sparsity=83.2 must be in [0, 1); write 0.9 for 90 %",
    ),
    "no parameters": (
        f"{HEADER},params\nlt,0.1,0.9,0\n".encode(),
        "line 2: params='0' must be at least 1; leave it em",
    ),
    "a seed without end": (f"{HEADER},seed\nlt,0.1,0.9,{'9' * 5000}\n".encode(), "must be a whole number of 0 or more"),
    "two lengths": (
        f"{HEADER},epochs\nlt,0.1,0.9,80\nlt,0.2,0.9,90\n".encode(),
        "lt rows of 80 and 90 epochs must have one length T in one judgement; judge each length apart",
    ),
}


@pytest.mark.parametrize("place", ["file", "standard input"])
@pytest.mark.parametrize("what", TABLES)
def test_is_refused(tmp_path, what, place):
    table, message = TABLES[what]
    path = tmp_path / "table.csv"
    path.write_bytes(table)
    done = CliRunner().invoke(main, ["judge", str(path) if place == "file" else "-"], input=table)
    assert done.exit_code == 2
    assert refused(done.output, message)


def test_a_folder_is_refused(tmp_path):
    done = CliRunner().invoke(main, ["judge", str(tmp_path)])
    assert done.exit_code == 2
    assert refused(done.output, "is a directory")


def test_a_hundred_thousand_rows_are_judged(tmp_path):
    cells = [("dense", ""), *((arm, k / 5) for arm in ("lt", "rr", "sdt") for k in range(1, 5))]
    rows = [
        f"{arm},{lr / 100},{0.5 + seed / 1000},{seed},{sparsity}"
        for arm, sparsity in cells
        for lr in range(1, 41)
        for seed in range(200)
    ]
    assert len(rows) > 100_000
    path = tmp_path / "table.csv"
    path.write_text("\n".join([f"{HEADER},seed,sparsity", *rows]))
    done = CliRunner().invoke(main, ["judge", str(path), "--assume-adequate"])
    assert done.exit_code == 0
    assert "table, at sparsity 0.8: NO TICKET (" in done.stdout
