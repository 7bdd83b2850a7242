"""How cost grows: training with replicas, sparsities, seeds and processes; planning to report with the number of runs.

    python reports/growth.py            # some minutes; --brief: a quick look, in a folder of its own

Training is real, on noise of the size of MNIST-1D. Planning, evidence, verdict and report are measured on stores that
hold planted results of 10 000 test samples (tests/filled.py), each size in processes of its own, so that the peak of
memory is that size's. Writes reports/examples/growth.md and its figure.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tabulate import tabulate

from lthcheck.report.environment import environment
from lthcheck.report.figures.sheet import png
from lthcheck.report.figures.theme import DARK, LIGHT, Theme

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import filled

FOLDER = Path(__file__).parent / "examples"
TITLE = "How cost grows"
MODELS = ("mlp-64-32", "mlp-300-100")
STAGES = ("plan", "plan, all stored", "evidence", "verdict, paper", "verdict, confident", "report")
COLOURS = ("#0072b2", "#56b4e9", "#009e73", "#e69f00", "#cc79a7", "#d55e00")
LRS, RUNGS = 5, 10  # times 5 arms, and dense: 255 rows a seed


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brief", action="store_true", help="small sizes, once each")
    parser.add_argument("--rounds", type=int, default=2, help="how often each number of runs is measured")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--child", nargs=4, metavar=("STAGE", "SEEDS", "DATA", "STORE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        stage, seeds, data, store = chosen.child
        print(json.dumps(CHILDREN[stage](filled.study(data, **size(int(seeds))), store)))
        return
    out = chosen.out or (Path(tempfile.mkdtemp(prefix="growth-")) if chosen.brief else FOLDER)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["LTHCHECK_CACHE"] = scratch
        by_runs = runs(
            (1, 2) if chosen.brief else (1, 2, 4, 8, 16), Path(scratch), rounds=1 if chosen.brief else chosen.rounds
        )
        by_replicas = replicas((1, 8) if chosen.brief else (1, 2, 4, 8, 12, 16), rounds=3 if chosen.brief else 7)
        by_study = studies((1, 2) if chosen.brief else (1, 2, 4), Path(scratch))
    found = {"runs": by_runs, "replicas": by_replicas, "studies": by_study}
    out.mkdir(parents=True, exist_ok=True)
    command = "python reports/growth.py" + (" --brief" if chosen.brief else f" --rounds {chosen.rounds}")
    (out / "growth.md").write_text(page(found, command, time.monotonic() - began))
    for theme in (LIGHT, DARK):
        (out / f"growth{theme.suffix}.png").write_bytes(png(theme, (10, 6.6), TITLE, partial(paint, found, theme)))
    print(out / "growth.md")


def size(seeds: int) -> dict[str, Any]:
    """A study of about 255 runs a seed."""
    return {"model": "mlp-64-32", "lrs": LRS, "rungs": RUNGS, "seeds": seeds}


# --- planning, evidence, verdict, report ---


def runs(seeds: Sequence[int], scratch: Path, *, rounds: int) -> list[dict[str, Any]]:
    """By number of seeds, what each stage takes: seconds of the processor of every round, MiB at the peak."""
    from lthcheck.store import Store

    data = filled.blobs(scratch / "planted.npz", test=10_000)
    for each in reversed(seeds):  # the smaller studies lie in the largest, but for some probes
        filled.fill(filled.study(data, **size(each)), Store(scratch / "planted"))
    found: list[dict[str, Any]] = [{} for _ in seeds]
    for _ in range(rounds):
        for each, told in zip(seeds, found, strict=True):
            for child in CHILDREN:
                store = scratch / ("empty" if child == "plan" else "planted")
                command = [sys.executable, __file__, "--child", child, str(each), data, str(store)]
                answer = subprocess.run(command, check=True, capture_output=True, text=True)
                for stage, value in json.loads(answer.stdout).items():
                    told.setdefault(stage, []).append(value)
    return found


def planned(study: Any, store: str) -> dict[str, Any]:
    """`lthcheck plan`, without its calibration."""
    from lthcheck.forecast import forecast
    from lthcheck.store import Store

    (found,), seconds = timed(lambda: forecast([study], Store(store), calibrated=False)[0])
    stage = "plan" if found.cost.stored == 0 else "plan, all stored"
    return {stage: seconds, f"{stage}, MiB": peak()}


def reported(study: Any, store: str) -> dict[str, Any]:
    """What `lthcheck run` does where all is stored."""
    from lthcheck.execute.answer import answer
    from lthcheck.finding import Finding
    from lthcheck.store import Store
    from lthcheck.verdict.judge import judge

    told: dict[str, Any] = {"before, MiB": peak()}
    ((found,), _), told["evidence"] = timed(lambda: answer({study: study.questions()}, Store(store)))
    told |= {"runs": found.cost["trainings"], "evidence, MiB": peak()}
    _, told["verdict, paper"] = timed(lambda: judge(found.rows))
    judge(found.rows[:0], rule="confident")  # which imports scipy, once
    _, told["verdict, confident"] = timed(lambda: judge(found.rows, rule="confident", test_size=found.test_size))
    rows, layers, size = tuple(found.rows), found.layers, found.test_size
    finding = Finding(study=found.as_json(), rows=rows, test_size=size, cost=found.cost, layers=layers)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()  # on the clock: processes share the drawing
        files = finding.write(Path(folder), {})
        told["report"] = time.perf_counter() - began
    return told | {"pictures": sum(file.suffix == ".png" for file in files), "report, MiB": peak()}


CHILDREN: dict[str, Callable[[Any, str], dict[str, Any]]] = {
    "plan": planned,
    "plan, all stored": planned,
    "report": reported,
}


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and its seconds of the processor: other processes on the machine do not count."""
    began = time.process_time()
    given = work()
    return given, time.process_time() - began


def peak() -> float:
    """MiB that the process has needed so far; getrusage would begin with what its parent needed."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


# --- training ---


def replicas(counts: Sequence[int], *, rounds: int) -> dict[str, dict[int, list[float]]]:
    """By network and size of the stack, milliseconds a replica-step on one core, of every round."""
    import torch

    from lthcheck import zoo
    from lthcheck.data import load
    from lthcheck.data.resident import Resident
    from lthcheck.run import Data, Dense, Init, Optimiser, Run, Training
    from lthcheck.training.realise import replica
    from lthcheck.training.train import backend, train

    torch.set_num_threads(1)
    steps = 40
    how = Training(lr=0.1, batch=100, steps=steps, optimiser=Optimiser("sgd", 0.9, 5e-4))
    with tempfile.TemporaryDirectory() as folder:
        data = load(filled.blobs(Path(folder) / "noise.npz", shape=(40,), train=4000))
    word, stacks = Data("own", data.fingerprint), {}
    for model in MODELS:
        network = zoo.network(model, (40,), 4)
        for count in counts:
            made = [Run(network, word, how, Init(network, "pytorch", s), Dense(), s) for s in range(count)]
            resident = Resident.put(data, torch.device("cpu"))
            stacks[model, count] = backend([replica(run, lambda *_: ({}, {})) for run in made], resident)
    found: dict[str, dict[int, list[float]]] = {model: {count: [] for count in counts} for model in MODELS}
    for number in range(rounds + 1):  # the first is not counted
        for (model, count), stack in stacks.items():  # side by side, so that a busy moment hits all
            _, seconds = timed(lambda stack=stack: train(stack, 0, steps))
            if number:
                found[model][count].append(1000 * seconds / steps / count)
    return found


def studies(counts: Sequence[int], scratch: Path) -> list[dict[str, Any]]:
    """Whole studies through the pool, by what grows: trainings, and seconds from the question to the evidence."""
    from lthcheck.execute.answer import answer
    from lthcheck.store import Store

    data = filled.blobs(scratch / "trained.npz", shape=(40,), train=4000)
    found = []
    for trainers in (1, 2):
        for what in ("sparsities", "seeds"):
            for count in counts:
                grown = {"rungs": count, "seeds": 2} if what == "sparsities" else {"rungs": 2, "seeds": count}
                study = filled.study(data, model="mlp-64-32", lrs=3, **grown, epochs=5, batch=100)
                with tempfile.TemporaryDirectory(dir=scratch) as store:
                    began = time.perf_counter()
                    _, progress = answer({study: study.questions()}, Store(store), trainers=trainers)
                    seconds = time.perf_counter() - began
                found.append(
                    {"what": what, "count": count, "trainers": trainers, "runs": progress.trained, "seconds": seconds}
                )
    return found


# --- the page ---


def page(found: Mapping[str, Any], command: str, seconds: float) -> str:
    """The page in Markdown."""
    where, rounds = environment(), len(found["runs"][0]["plan"])
    most = max(told["runs"][0] for told in found["runs"])
    return f"""# {TITLE}

`{command}`, {seconds / 60:.0f} min on {where["cores"]} cores ({where["cpu"]}), torch {where["torch"]}, \
{where["date"]}.

{picture()}

## Planning, evidence, verdict and report, by runs

{LRS} lrs, {RUNGS} sparsities, IMP and OMP, 1 to 16 seeds; `mlp-64-32`, 10 000 test samples, all planted. Seconds of
the processor, n = {rounds} (the lowest, in brackets the highest), of the report on the clock, since each core draws;
`lthcheck plan` without its calibration; a report has all its figures, for light and dark pages,
{found["runs"][0]["pictures"][0]} pictures at any number of seeds.

{stage_table(found["runs"])}

Peak memory of the process, MiB, Python and its libraries included; in brackets KiB a run beyond those of the smallest
study.

{memory_table(found["runs"])}

The largest study has {most:,} runs. {growth(found["runs"])}

## Training, by replicas in a stack

Milliseconds a replica-step on one core: median of {len(next(iter(found["replicas"][MODELS[0]].values())))} (lowest to
highest), all sizes in turn. Batch 100, 4 000 samples of 40 numbers.

{replica_table(found["replicas"])}

## Training, by sparsities, seeds and processes

Whole studies of `mlp-64-32` from the question to the evidence, 3 lrs, 5 epochs of 40 steps, IMP and OMP: wall seconds,
n = 1, the start of the trainers included. By sparsities with 2 seeds, by seeds with 2 sparsities.

{study_table(found["studies"])}
"""


def picture() -> str:
    """The figure for light and dark pages."""
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="growth{DARK.suffix}.png">'
        f'<img alt="{TITLE}" src="growth.png"></picture>'
    )


def stage_table(by_runs: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [f"{told['runs'][0]:,}", *(f"{min(told[stage]):.2f} ({max(told[stage]):.2f})" for stage in STAGES)]
        for told in by_runs
    ]
    return tabulate(rows, ["runs", *STAGES], "github", disable_numparse=True)


def memory_table(by_runs: Sequence[Mapping[str, Any]]) -> str:
    stages = ("plan", "plan, all stored", "evidence", "report")
    first, rows = by_runs[0], []
    for told in by_runs:
        more = told["runs"][0] - first["runs"][0]
        cells = []
        for stage in stages:
            now, then = (min(each[f"{stage}, MiB"]) for each in (told, first))
            cells.append(f"{now:.0f}" + (f" ({1024 * (now - then) / more:.1f})" if more else ""))
        rows.append([f"{told['runs'][0]:,}", *cells])
    return tabulate(rows, ["runs", *stages], "github", disable_numparse=True)


def growth(by_runs: Sequence[Mapping[str, Any]]) -> str:
    """By which power of the runs each stage grows, from the second size to the last."""
    import math

    low, high = by_runs[len(by_runs) // 2 - 1], by_runs[-1]
    ratio = math.log(high["runs"][0] / low["runs"][0])
    powers = (f"{stage} {math.log(min(high[stage]) / min(low[stage])) / ratio:.2f}" for stage in STAGES)
    return f"From {low['runs'][0]:,} runs on, time grows with this power of them: {', '.join(powers)}."


def replica_table(by_replicas: Mapping[str, Mapping[int, Sequence[float]]]) -> str:
    rows = []
    for model, by_count in by_replicas.items():
        cells = [f"{statistics.median(t):.3f} ({min(t):.3f} to {max(t):.3f})" for t in by_count.values()]
        rows.append([model, *cells])
    heads = ["network", *(f"{count}" for count in next(iter(by_replicas.values())))]
    return tabulate(rows, heads, "github", disable_numparse=True)


def study_table(by_study: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [each["what"], each["count"], each["trainers"], each["runs"], f"{each['seconds']:.1f}",
         f"{1000 * each['seconds'] / each['runs']:.0f}"]
        for each in by_study
    ]  # fmt: skip
    heads = ["what grows", "to", "processes", "trainings", "seconds", "ms a training"]
    return tabulate(rows, heads, "github", disable_numparse=True)


def paint(found: Mapping[str, Any], theme: Theme, figure: Any) -> None:
    """Training above, the rest below."""
    (stack, sparsities, seeds), (seconds, memory, none) = figure.subplots(2, 3)
    none.set_axis_off()
    for (model, by_count), colour, marker in zip(found["replicas"].items(), COLOURS, "os", strict=False):
        middle = [statistics.median(times) for times in by_count.values()]
        stack.plot(list(by_count), middle, marker=marker, color=colour, label=model)
    stack.set(title="one core", xlabel="replicas in a stack", ylabel="ms a replica-step")
    stack.set_ylim(bottom=0)
    for axes, what in ((sparsities, "sparsities"), (seeds, "seeds")):
        for trainers, colour, marker in ((1, COLOURS[0], "o"), (2, COLOURS[5], "s")):
            points = [each for each in found["studies"] if (each["what"], each["trainers"]) == (what, trainers)]
            label = f"{trainers} process{'es' if trainers > 1 else ''}"
            xs, ys = ([each[name] for each in points] for name in ("count", "seconds"))
            axes.plot(xs, ys, marker=marker, color=colour, label=label)
        axes.set(title="a study", xlabel=what, ylabel="seconds, trained")
        axes.set_ylim(bottom=0)
    counts = [told["runs"][0] for told in found["runs"]]
    for stage, colour, marker in zip(STAGES, COLOURS, "os^Dvx", strict=True):
        seconds.plot(counts, [min(told[stage]) for told in found["runs"]], marker=marker, color=colour, label=stage)
    seconds.set(title="planted", xlabel="runs", ylabel="seconds", xscale="log", yscale="log")
    seconds.set_xticks(sizes := [told["runs"][0] for told in found["runs"]], [f"{size:,}" for size in sizes])
    seconds.minorticks_off()
    for stage, colour, marker in zip(("plan", "evidence", "report"), (COLOURS[0], COLOURS[2], COLOURS[5]), "o^x"):  # noqa: B905
        memory.plot(
            counts, [min(told[f"{stage}, MiB"]) for told in found["runs"]], marker=marker, color=colour, label=stage
        )
    memory.set(title="planted", xlabel="runs", ylabel="peak memory, MiB")
    memory.set_ylim(bottom=0)
    for axes in (stack, sparsities, seeds, memory):
        axes.legend(fontsize=7, labelcolor=theme.ink, facecolor=theme.paper)
    none.legend(*seconds.get_legend_handles_labels(), loc="center left", labelcolor=theme.ink, facecolor=theme.paper)
    for axes in (stack, sparsities, seeds, seconds, memory):
        axes.grid(color=theme.grid)


if __name__ == "__main__":
    main()
