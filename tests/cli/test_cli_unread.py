"""A reader who has seen enough is no failure."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_nobody_reads_ends_in_silence(unbuffered):
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "lthcheck", "recipes", "ma2021"]
    environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    os.close(write)
    assert (done.returncode, done.stderr) == (1, "")
