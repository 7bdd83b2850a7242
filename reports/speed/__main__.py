"""Checks and times training beside other ways to do it: a plain loop, a good loop, lthcheck's stacks, and the floor.

    python -m reports.speed --minutes 9 --out reports/examples/speed.md --json speed.json

In the repository's root; it needs torch, numpy and this repository, and takes a GPU where there is one. What matters
most comes first; what is out of time is said. Ends with 1 where a check or a side failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from itertools import product
from pathlib import Path

import torch

from lthcheck.report.environment import environment
from reports.speed.case import Case, precisions
from reports.speed.checks import Check, checks
from reports.speed.floor import ceilings, floor_of
from reports.speed.good import good
from reports.speed.ours import Trainers, ours, trainers
from reports.speed.plain import plain
from reports.speed.rounds import Budget, Row, Side, burst, fitting, interleaved, pace
from reports.speed.table import table

ROUNDS, CLOSE = 5, 8.0  # seconds for the end
# replicas, first of every network and then of every network; convolutions on a CPU may have time for the fewest only
COUNTS = {"cuda": ((8,), (1, 16, 2, 4)), "cpu": ((2, 8), (1, 4, 16)), "tiny": ((2,), (1,))}
MLPS = [Case("mlp-300-100", 4000, 100), Case("mlp-64-32", 4000, 100)]
CASES = {
    "cuda": [Case("resnet20"), Case("vgg16"), Case("mobilenet-v1"), *MLPS],
    "cpu": [Case("resnet20"), *MLPS, Case("vgg16-w0.25"), Case("mobilenet-v1-w0.25")],  # a quarter of the channels
    "tiny": [Case("resnet8-w0.5", 32, 4), Case("mlp-8", 40, 20)],
}
SMALL = [Case("mlp-23-11", 200, 20), Case("resnet8-w0.5", 64, 8)]
CHECKED = {"cuda": [SMALL[0], Case("resnet20", 1280)], "cpu": SMALL, "tiny": SMALL[:1]}


def main() -> int:
    """The exit code."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # before CUDA starts: the same bits each time
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--out", type=Path, help="the table with command and machine, as Markdown")
    parser.add_argument("--json", type=Path, help="every number")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--networks", type=lambda text: text.split(","), help="only these, e.g. resnet20,mlp-64-32")
    parser.add_argument("--tiny", action="store_true", help="networks of seconds, to try the script")
    chosen = parser.parse_args()
    device, budget = torch.device(chosen.device), Budget(60 * chosen.minutes - CLOSE)
    session = Session(device, budget, chosen.networks, tiny=chosen.tiny)
    with ExitStack() as stack:
        session.run(stack)
    text = session.text()
    for path, content in ((chosen.out, text), (chosen.json, session.raw())):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    print(f"\n{text}", flush=True)
    return 1 if session.failed else 0


class Session:
    """Everything that is checked and measured on one device within one budget."""

    def __init__(self, device: torch.device, budget: Budget, networks: list[str] | None, *, tiny: bool) -> None:
        self.device, self.budget, self.size = device, budget, "tiny" if tiny else device.type
        self.cases = [case for case in CASES[self.size] if networks is None or case.model in networks]
        self.seconds = 0.01 if tiny else 0.5  # of a burst, about
        self.cuda, self.failed = device.type == "cuda", False
        self.said: list[str] = []
        self.rows: list[Row] = []
        self.loops: dict[Case, list[Side]] = {}
        self.load = [os.getloadavg()[0]]

    def run(self, stack: ExitStack) -> None:
        """Checks, then the ceilings, then each network with the replicas that matter most, then with others."""
        near = SMALL[:1] if self.size == "tiny" else SMALL
        for name, call in checks(self.device, CHECKED[self.size], near):
            if self.budget.left < 2 / 3 * self.budget.seconds:
                self.say(f"out of time: {name}")
                continue
            check = Check.of(name, call)
            self.failed = self.failed or not check.held
            self.say(str(check))
        self.ceilings = ceilings(self.device, torch.bfloat16 if self.cuda else torch.float32)
        width = 2 if self.cuda else 4
        self.floors = {case.model: floor_of(case, self.ceilings, width) for case in self.cases}
        pool = None if self.cuda else stack.enter_context(trainers())
        for counts in COUNTS[self.size]:
            for case in self.cases:
                self.measure(case, counts, pool)
        self.load.append(os.getloadavg()[0])

    def measure(self, case: Case, counts: tuple[int, ...], pool: Trainers | None) -> None:
        """One network, all sides in turn; a side that fails, as for want of memory, is told, and the others go on."""
        asked = f"{case.model}, replicas {', '.join(map(str, counts))}"
        paces: dict[str, tuple[Side, float]] = {}
        for make in self.makers(case, counts, pool):
            if self.budget.left < ROUNDS * self.seconds * (4 + len(paces)):
                self.say(f"out of time: {asked}: after {', '.join(paces) or 'none'}")
                break
            try:
                for side in make():
                    paces[side.title] = side, pace(side.steps, self.seconds)
            except Exception as error:
                self.failed = True
                self.say(f"FAILED: {asked}: {type(error).__name__}: {' '.join(str(error).split())[:200]}")
        if not any(side.name == "ours" for side, _ in paces.values()):
            return
        bursts = {title: burst(step, case.epoch, self.seconds) for title, (_, step) in paces.items()}
        costs = {title: ROUNDS * bursts[title] * step for title, (_, step) in paces.items()}
        kept = fitting(costs, [title for title, (side, _) in paces.items() if side.name != "ours"], self.budget.left)
        for title in costs.keys() - set(kept):
            self.say(
                f"out of time: {case.model}, {title}: {costs[title]:.0f} s of {self.budget.left:.0f} s left for all"
            )
        sides = [(paces[title][0], bursts[title]) for title in kept]
        self.rows += interleaved(case.model, sides, case.epoch, ROUNDS)
        print(f"{asked}: {len(sides)} sides measured, {self.budget.left:.0f} s left", flush=True)

    def loops_of(self, case: Case) -> list[Side]:
        """The plain and the good loop, made once, since the compilation takes long."""
        if case not in self.loops:
            limit = 0.0 if self.size == "tiny" else min(60.0, self.budget.seconds / 9, self.budget.left / 4)
            compiled, note = good(case, self.device, limit)
            precision = "bfloat16" if self.cuda else "float32"
            sides = [Side("plain", 1, "float32", plain(case, self.device)), Side("good", 1, precision, compiled)]
            self.loops[case] = sides
            self.say(f"good loop, {case.model}: {note}")
        return self.loops[case]

    def makers(self, case: Case, counts: tuple[int, ...], pool: Trainers | None) -> Iterator[Callable[[], list[Side]]]:
        """What makes the sides: both loops, and lthcheck's stacks in every precision that they train with here."""
        yield lambda: self.loops_of(case)
        for count, precision in product(counts, [each for each in precisions(self.device) if each != "tf32"]):

            def made(count: int = count, precision: str = precision) -> list[Side]:
                steps = pool.ours(case, count) if pool else ours(case, range(count), self.device, precision)
                return [Side("ours", count, precision, steps)]

            yield made

    def say(self, text: str) -> None:
        """Now, and in the report."""
        self.said.append(text)
        print(text, flush=True)

    def text(self) -> str:
        """The report."""
        where = environment()
        cpu = f"{where['cores']} cores of {where['cpu']}"
        device = f"{torch.cuda.get_device_name(self.device)}, {cpu}" if self.cuda else cpu
        before, after = self.load
        flops, moved = f"{self.ceilings.flops / 1e12:.3g} TFLOP/s", f"{self.ceilings.bytes / 1e9:.4g} GB/s"
        lines = (
            "# Speed: a replica-step and a replica-epoch, side by side\n",
            f"    {shlex.join(['python', '-m', 'reports.speed', *sys.argv[1:]])}\n",
            f"{device}, torch {torch.__version__}, {where['date']}.",
            f"The load average was {before:.1f} before, which is 0 on a quiet machine, and {after:.1f} after.\n",
            f"Medians of n = {ROUNDS} bursts, all sides of a network in turn; a ratio is the median of its rounds'.",
            f"The loops had {torch.get_num_threads()} threads of torch, and the plain one its defaults, which on",
            "CUDA are tf32 for convolutions. lthcheck trained as its trainers do.",
            f"The floor is the longer of arithmetic, at {flops}, which a matrix product reached, and bytes with",
            f"BN and ReLU fused, at {moved}, which a copy did.\n",
            *(f"- {line}" for line in self.said),
            "",
            table(self.rows, self.floors),
        )
        return "\n".join(lines) + "\n"

    def raw(self) -> str:
        """Every number as JSON."""
        floors = {name: asdict(each) for name, each in self.floors.items()}
        values = {"argv": sys.argv[1:], "environment": environment(), "load": self.load, "said": self.said}
        values |= {"ceilings": asdict(self.ceilings), "floors": floors, "rows": [asdict(row) for row in self.rows]}
        return json.dumps(values, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
