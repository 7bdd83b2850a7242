"""`lthcheck export`: a ticket for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lthcheck.cli import complete
from lthcheck.cli.choice import folder_option
from lthcheck.cli.output import shown
from lthcheck.cli.place import root_of, store_option, studies_named

if TYPE_CHECKING:
    from lthcheck.store.ledger import Entry, NeededRun


@click.command("export", short_help="Write a ticket for other programs.")
@click.argument("source", metavar="STUDY|RUN", shell_complete=complete.studies)
@click.option(
    "--method", metavar="NAME", shell_complete=complete.option("method"), help="How its mask was found, e.g. imp."
)
@click.option("--sparsity", metavar="X", type=float, help="Fraction of the prunable weights removed.")
@click.option("--lr", metavar="X", type=float, help="The learning rate that it was trained with.")
@click.option("--seed", metavar="N", type=int, help="The replicate; without, 0.")
@folder_option("--out", required=True, help="Where the files go.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["safetensors", "prune", "both"]),
    default="both",
    show_default=True,
    help="safetensors: theta_0, mask and trained weights; prune: a state dict for torch.nn.utils.prune.",
)
@click.option("--train", is_flag=True, help="Train the run again where the store does not keep its weights.")
@click.option(
    "--import",
    "imported",
    metavar="FILE",
    shell_complete=complete.files,
    help="Python file or module that registers a network of your own.",
)
@store_option
@folder_option("--data-dir", help="For --train: where data sets lie.")
@click.option("--json", "as_json", is_flag=True, help="An object instead of lines.")
def command(
    source: str,
    out: str,
    form: str,
    train: bool,
    imported: str | None,
    store: str | None,
    data_dir: str | None,
    as_json: bool,
    **choice: Any,
) -> None:
    """Writes a ticket as safetensors: theta_0 before masking, the mask, the trained weights, and how to load them.

    STUDY is a study on record (its name, preset, or the beginning of its id): without further options the ticket is the
    one that its verdict speaks of, of seed 0. RUN is the beginning of a run's key, as `lthcheck ls STUDY` and the
    reports show it; a dense run is a ticket with nothing pruned. ticket.json holds the lines of Python that load
    the files, into a plain torch module and through torch.nn.utils.prune. The store keeps the weights of dense and lt
    runs; --train trains any other once more for its own, to the same bits.

    \b
    Examples:
      lthcheck export tiny --out ticket
      lthcheck export tiny --method imp --sparsity 0.672 --lr 0.2 --seed 1 --out ticket
      lthcheck export tiny --format prune --out ticket
      lthcheck export 51e6f54a6aa5 --train --out ticket
    """  # noqa: D301 - click wants the character itself
    from lthcheck.extension import load
    from lthcheck.quantity import check_real
    from lthcheck.report.folder import made as folder_made
    from lthcheck.store import Store

    if (sparsity := choice["sparsity"]) is not None:
        check_real("sparsity", sparsity, lambda value: 0 < value < 1, "must be in (0, 1); write 0.9 for 90 %")
    if imported is not None:
        load(imported)
    root = root_of(store)
    key, entry = _chosen(root, source, {name: value for name, value in choice.items() if value is not None})
    run = None if entry is None else next(run for run in entry.runs if run.key == key)
    folder = Path(out)

    from lthcheck.ticket import FORMATS, check_free, check_registered, save, ticket

    formats = tuple(FORMATS) if form == "both" else (form,)
    if train:
        from lthcheck.execute.again import train_again

        if entry is None or run is None:
            raise ValueError(f"run {key[:12]} must be of a study on record for --train; ask its study again")
        if (before := Store(root).result(key)) is not None:
            check_registered(before)
        check_free(folder_made("out", folder), [name for which in formats for name in FORMATS[which]])
        train_again(Store(root), entry, run, data_dir=Path(data_dir) if data_dir else None, show=shown)
        click.echo("", err=True)

    made = ticket(Store(root), key)
    written = save(made, folder_made("out", folder), formats)
    result = made.result
    if as_json:
        values = {"run": key, "accuracy": result["accuracy"], "sparsity": made.sparsity, "files": [*map(str, written)]}
        click.echo(json.dumps(values, indent=1, ensure_ascii=False))
        return
    click.echo(
        f"run {key[:12]}{_place(run)}: {made.network.name}, accuracy {100 * result['accuracy']:.2f} %, "
        f"{result['params']:,} of {result['params_dense']:,} parameters"
    )
    for path in written:
        click.echo(path)


def _chosen(root: Path, source: str, choice: dict[str, Any]) -> tuple[str, Entry | None]:
    """The key of the run that is meant, and a study on record that needs it."""
    from lthcheck.store import Store
    from lthcheck.store.ledger import entries, matching
    from lthcheck.witness import witness

    known, _ = entries(root)
    if not matching(known, source):
        keys = [key for key in list(Store(root).keys()) if source and key.startswith(source.lower())]
        if len(keys) > 1:
            raise ValueError(f"run={source!r} begins {len(keys)} keys; give more of it: {', '.join(keys[:4])}")
        if keys and choice:
            names = ", ".join(f"--{name}" for name in choice)
            raise ValueError(f"run={source!r} is one run, so {names} must not be given; name a study, or drop them")
        if keys:
            return keys[0], next((entry for entry in known if keys[0] in entry.keys), None)
        raise ValueError(
            f"{source!r} must be a study on record or the beginning of a run's key; `lthcheck ls` lists them"
        )
    (entry,) = studies_named(root, [source])
    return witness(entry, **choice).key, entry


def _place(run: NeededRun | None) -> str:
    if run is None:
        return ""
    found = "" if run.method is None else f"{run.method}, "
    pruned = "" if run.sparsity is None else f"sparsity {run.sparsity:.4g}, "
    return f", {run.arm}, {found}{pruned}lr {run.lr:g}, seed {run.seed}"
