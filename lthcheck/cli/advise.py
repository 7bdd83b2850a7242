"""`lthcheck advise`: what to try first on a network and data set, and why."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from typing import Any

import click

from lthcheck.cli.choice import chosen, study_options

ASKED = ("import", "model", "dataset", "recipe", "epochs", "seeds", "store", "data-dir", "device")


@click.command("advise", short_help="What to try first, and why.")
@study_options(only=ASKED)
@click.option("--json", "as_json", is_flag=True, help="A list with an object for each network and data set.")
@click.option("--no-calibration", is_flag=True, help="Train nothing, and leave the time out.")
def command(*, as_json: bool, no_calibration: bool, **texts: Any) -> None:
    """What to try first on a network and data set, and why. Trains nothing that is kept.

    \b
    It goes by the guideline of Ma et al. 2021 (sec. 3.2) and by the studies on record:
      the method and the lrs, by whether the network has residual connections and how large the data is;
      the sparsities, by how many parameters there are for each training sample;
      what the store has shown already: dense's best lr, under-training, tickets that stood, cells judged none.
    Each part has its reason and source. The last line is a `lthcheck run` that asks it; above it stands what it costs.

    Without --recipe it is the one measured on the data set (mnist1d, digits), or else ma2021. Where the store refutes
    the number of epochs that you ask for, more are suggested, and that is said.

    \b
    Examples:
      lthcheck advise --model mlp-64-32 --dataset mnist1d
      lthcheck advise --model resnet20,lenet5 --dataset fashion_mnist --epochs 20
      lthcheck advise --import mine.py --model mine --dataset mine.npz --recipe mnist1d
      lthcheck advise --model lenet5 --dataset mnist --no-calibration --json
    """  # noqa: D301 - click wants the character itself
    from lthcheck.advice.advise import advise
    from lthcheck.inquire import check_device
    from lthcheck.report.advice import advice_text
    from lthcheck.store import Store, default_root

    options = chosen(texts)
    notes: list[str] = []
    calibrated = not no_calibration
    if calibrated:
        check_device(options.get("device", "cpu"))
    store = Store(options.get("store", default_root()), notes.append)
    with redirect_stdout(sys.stderr):  # what a loader of the user's own prints is no result
        records = [each.as_json() for each in advise(options, store, calibrated=calibrated)]
    for note in notes:
        click.echo(note, err=True)
    if as_json:
        click.echo(json.dumps(records, indent=1, ensure_ascii=False))
        return
    click.echo("\n\n\n".join(advice_text(record, calibrated=calibrated) for record in records))
