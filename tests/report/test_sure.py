"""What is said of how sure a verdict is: planted numbers, in words that fit them."""

from __future__ import annotations

import doctest
import re
from typing import TYPE_CHECKING

import pytest

from lthcheck.cli.output import tell
from lthcheck.report import sure
from lthcheck.report.badge import badge
from lthcheck.report.github import summary
from lthcheck.report.markdown import headline, markdown, verdict_table
from lthcheck.report.overview import entry, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from lthcheck.verdict.judgement import Cell

    Make = Callable[..., Any]

MORE = {"more_seeds": 8}

IF = "if means and spreads stay what they are and no gap closes at 2T."


def section(text: str, title: str) -> str:
    """What stands under a heading."""
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_its_examples_hold() -> None:
    assert doctest.testmod(sure).failed == 0


# --- the verdict ---


def test_a_decided_headline_says_how_sure(make_sure: Make) -> None:
    assert headline(make_sure()).startswith(
        "mlp-64-32 on mnist1d, omp at sparsity 0.832: JACKPOT, 95 % confident (LT 75.1 % at lr 0.2 beats SDT 72.4 %"
    )


def test_an_undecided_headline_says_what_is_open_and_how_many_seeds_decide(make_sure: Make, open_cell: Cell) -> None:
    assert headline(make_sure([open_cell], certainty=MORE)).endswith(
        ": UNDECIDED, none to jackpot, 8 more seeds would decide (open at lr 0.2: LT - RR +0.9 pt [-0.3, +2.1], "
        "LT - dense -0.4 pt [-1.6, +0.8] and LT - the best dense -0.4 pt [-1.6, +0.9]; "
        "LT 75.1 % at lr 0.2 beats SDT 72.4 % by 2.7 pt)"
    )


def test_where_seeds_do_not_help_the_headline_says_so(make_sure: Make, open_cell: Cell) -> None:
    assert "more seeds alone would not decide (" in headline(make_sure([open_cell]))


def test_what_is_missing_is_said_as_by_the_rule_paper(make_sure: Make, undecided: Cell) -> None:
    assert "condition 3 is unknown (no rr rows for omp at sparsity 0.832)" in headline(make_sure([undecided]))


def test_without_certainty_nothing_is_claimed(make_sure: Make) -> None:
    made = make_sure(certainty=None)
    assert "confident" not in headline(made)
    assert "## How sure" not in markdown(made)


@pytest.mark.parametrize(("error", "said"), [(0.05, "95 % confident"), (0.001, "99.9 % confident")])
def test_confidence_is_1_less_the_error_rate(make_sure: Make, error: float, said: str) -> None:
    assert sure.confidence(make_sure(certainty={"error": error})) == said


def test_the_badge_says_how_sure_where_it_is_decided(make_sure: Make, open_cell: Cell) -> None:
    assert '"message": "jackpot, 95 % confident"' in badge(make_sure())
    assert '"message": "undecided (none to jackpot)"' in badge(make_sure([open_cell], certainty=MORE))


# --- tables ---


def test_the_terminal_has_the_interval_below_the_gap(make_sure: Make) -> None:
    _, _, row, below = verdict_table([make_sure()]).splitlines()
    assert re.split(r"\s{2,}", row)[4:] == ["yes", "yes +2.7", "yes +0.9", "yes -0.4", "yes -0.4", "0.2"]
    assert below.split() == ["1.2..4.1", "0.55..1.4", "-0.46..0.1", "-0.48..0.2"]


def test_the_summary_has_it_beside(make_sure: Make) -> None:
    assert "| yes +2.7 [+1.2, +4.1] |" in summary([make_sure()])


def test_the_conditions_have_it_in_points(make_sure: Make) -> None:
    rows = [line.split("|") for line in markdown(make_sure()).splitlines() if line.startswith("| 3 beats")]
    assert [entry.strip() for entry in rows[0][1:5]] == ["3 beats reinitialisation", "yes", "+0.9 pt", "+0.55 to +1.4"]


def test_an_interval_that_is_not_there_leaves_its_place_empty(make_sure: Make, jackpot: Cell) -> None:
    text = markdown(make_sure([jackpot]))
    assert "interval, pt" in text
    assert not re.search(r"\b(None|nan)\b", text)


# --- how sure ---


def test_the_report_gives_the_support_of_each_prize(make_sure: Make) -> None:
    said = section(markdown(make_sure()), "How sure")
    assert "1 - the error rate at which the study would say so; 0.95 is asked." in said
    rows = [[part.strip() for part in line.split("|")[1:-1]] for line in said.splitlines() if line.startswith("| ")]
    assert rows == [
        ["there is", "support"],
        ["no ticket", "< 0.001"],
        ["at least the secondary prize", "> 0.999"],
        ["Jackpot", "0.973"],
    ]
    assert "- 10 seeds, of the arm that has the fewest.\n- Paid for: 55 tickets, one for each" in said
    assert "look" not in said
    assert "decide" not in said


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (1000, "- The noise of a test set of 1,000 examples is in every interval."),
        (None, "- The test set's size is not known, so its own noise is not in the intervals."),
    ],
)
def test_it_says_whether_the_test_set_s_noise_is_in(make_sure: Make, size: int | None, said: str) -> None:
    assert said in section(markdown(make_sure() | {"test_size": size}), "How sure").splitlines()


def test_a_recipe_that_the_seeds_leave_open_is_told_in_plain_words(
    make_sure: Make, make_confident: Make, make_cell: Make
) -> None:
    cell = make_confident(make_cell("none", "jackpot", holds=(None, True, True, True, True)))
    assert (
        "condition 1 is unknown (the seeds do not tell whether dense gains at most 0.5 pt from 2T = 160 epochs)"
    ) in headline(make_sure([cell]))


@pytest.mark.parametrize(("support", "shown"), [(0.94996, "0.94996"), (0.95, "0.950"), (0.5, "0.500")])
def test_support_is_shown_on_its_side_of_what_is_asked(make_sure: Make, support: float, shown: str) -> None:
    made = make_sure(certainty={"support": {"none": support, "secondary": 0.0, "jackpot": 0.0}})
    assert sure.supports(made)[0] == ["no ticket", shown]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            8,
            f"- 8 more seeds for each arm would decide it, {IF}",
        ),
        (
            1,
            f"- 1 more seed for each arm would decide it, {IF}",
        ),
        (None, "- No number of seeds alone would decide it."),
    ],
)
def test_an_undecided_report_says_how_many_seeds_would_decide(
    make_sure: Make, open_cell: Cell, more: int | None, said: str
) -> None:
    assert said in section(markdown(make_sure([open_cell], certainty={"more_seeds": more})), "How sure").splitlines()


def test_a_look_says_what_it_may_spend(make_sure: Make) -> None:
    made = make_sure(certainty={"spent": 0.012}, looks=(5, 8, 12))
    assert (
        "- This look, one of those planned at 5, 8 and 12 seeds, may spend 1.2 % of the study's error rate of 5 %."
    ) in markdown(made)


# --- the rule ---


def test_the_rule_is_told_with_its_error_rate(make_sure: Make) -> None:
    said = next(line for line in markdown(make_sure()).splitlines() if line.startswith("Rule"))
    assert said.startswith('Rule "confident" (conditions of Ma et al. 2021): superiority by gamma for 2 and 3, ')
    assert "Lower ends hold for all 55 tickets of the study at once, upper ends for one ticket" in said
    assert "misses the truth is at most 5 %, given that best lrs" in said


@pytest.mark.parametrize(
    ("make", "terms", "said"),
    [
        ("make_record", {}, "as published, the best lr is read off the same split."),
        ("make_sure", {}, "the best lr is read off the same split, and that choice is paid for."),
        (
            "make_sure",
            {"validation": True},
            "lr and sparsity were chosen on one half of the test split, and nothing is said",
        ),
    ],
)
def test_how_the_best_lr_was_chosen(
    request: pytest.FixtureRequest, make: str, terms: dict[str, Any], said: str
) -> None:
    text = markdown(request.getfixturevalue(make)(**terms))
    (rule,) = [line for line in text.splitlines() if line.startswith("Rule")]
    assert said in rule
    assert rule.count("the best lr is read off") == (not terms)


# --- beside the rule paper ---


def test_the_report_says_what_the_rule_paper_says(make_sure: Make, make_record: Make) -> None:
    assert markdown(make_sure()).splitlines()[2].endswith("Means over 2 seeds. By the rule paper: secondary prize.")
    assert "rule paper" not in markdown(make_record())


def test_where_the_rules_differ_a_line_says_so(
    make_sure: Make, make_confident: Make, make_cell: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    line = "mlp-64-32 on mnist1d: by the rule paper, which compares means alone: secondary prize"
    apart, alike = make_sure(), make_sure([make_confident(make_cell("secondary", "secondary"))])
    tell([apart, alike], as_json=False)
    assert capsys.readouterr().out.splitlines().count(line) == 1
    assert f"- {line}" in summary([apart])
    assert line not in summary([alike])


def test_the_overview_names_the_rule_where_records_differ(make_record: Make, make_sure: Make) -> None:
    by_paper, sure_of = make_record(study={"model": "a"}), make_sure()
    lines = table([entry(by_paper, "a"), entry(sure_of, "b")], markdown=True).splitlines()
    assert [line.split("|")[-2].strip() for line in (lines[0], *lines[2:])] == ["rule", "paper", "confident"]
    assert "rule" not in table([entry(sure_of, "b")])
