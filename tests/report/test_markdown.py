"""The Markdown says the verdict first, then the numbers, and depends on the record alone."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lthcheck.evidence import Row
from lthcheck.report.figures import FIGURES, Picture
from lthcheck.report.markdown import headline, markdown
from lthcheck.report.record import dumps, loads

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lthcheck.verdict.judgement import Cell

    Make = Callable[..., Any]

PICTURES = [Picture(FIGURES[0], Path("a b.png"), Path("a b-dark.png"))]
PRIZES = ("jackpot", "secondary", "none", "undecided")


def tables(text: str) -> list[list[list[str]]]:
    """The Markdown tables in `text`, each as rows of entries."""
    found: list[list[list[str]]] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("|"):
            if not inside:
                found.append([])
            found[-1].append([entry.strip() for entry in re.split(r"(?<!\\)\|", line)[1:-1]])
        inside = line.startswith("|")
    return found


def section(text: str, title: str) -> str:
    """What stands under a heading."""
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.fixture(params=PRIZES)
def any_prize(request: pytest.FixtureRequest) -> Cell:
    cell: Cell = request.getfixturevalue(request.param)
    return cell


# --- the whole ---


def test_is_a_pure_function_of_the_record(make_record: Make, any_prize: Cell) -> None:
    made = make_record([any_prize])
    before = copy.deepcopy(made)
    text = markdown(made, PICTURES)
    assert made == before
    assert markdown(loads(dumps(made)), PICTURES) == text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_tables_have_as_many_entries_in_every_row(make_record: Make, any_prize: Cell) -> None:
    for table in tables(markdown(make_record([any_prize]))):
        assert len({len(row) for row in table}) == 1


def test_nothing_that_is_missing_shows(make_record: Make, any_prize: Cell) -> None:
    text = markdown(make_record([any_prize], cost={"trainings": 3}, environment={"device": None}, test_size=None))
    assert not re.search(r"\b(None|nan|NaN|inf|null)\b", text)
    assert section(text, "Cost").strip() == "- 3 trained"
    assert "## Environment" not in text
    assert "examples" not in text


@pytest.mark.parametrize(
    ("prize", "first"),
    [
        (
            "jackpot",
            "**Jackpot.** omp at sparsity 0.832: LT 75.1 % at lr 0.2 beats SDT 72.4 % by 2.7 pt, "
            "beats RR 74.2 % by 0.9 pt and matches the best dense 75.5 % (-0.4 pt). Means over 2 seeds.",
        ),
        (
            "secondary",
            "**Secondary prize.** omp at sparsity 0.832: LT 73.1 % at lr 0.1 beats SDT 70.4 % by 2.7 pt, "
            "beats RR 72.2 % by 0.9 pt, matches dense 73.5 % (-0.4 pt) and misses the best dense 75.5 % by 2.4 pt. "
            "Means over 2 seeds.",
        ),
        (
            "none",
            "**No ticket.** omp at sparsity 0.832: LT 75.1 % at lr 0.2 leads RR 74.8 % by only 0.3 pt "
            "and misses dense 77.3 % by 2.2 pt. Means over 2 seeds.",
        ),
        (
            "undecided",
            "**Undecided**: none to secondary. omp at sparsity 0.832: condition 1 is unknown (detail \\| of 1); "
            "condition 3 is unknown (no rr rows for omp at sparsity 0.832); "
            "LT 75.1 % at lr 0.2 beats SDT 72.4 % by 2.7 pt, matches dense 75.1 % (0.0 pt) "
            "and misses the best dense 76.1 % by 1.0 pt. Means over 2 seeds.",
        ),
    ],
)
def test_the_verdict_comes_first_with_its_numbers(
    make_record: Make, request: pytest.FixtureRequest, prize: str, first: str
) -> None:
    text = markdown(make_record([request.getfixturevalue(prize)]))
    assert text.splitlines()[2] == first


def test_the_title_says_study_and_verdict(make_record: Make, undecided: Cell) -> None:
    assert markdown(make_record()).startswith("# mlp-64-32 on mnist1d: jackpot\n")
    assert markdown(make_record([undecided])).startswith("# mlp-64-32 on mnist1d: undecided (none to secondary)\n")


# --- conditions and accuracies ---


def test_conditions_stand_with_gap_margin_lr_and_detail(make_record: Make) -> None:
    conditions = tables(markdown(make_record()))[1]
    assert conditions[0] == ["condition", "holds", "value", "asked", "at lr", "detail"]
    assert conditions[2][:5] == [
        "1 non-trivial sparsity, sufficient recipe", "yes", "sparsity 0.832", ">= 0.60, recipe adequate", "",
    ]  # fmt: skip
    assert conditions[3] == ["2 beats small dense", "yes", "+2.7 pt", "> 0.5 pt", "0.2", r"detail \| of 2"]
    assert conditions[5][:4] == ["4 matches dense at the same lr", "yes", "-0.4 pt", ">= -0.5 pt"]


def test_accuracies_are_mean_and_sample_sd_in_percent(make_record: Make) -> None:
    text = markdown(make_record())
    accuracies = tables(text)[2]
    assert accuracies[0] == ["accuracy, %", "lr 0.1", "lr 0.2", "lr 0.4", "parameters"]
    # Two seeds at mean ± 0.2 pt have a sample sd of 0.2 * sqrt(2) = 0.28 pt.
    assert accuracies[2] == ["dense", "74.0 ± 0.3", "75.5 ± 0.3", "73.0 ± 0.3", "25,088"]
    assert [row[0] for row in accuracies[2:]] == ["dense", "LT", "RR", "SDT"]
    assert "mean ± sample sd over 2 seeds, trained for 80 epochs" in text
    told = "keeps 4,556 of 25,088 parameters (sparsity 0.818 over all of them)"
    assert f"{told}; the small dense network has 4,700, 144 more (3.2 %)." in text


def test_one_seed_has_no_sd(make_record: Make) -> None:
    text = markdown(make_record(rows=[Row("lt", 0.2, 0.75, "omp", 0.832)]))
    assert tables(text)[2][2:] == [["LT", "75.0"]]
    assert "±" not in text
    assert "Accuracy in percent, one seed." in text


def test_unequal_seeds_are_counted_in_every_entry(make_record: Make) -> None:
    rows = [Row("lt", 0.2, 0.75, "omp", 0.832, seed=seed) for seed in (0, 1)] + [Row("rr", 0.2, 0.7, "omp", 0.832)]
    assert tables(markdown(make_record(rows=rows)))[2][2:] == [["LT", "75.0 ± 0.0 (n = 2)"], ["RR", "70.0 (n = 1)"]]


def test_diverged_runs_are_said(make_record: Make, make_evidence: Make) -> None:
    rows = [*make_evidence(), *(Row("lt", 0.8, 0.1, "omp", 0.832, seed=s, epochs=80, diverged=s == 0) for s in (0, 1))]
    assert tables(markdown(make_record(rows=rows)))[2][3][4] == "10.0 ± 0.0 (1 diverged)"


def test_a_condition_without_gap_says_its_detail(make_record: Make, make_cell: Make) -> None:
    cell = make_cell("none", "none", holds=(True, True, True, False, False), gaps=(0.832, 0.027, 0.009, None, -0.03))
    assert "does not match dense (detail | of 4)" in headline(make_record([cell]))


def test_a_gap_beside_its_margin_shows_on_which_side_it_lies(make_record: Make, make_cell: Make) -> None:
    gaps = (0.832, 0.0051, 0.005, -0.005, -0.0052)
    text = markdown(make_record([make_cell("none", "none", holds=(True, True, False, True, False), gaps=gaps)]))
    assert [row[2] for row in tables(text)[1][3:]] == ["+0.51 pt", "+0.5 pt", "-0.5 pt", "-0.52 pt"]


# --- several cells ---


def test_several_methods_give_an_overall_verdict_and_one_each(
    make_record: Make, make_cell: Make, make_evidence: Make, none: Cell
) -> None:
    cells = [
        make_cell("none", "none", holds=(True, True, False, True, True), gaps=(0.9, 0.01, 0.001, 0, 0), method="imp"),
        make_cell("secondary", "secondary", holds=(True, True, True, True, False), method="imp", sparsity=0.672),
        none,
    ]
    text = markdown(make_record(cells, make_evidence() + make_evidence("imp", 0.672)))
    assert text.startswith("# mlp-64-32 on mnist1d: secondary prize\n")
    assert "- imp: **secondary prize** (imp at sparsity 0.672, as above)\n" in text
    assert "- omp: **no ticket** (omp at sparsity 0.832: LT 75.1 % at lr 0.2 leads RR" in text
    assert tables(text)[0] == [
        ["method", "sparsity 0.672", "sparsity 0.832"],
        tables(text)[0][1],
        ["imp", "secondary prize", "no ticket"],
        ["omp", "", "no ticket"],
    ]
    assert "## imp at sparsity 0.672: secondary prize\n" in text
    assert "## omp at sparsity 0.832: no ticket\n" in text
    others = tables(section(text, "The other cells"))
    assert others[0][2] == ["imp", "0.832", "no ticket", "yes", "yes +1.0", "no +0.1", "yes 0.0", "yes 0.0", "0.2"]


def test_an_undecided_study_says_what_is_certain(make_record: Make, make_cell: Make, secondary: Cell) -> None:
    maybe = make_cell("none", "jackpot", holds=(None, True, True, True, True), sparsity=0.9)
    text = markdown(make_record([secondary, maybe]))
    assert "**Undecided**: secondary to jackpot. omp at sparsity 0.9: condition 1 is unknown" in text
    assert "Certain is the secondary prize of omp at sparsity 0.832." in text


def test_no_hardly_pruned_network_is_nearest_to_a_ticket(make_record: Make, make_cell: Make) -> None:
    dense_like = make_cell("none", "none", holds=(False, True, True, True, True), sparsity=0.2)
    far = make_cell("none", "none", holds=(True, False, False, False, False), sparsity=0.9)
    assert "omp at sparsity 0.9: NO TICKET" in headline(make_record([dense_like, far]))


def test_without_cells_the_report_says_so(make_record: Make) -> None:
    made = make_record([], rows=[])
    assert "**Undecided**: none to jackpot. No cell was judged" in markdown(made)
    assert headline(made) == "mlp-64-32 on mnist1d: UNDECIDED, none to jackpot (no cell was judged)"


# --- the rest ---


def test_warnings_advice_cost_environment_and_command_stand_in_the_report(make_record: Make) -> None:
    text = markdown(make_record(warnings=("grids | differ",), advice=("give `epochs` of <every> row",)), PICTURES)
    assert section(text, "Warnings").strip() == r"- grids \| differ"
    assert section(text, "What would decide it").strip() == r"- give \`epochs\` of \<every> row"
    assert section(text, "Cost").strip() == (
        "- 30 trainings asked for, 4 taken from the store, 22 trained, 12 min 34 s on one core in all, "
        "8,000,000 replica-steps"
    )
    assert "- commit: abc1234 with uncommitted changes\n" in section(text, "Environment")
    assert "- sparsities: 0.832\n" in section(text, "Study")
    assert section(text, "Again").strip() == "```sh\npytest checks/ --preset tiny\n```"
    assert (
        '<picture><source media="(prefers-color-scheme: dark)" srcset="a%20b-dark.png">'
        '<img alt="Gap by condition" src="a%20b.png"></picture>'
    ) in section(text, "Gap by condition").splitlines()
    assert "test split of 1,000 examples (one example is 0.1 pt)" in text
