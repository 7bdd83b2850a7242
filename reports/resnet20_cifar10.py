"""The study that Ma et al. 2021 opens with, on the real CIFAR-10, in as many sittings as it takes.

    python reports/resnet20_cifar10.py --data-dir DIR --to study.pack --minutes 9
    python reports/resnet20_cifar10.py --data-dir DIR --from study.pack --to study2.pack --minutes 9

ResNet-20, recipe ma2021 (160 epochs, batch 64), learning rates 0.01 and 0.1, three seeds; IMP in rounds of 20 % and
OMP, judged at the rungs s = 0.672, 0.832 and 0.914; dense, LT, RR and SDT: 144 trainings, and the probes at 320 epochs
that condition 1 asks for. Once that has a verdict, the same with learning rates 0.005 and 0.05, then 0.001 and 0.15
besides. `--batch-size 128` departs from the paper where a step of 64 does not fill the GPU, and the report says so.

A sitting unpacks what the one before has packed (`--from`, all parts), trains until the study is done or `--minutes`
are over, counted from the start (it stops as after Ctrl-C: what was begun goes on from its last checkpoint, at most
15 s back), packs all that is needed to go on (`--to`, in parts with `--part-size 15MB`), and writes the report: how far
it got, and the accuracies beside those that were published. Leave a minute for packing. `--minutes 0` only reports.

Without CUDA, or with `--small`, it is a study that two cores finish in minutes, on the same way: resnet8-w0.5 on 2 000
images of CIFAR-10, for a few epochs. Its numbers say nothing about the paper's.

On a machine without network: CIFAR-10 lies in DIR as `torchvision.datasets.CIFAR10(DIR)` has it, the repository is
copied there and is the current folder, and beside Python 3.11 or later these packages can be imported: torch, numpy,
scipy, safetensors, click, filelock, platformdirs, cloudpickle, tabulate, tqdm, pillow and matplotlib (neither mnist1d
nor pytest). Those that are missing travel as wheels; where torch is installed that may be platformdirs alone, 90 kB:

    python -m pip download --no-deps -d wheels platformdirs                           # with network
    python -m pip install --no-index --no-deps --target site wheels/*.whl             # without
    export PYTHONPATH=site:.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, stdev

from tabulate import tabulate

from lthcheck.cli.output import shown
from lthcheck.duration import duration
from lthcheck.evidence import Row
from lthcheck.execute.error import Interrupted, TrainerError
from lthcheck.execute.progress import Progress
from lthcheck.execute.wants import Wants, ancestors
from lthcheck.forecast import Forecast, forecast
from lthcheck.inquire import inquire
from lthcheck.options import parsed, studies
from lthcheck.quantity import count
from lthcheck.report import atomic
from lthcheck.report.environment import environment
from lthcheck.report.headline import headline
from lthcheck.report.provenance import environment_lines
from lthcheck.size import in_bytes, size
from lthcheck.store import Store, default_root, ledger
from lthcheck.store.pack import pack
from lthcheck.store.parts import refuse_taken
from lthcheck.store.unpack import unpack, verified
from lthcheck.study import Study

EXAMPLES = Path(__file__).parent / "examples"


@dataclass(frozen=True)
class Size:
    """A study in stages, each with more learning rates than the one before.

    Attributes:
        options: of `lthcheck run`, as they are typed.
        lrs: of each stage.
        published: whether its numbers can be held against the paper's.
    """

    title: str
    report: Path
    options: dict[str, str]
    lrs: tuple[str, ...]
    published: bool = False


FULL = Size(
    "ResNet-20 on CIFAR-10, recipe ma2021",
    EXAMPLES / "resnet20-cifar10.md",
    {"model": "resnet20", "dataset": "cifar10", "recipe": "ma2021", "sparsity": "0.672,0.832,0.914", "seeds": "3"}
    | {"method": "imp,omp", "device": "cuda"},
    ("0.01,0.1", "0.005,0.01,0.05,0.1", "0.001,0.005,0.01,0.05,0.1,0.15"),
    published=True,
)
SMALL = Size(
    "The way of the ResNet-20 study, small: resnet8-w0.5 on 2 000 images of CIFAR-10",
    EXAMPLES / "resnet20-cifar10-small.md",
    {"model": "resnet8-w0.5", "dataset": "cifar10-2000", "recipe": "ma2021", "sparsity": "0.672", "seeds": "2"}
    | {"method": "imp,omp", "epochs": "4", "batch-size": "100"},
    ("0.02,0.1", "0.02,0.05,0.1"),
)

# Ma et al. 2021, ResNet-20 on CIFAR-10, by arm, method, sparsity and lr. Dense: the pretrained networks of Table 4
# (0.01, 0.1), and the text (0.005). Tickets: Table 4, s = 0.914, mask and ticket of the same lr, as they are here.
PUBLISHED: dict[tuple[str, str | None, float | None, float], float] = {
    ("dense", None, None, 0.005): 0.896,
    ("dense", None, None, 0.01): 0.903,
    ("dense", None, None, 0.1): 0.924,
    ("lt", "imp", 0.914, 0.01): 0.894,
    ("lt", "imp", 0.914, 0.1): 0.873,
    ("lt", "omp", 0.914, 0.01): 0.865,
    ("lt", "omp", 0.914, 0.1): 0.872,
}


@dataclass
class Stage:
    """A study, and what became of it in this sitting.

    Attributes:
        id: under which it is on record.
        told: a line for each verdict, once there is one.
        failed: whether it stopped for another reason than time or Ctrl-C.
    """

    study: Study
    chosen: dict[str, object]
    want: Wants
    id: str
    finished: bool = False
    failed: bool = False
    told: list[str] = field(default_factory=list)


def main(argv: Sequence[str] | None = None) -> int:
    """One sitting; gives 0 where it went well, however far it got."""
    began = time.monotonic()
    typed = sys.argv[1:] if argv is None else list(argv)
    options = _options(typed)
    options.command = shlex.join(["python", "reports/resnet20_cifar10.py", *typed])
    try:
        return _sitting(options, began)
    except (ValueError, OSError) as error:
        _say(f"Error: {error}")
        return 2


def _sitting(options: argparse.Namespace, began: float) -> int:
    chosen_size = SMALL if options.small or not (options.full or _cuda()) else FULL
    most = None if options.part_size is None else in_bytes(options.part_size)
    if options.to is not None:
        refuse_taken(options.to)  # now, and not after hours
    packs = verified(options.packs)
    store = Store(options.store or default_root())
    for each in packs:
        done = unpack(store, each)
        _say(f"unpacked {count(done.new, 'new file')}, {done.there} there already", *done.told)
    until = None if options.minutes is None else began + 60 * options.minutes
    stages = list(_stages(chosen_size, options, store, until))
    if options.to is not None:  # before the report: time may be short
        on_record = [found for stage in stages if (found := ledger.read(store.root, stage.id)) is not None]
        made = pack(store.root, on_record, options.to, weights=True, part_size=most)
        _say(f"packed {size(made.bytes)}: {', '.join(map(str, made.files))}")
    report = _text(chosen_size, stages, store, options)
    _say(f"report: {atomic.write_bytes(options.report or chosen_size.report, report.encode())}")
    return int(any(stage.failed for stage in stages))


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help="where CIFAR-10 lies; without, $LTHCHECK_DATA")
    parser.add_argument("--store", type=Path, metavar="DIR", help="without, the one in the user's cache")
    parser.add_argument("--from", dest="packs", type=Path, nargs="+", default=[], metavar="PACK", help="unpack first")
    parser.add_argument("--to", type=Path, metavar="PACK", help="pack at the end")
    parser.add_argument("--part-size", metavar="SIZE", help="of packs, e.g. 15MB")
    parser.add_argument("--minutes", type=float, metavar="N", help="stop training then; 0 only reports")
    parser.add_argument("--batch-size", metavar="N", help="in place of the recipe's 64")
    parser.add_argument("--also", nargs="+", default=[], metavar="NAME=VALUE", help="other options of `lthcheck run`")
    parser.add_argument("--report", type=Path, metavar="FILE", help="without, in reports/examples")
    parser.add_argument("--report-dir", metavar="DIR", default="reports", help="for the whole report on each verdict")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--small", action="store_true", help="the study of minutes, also where there is CUDA")
    which.add_argument("--full", action="store_true", help="the paper's, to report it where there is no CUDA")
    return parser.parse_args(argv)


def _cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def _stages(chosen_size: Size, options: argparse.Namespace, store: Store, until: float | None) -> Iterator[Stage]:
    """The stages of a study, each trained as far as time allows; the first that is not finished is the last."""
    for lrs in chosen_size.lrs:
        stage = _stage(chosen_size, options, store, lrs)
        _say(stage.study.summary)
        try:
            _train(stage, options, until)
        except (Interrupted, TrainerError) as stopped:  # what was finished travels either way
            _say("", str(stopped))
            stage.failed = isinstance(stopped, TrainerError)
        yield stage
        if not stage.finished:
            return


def _stage(chosen_size: Size, options: argparse.Namespace, store: Store, lrs: str) -> Stage:
    texts = chosen_size.options | {"lr": lrs, "store": str(store.root), "report-dir": options.report_dir}
    texts |= {} if options.batch_size is None else {"batch-size": options.batch_size}
    texts |= {} if options.data_dir is None else {"data-dir": str(options.data_dir)}
    texts |= dict(text.split("=", 1) for text in options.also)
    chosen = parsed(texts)
    (study,) = studies(chosen)
    want = Wants(study, store, options.data_dir)
    return Stage(study, chosen, want, ledger.identity(want.arms.made.values()))


def _train(stage: Stage, options: argparse.Namespace, until: float | None) -> None:
    """Trains what is missing, and writes the report on a study that is finished.

    Raises:
        Interrupted: on Ctrl-C, and when time is over.
    """

    def show(progress: Progress) -> None:
        shown(progress)
        if over(progress, until):
            raise KeyboardInterrupt

    questions = stage.study.questions()
    if options.minutes == 0:  # also of a study for a GPU, where there is none
        stage.finished = not stage.want.demands(questions)
        return
    found = inquire({stage.study: questions}, stage.chosen, command=options.command, show=show)
    stage.finished = bool(found.records)
    stage.told = [headline(record) for record in found.records]
    _say("", *stage.told, *found.notes)


def over(progress: Progress, until: float | None) -> bool:
    """Whether it is time to stop; asked several times a second while there is training."""
    return until is not None and time.monotonic() >= until


def _text(chosen_size: Size, stages: Sequence[Stage], store: Store, options: argparse.Namespace) -> str:
    """The report: how far each stage is, and the accuracies so far."""
    found, _ = forecast([stage.study for stage in stages], store, data_dir=options.data_dir, calibrated=False)
    last = found[-1]
    blocks = [
        f"# {chosen_size.title}: {last.cost.stored} of {last.cost.trainings} trainings",
        _how_far(chosen_size, stages, store),
        _by_arm(last),
        "## Accuracies",
        _accuracies(stages[-1], published=chosen_size.published),
        "## Study",
        "\n".join(f"- {stage.study.summary}" for stage in stages),
        "## Environment",
        "\n".join(f"- {line}" for line in environment_lines({"environment": environment()})),
        "## Again",
        f"```sh\n{options.command}\n```",
    ]
    return "\n\n".join(blocks) + "\n"


def _how_far(chosen_size: Size, stages: Sequence[Stage], store: Store) -> str:
    """A sentence on each stage, and what the trainings so far have taken."""
    records = {key: result for stage in stages for key in _keys(stage) if (result := store.result(key)) is not None}
    lines = []
    for number, lrs in enumerate(chosen_size.lrs):
        stage = stages[number] if number < len(stages) else None
        if stage is None or not stage.want.rows:
            lines.append(f"- lr {lrs}: not begun")
            continue
        said = " ".join(["finished.", *stage.told]) if stage.finished else "on its way, no verdict yet"
        lines.append(f"- lr {lrs}: {said}")
    seconds = sum(result["seconds"] for result in records.values())
    steps = sum(result["steps"] for result in records.values())
    spent = f"{count(len(records), 'training')} so far: {steps:,} steps, {duration(seconds)} of the trainings' own time"
    return "\n".join(lines) + f"\n\n{spent}."


def _keys(stage: Stage) -> set[str]:
    stage.want.demands(stage.study.questions())
    runs = stage.want.slots.values()
    return {run.key for run in runs} | ancestors(runs).keys()


def _by_arm(found: Forecast) -> str:
    costs = found.arms | {"together": found.cost}
    rows = [
        [arm, cost.stored, f"{cost.trainings}" + (f" + up to {cost.later}" if cost.later else "")]
        for arm, cost in costs.items()
    ]
    return tabulate(rows, ("arm", "done", "of"), "github", disable_numparse=True, colalign=("left", "right", "right"))


def _accuracies(stage: Stage, *, published: bool) -> str:
    """Mean, sample sd and number of seeds by arm and lr, the published mean below where there is one."""
    stage.want.demands(stage.study.questions())
    cells: dict[tuple[str, str, str, str], dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    said: dict[tuple[str, str, str, str], dict[float, float]] = defaultdict(dict)
    epochs = min(row.epochs or 0 for row in stage.want.rows.values()) if stage.want.rows else 0
    for row in stage.want.rows.values():
        place = (
            str(row.arm),
            row.method or "",
            "" if row.sparsity is None else f"{row.sparsity:.3f}",
            f"{row.epochs:g}",
        )
        cells[place][row.lr].append(row.accuracy)
        known = _published(row) if published and row.epochs == epochs else None
        if known is not None:
            said[place][row.lr] = known
    if not cells:
        return "None yet."
    lrs = sorted({lr for by_lr in cells.values() for lr in by_lr})
    rows = []
    for place in sorted(cells, key=lambda each: (each[3] != f"{epochs:g}", each)):
        rows.append([*place, *(_cell(cells[place].get(lr, [])) for lr in lrs)])
        if said[place]:
            mine = [f"{100 * said[place][lr]:.1f}" if lr in said[place] else "" for lr in lrs]
            rows.append(["published", *place[1:], *mine])
    heads = ("arm", "method", "sparsity", "epochs", *(f"lr {lr:g}" for lr in lrs))
    against = (
        " Published: Ma et al. 2021, Table 4, and 89.6 of the text for dense at lr 0.005; three repeats each."
        if published
        else " A study of this size stands for no published number."
    )
    return f"Percent, mean ± sample sd (seeds).{against}\n\n" + tabulate(rows, heads, "github", disable_numparse=True)


def _published(row: Row) -> float | None:
    sparsity = None if row.sparsity is None else round(row.sparsity, 3)
    return PUBLISHED.get((row.arm, row.method, sparsity, row.lr))


def _cell(accuracies: Sequence[float]) -> str:
    if not accuracies:
        return ""
    spread = f" ± {100 * stdev(accuracies):.1f}" if len(accuracies) > 1 else ""
    return f"{100 * fmean(accuracies):.1f}{spread} ({len(accuracies)})"


def _say(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
