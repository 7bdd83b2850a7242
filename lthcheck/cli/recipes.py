"""`lthcheck recipes`: the recipes that there are, and one of them in full."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from lthcheck.cli import complete
from lthcheck.cli.table import item, narrow, numbers, table
from lthcheck.quantity import count
from lthcheck.report.words import rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Fields = Mapping[str, Any]

HEADS = ("recipe", "where", "training", "asked of it")
WHERE, INDENT = 28, 18  # letters of a line of the column, and before the text beside a name
UNDECIDED = "at best, by condition 1b: no lr lies inside the grid; give more with --lr or --extend-lr"


@click.command("recipes", short_help="List recipes, or the fields of one.")
@click.argument("recipe", required=False, shell_complete=complete.recipes)
@click.option("--json", "as_json", is_flag=True, help="A list with an object for each recipe.")
def command(recipe: str | None, as_json: bool) -> None:
    """The recipes that there are, or one RECIPE field by field: how a study trains and prunes unless you say otherwise.

    A recipe may depend on the network and the data set; the first case that fits is taken. Where no lr lies inside its
    grid, a better one may lie beyond: condition 1b leaves a verdict undecided at best, unless you give more lrs (--lr,
    --extend-lr) or vouch for the recipe (--assume-adequate).

    \b
    Examples:
      lthcheck recipes
      lthcheck recipes ma2021
      lthcheck recipes ma2021 --json
    """  # noqa: D301 - click wants the character itself
    from lthcheck.catalogue.recipes import recipes

    found = recipes([] if recipe is None else [recipe])
    if as_json:
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    if recipe is not None:
        click.echo("\n".join(_in_full(found[0])))
        return
    click.echo(table([row for each in found for row in _rows(each)], HEADS))
    for each in found:
        click.echo("")
        for line in _about(each):
            click.echo(line)


# --- all, as a table ---


def _rows(recipe: Mapping[str, Any]) -> Iterable[list[str]]:
    """A row for each case, or for several that differ in nothing that is shown."""
    told: dict[tuple[str, str], list[str]] = {}
    for case in recipe["cases"]:
        shown = (_training(case["fields"]), _grid(case["fields"], undecided=case["undecided_by_1b"]))
        told.setdefault(shown, []).append(_where(case, recipe["cases"]))
    for number, (shown, where) in enumerate(told.items()):
        yield ["" if number else recipe["name"], narrow(["; ".join(where)], WHERE), *shown]


def _where(case: Mapping[str, Any], cases: Sequence[object]) -> str:
    return case["where"] or ("anything else" if len(cases) > 1 else "anything")


def _training(fields: Fields) -> str:
    length = f"{fields['steps']:,} steps" if fields.get("steps") else count(fields["epochs"], "epoch")
    momentum = f" {fields['momentum']:g}" if fields["optimiser"] == "sgd" else ""
    schedule = f"x{fields['factor']:g} at {_milestones(fields)}" if fields["schedule"] == "step" else fields["schedule"]
    warmup = [f"warm-up {count(fields['warmup_epochs'], 'epoch')}"] if fields["warmup_epochs"] else []
    optimiser = f"{fields['optimiser']}{momentum}, decay {fields['weight_decay']:g}"
    return "\n".join([f"{length}, batch {fields['batch']}", optimiser, schedule, *warmup])


def _grid(fields: Fields, *, undecided: bool) -> str:
    lrs = f"lr {numbers(fields['lrs'])}{' *' if undecided else ''}"
    return "\n".join([lrs, f"sparsity {numbers(fields['sparsities'])}", count(fields["seeds"], "seed")])


def _milestones(fields: Fields) -> str:
    length = fields.get("steps") or fields["epochs"]
    return ", ".join(f"{round(part * length):,}" for part in fields["milestones"])


def _about(recipe: Mapping[str, Any]) -> Iterable[str]:
    """Where it is from, what lthcheck does not do of it, and where it cannot decide."""
    cases = recipe["cases"]
    yield item(recipe["name"], recipe["paper"] or cases[-1]["source"], INDENT)
    for text in dict.fromkeys(text for case in cases for text in _texts(case["departs"])):
        yield item("  not done", text, INDENT)
    undecided = [_where(case, cases) for case in cases if case["undecided_by_1b"]]
    if undecided:
        yield item(
            "  undecided *",
            UNDECIDED if len(undecided) == len(cases) else f"{UNDECIDED} ({'; '.join(undecided)})",
            INDENT,
        )


# --- one, in full ---


def _in_full(recipe: Mapping[str, Any]) -> Iterable[str]:
    """The last case, which is for everything that the others are not for, and what is different in these."""
    *others, usual = recipe["cases"]
    yield item(recipe["name"], recipe["paper"] or usual["source"], INDENT)
    before: dict[str, list[str]] = {}
    for case in (usual, *others):
        now = _lines(case)
        where = _where(case, recipe["cases"])
        yield ""
        yield f"{where}: what is different" if before else where
        for name, texts in now.items():
            if before.get(name) != texts:
                yield from (item(f"  {name}", text, INDENT) for text in texts or ["none"] if before or texts)
        before = before or now


def _lines(case: Mapping[str, Any]) -> dict[str, list[str]]:
    fields = case["fields"]
    told = {name: [_value(name, value, fields)] for name, value in fields.items()}
    undecided = [UNDECIDED] if case["undecided_by_1b"] else []
    words = {"not done": _texts(case["departs"]), "note": _texts(case["notes"]), "undecided": undecided}
    return {"source": [case["source"]]} | told | words


def _value(name: str, value: Any, fields: Fields) -> str:
    if name in ("milestones", "factor") and fields["schedule"] != "step":
        return f"none, the schedule is {fields['schedule']}"
    if name == "milestones":
        unit = "steps" if fields.get("steps") else "epochs"
        return f"{_listed(value)} of the training: {unit} {_milestones(fields)}"
    if name == "epochs" and fields.get("steps"):
        return f"{value} on the data of the paper; the length is that in steps"
    if name == "sparsities":
        return ", ".join(map(rate, value))
    return _listed(value) if isinstance(value, list | tuple) else _plain(value)


def _listed(values: Sequence[Any]) -> str:
    return (
        ", ".join(" ".join(map(_plain, each)) if isinstance(each, tuple) else _plain(each) for each in values) or "none"
    )


def _plain(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "none" if value in (None, "") else str(value)


def _texts(given: str | Sequence[str]) -> list[str]:
    return [given] if given and isinstance(given, str) else list(given)
