"""`lthcheck plan`: what a study will take and can tell, before a minute is spent."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click

from lthcheck.cli.choice import StudyCommand, chosen, study_options


@click.command("plan", cls=StudyCommand, short_help="What a study will take and can tell.")
@study_options(without={"expect"})  # as `run`, so that one command becomes the other
@click.option("--json", "as_json", is_flag=True, help="A list with an object for each study instead of text.")
@click.option("--no-calibration", is_flag=True, help="Train nothing, and leave the time out.")
def command(*, as_json: bool, no_calibration: bool, **texts: Any) -> None:
    """What a study will take and can tell, before a minute is spent. Trains nothing that is kept.

    \b
    For each network on each data set:
      the trainings of each arm, and how many of them the store already holds;
      "N + up to M": the M may follow once more is known: probes at twice the epochs, and what the study may grow by;
      the parameters of dense, of the ticket at each sparsity, and of the small dense network (sdt);
      the time on this machine with all its cores, the optimiser steps over all replicas, and the disk space;
      where a ticket must lie for so many seeds to see it by the rule confident, and what the test set's size adds.

    The time comes from a few seconds of training on every core, so ask on a machine that is as busy as it will be.
    The options are those of `lthcheck run`: put the one word for the other.

    \b
    Examples:
      lthcheck plan                             # the preset default
      lthcheck plan --preset tiny --seeds 10    # ten seeds instead of its own
      lthcheck plan --model mlp-300-100,lenet5 --dataset fashion_mnist --sparsity 0.9
      lthcheck plan --no-calibration --json     # counts for a program, at once
    """  # noqa: D301
    from lthcheck import gpus
    from lthcheck.forecast import forecast
    from lthcheck.inquire import check_device
    from lthcheck.options import studies
    from lthcheck.report.forecast import forecast_text, together_text
    from lthcheck.store import Store, default_root

    options = chosen(texts)
    notes: list[str] = []
    store = Store(options.get("store", default_root()), notes.append)
    data_dir = Path(options["data-dir"]) if "data-dir" in options else None
    calibrated = not no_calibration
    if calibrated:
        check_device(options.get("device", "cpu"))
    with redirect_stdout(sys.stderr):  # what a loader of the user's own prints is no result
        on = gpus.named(options.get("device", "cpu"))
        found, together = forecast(studies(options), store, data_dir=data_dir, calibrated=calibrated, on=on)
    records = [each.as_json() | {"together": together.as_json()} for each in found]
    for note in notes:
        click.echo(note, err=True)
    if as_json:
        click.echo(json.dumps(records, indent=1))
        return
    blocks = [forecast_text(record, calibrated=calibrated) for record in records]
    if len(records) > 1:
        blocks.append(together_text(records, calibrated=calibrated))
    click.echo("\n\n\n".join(blocks))
