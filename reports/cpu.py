"""Processor time of a step on one thread: a plain loop, lthcheck, and lthcheck as in a trainer, which keeps its memory.

    python reports/cpu.py lenet5 resnet8

The networks and both loops are those of tests/benchmarks/test_zoo.py. The three take turns. Processor time and not
seconds: other processes on the machine disturb it less.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import statistics
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "benchmarks"))

import test_zoo  # type: ignore[import-not-found]
import torch

ROUNDS = 7
TURN_SECONDS = 0.1
WAYS = ("plain", "lthcheck", "trainer")
MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # as malloc.h numbers what a trainer is given as words


def work(channel: Connection, way: str, case: tuple[str, tuple[int, ...], int]) -> None:
    """One way to train, in a process of its own."""
    if way == "trainer":
        library = ctypes.CDLL(None)
        assert library.mallopt(MMAP_THRESHOLD, 2**30)
        assert library.mallopt(TRIM_THRESHOLD, 2**31 - 1)
    steps = (test_zoo.plain if way == "plain" else test_zoo.trained)(*case)
    steps(2)
    while number := channel.recv():
        began = time.process_time()
        steps(number)
        channel.send(1000 * (time.process_time() - began) / number)


def main() -> None:
    """Prints a row for each network named, or for all."""
    torch.set_num_threads(1)
    context = multiprocessing.get_context("fork")
    print("| network | input | batch | plain, ms | lthcheck, ms | in a trainer, ms | plain / trainer |")
    print("|---|---|---|---|---|---|---|")
    for case in test_zoo.NETWORKS:
        if sys.argv[1:] and case[0] not in sys.argv[1:]:
            continue
        channels = []
        for way in WAYS:
            ours, theirs = context.Pipe()
            context.Process(target=work, args=(theirs, way, case), daemon=True).start()
            channels.append(ours)

        def spent(number: int, channels: list[Connection] = channels) -> list[float]:
            found = []
            for channel in channels:
                channel.send(number)
                found.append(channel.recv())
            return found

        number = max(1, int(1000 * TURN_SECONDS / spent(1)[0]))
        rounds = [spent(number) for _ in range(ROUNDS)]
        for channel in channels:
            channel.send(0)
        each = " | ".join(f"{statistics.median(times):.1f}" for times in zip(*rounds, strict=True))
        ratios = sorted(times[0] / times[2] for times in rounds)
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        print(f"| {case[0]} | {'x'.join(map(str, case[1]))} | {case[2]} | {each} | {spread} |", flush=True)


if __name__ == "__main__":
    main()
