"""What Ma et al. 2021 print as numbers, judged; beside it what they say of it, and where the two disagree.

`published/*.csv` holds the accuracies that the text, table 4 and figures 4 and 5 print: no seeds, no small dense, and a
reinitialisation in section 2.1 alone. `published/said/` holds what the paper concludes: table 3 by network and data
set, and sentences by section. Its other accuracies are curves, so most conditions are unknown here. Where the paper
contradicts itself, the contradiction is written down by name and neither side is taken for the truth.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lthcheck.verdict.judge import examine, judge
from lthcheck.verdict.judgement import RANK, Cell, Judgement
from lthcheck.verdict.table import read_table
from lthcheck.verdict.terms import Terms, default_delta

PUBLISHED = Path(__file__).parent / "published"
FIXTURES = sorted(path.stem for path in PUBLISHED.glob("*.csv"))


def printed(name, model="resnet20"):
    return read_table(PUBLISHED / f"{name}.csv")[model, "cifar10"]


def said(name):
    with (PUBLISHED / "said" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def interval(rows, dataset="cifar10"):
    judgement = judge(rows, delta=default_delta(dataset))
    return judgement.at_least, judgement.at_most


def meet(one, other):
    """Whether two intervals of prizes have a prize in common."""
    return max(RANK[one[0]], RANK[other[0]]) <= min(RANK[one[1]], RANK[other[1]])


# --- what follows from the printed numbers ---

# By fixture, method and lr of the ticket: conditions 2 to 5. Dense is printed at lr .005 and .1 in section 2.1, and at
# .01 and .1 in table 4.
FOLLOWS = {
    # 87.1 against 80.3, but .9 pt below dense 88.0. Section 2.1 calls that close; section 2.2's half point does not.
    ("section-2.1-of-78-epochs", "imp", 0.005): (None, True, False, False),
    # 87.4 against 82.9, 2.2 pt below dense 89.6 at that lr and 4.9 pt below 92.3 at lr .1.
    ("section-2.1-of-160-epochs", "imp", 0.005): (None, True, False, False),
    # The best dense is 92.4; 90.3 at lr .01, where IMP has 89.4 and OMP 86.5.
    ("table-4-masks-of-lr-0.01", "imp", 0.001): (None, None, None, False),
    ("table-4-masks-of-lr-0.01", "imp", 0.005): (None, None, None, False),
    ("table-4-masks-of-lr-0.01", "imp", 0.01): (None, None, False, False),
    ("table-4-masks-of-lr-0.01", "imp", 0.05): (None, None, None, False),
    ("table-4-masks-of-lr-0.01", "omp", 0.001): (None, None, None, False),
    ("table-4-masks-of-lr-0.01", "omp", 0.005): (None, None, None, False),
    ("table-4-masks-of-lr-0.01", "omp", 0.01): (None, None, False, False),
    ("table-4-masks-of-lr-0.01", "omp", 0.05): (None, None, None, False),
    ("table-4-masks-of-lr-0.1", "imp", 0.01): (None, None, False, False),
    ("table-4-masks-of-lr-0.1", "imp", 0.05): (None, None, None, False),
    ("table-4-masks-of-lr-0.1", "imp", 0.1): (None, None, False, False),
    ("table-4-masks-of-lr-0.1", "imp", 0.15): (None, None, None, False),
    ("table-4-masks-of-lr-0.1", "omp", 0.01): (None, None, False, False),
    ("table-4-masks-of-lr-0.1", "omp", 0.05): (None, None, None, False),
    ("table-4-masks-of-lr-0.1", "omp", 0.1): (None, None, False, False),
    ("table-4-masks-of-lr-0.1", "omp", 0.15): (None, None, None, False),
}


class TestResNet20:
    @pytest.mark.parametrize(("name", "method", "lr"), FOLLOWS, ids=str)
    def test_each_condition_follows_or_is_unknown(self, name, method, lr):
        examined = examine(printed(name), Terms(delta=default_delta("cifar10")))
        holds = tuple(examined.claim(number, method, 0.914, lr).holds for number in (2, 3, 4, 5))
        assert holds == FOLLOWS[name, method, lr]

    @pytest.mark.parametrize("name", [name for name in FIXTURES if not name.startswith("figures")])
    def test_every_printed_ticket_is_held_to_its_conditions(self, name):
        tickets = {(name, row.method, row.lr) for row in printed(name) if row.arm == "lt"}
        assert tickets == {known for known in FOLLOWS if known[0] == name}

    @pytest.mark.parametrize("name", [name for name in FIXTURES if not name.startswith("figures")])
    def test_whether_the_recipe_is_adequate_is_not_printed(self, name):
        examined = examine(printed(name), Terms())
        assert {exam.first.holds for exam in examined.exams} == {None}

    @pytest.mark.parametrize("name", FIXTURES)
    def test_without_seeds_nothing_is_at_the_edge(self, name):
        table = read_table(PUBLISHED / f"{name}.csv")
        assert [judge(rows).edge for rows in table.values()] == [()] * len(table)

    @pytest.mark.parametrize("name", ["table-4-masks-of-lr-0.01", "table-4-masks-of-lr-0.1"])
    def test_table_4_rules_the_jackpot_out_and_leaves_the_secondary_prize_open(self, name):
        # Section 4 draws the same conclusion of both series.
        assert interval(printed(name)) == ("none", "secondary")

    @pytest.mark.parametrize(
        ("tickets", "matches"), [("table-4-masks-of-lr-0.01", True), ("section-2.1-of-160-epochs", False)]
    )
    def test_at_lr_005_it_matches_dense_with_the_mask_of_one_lr_and_not_of_another(self, tickets, matches):
        # 89.7 with the mask found at lr .01 (table 4), 87.4 with that found at .005, both beside dense 89.6.
        dense = [row for row in printed("section-2.1-of-160-epochs") if row.arm == "dense"]
        lt = [row for row in printed(tickets) if row.arm == "lt"]
        assert examine([*dense, *lt], Terms()).claim(4, "imp", 0.914, 0.005).holds is matches


class TestResNet32:
    MODELS = ("resnet32-x2", "resnet32-x2-without-residuals")

    @pytest.mark.parametrize("model", MODELS)
    @pytest.mark.parametrize("method", ["imp", "omp"])
    @pytest.mark.parametrize("lr", [0.01, 0.1])
    def test_with_tickets_alone_every_condition_is_unknown(self, model, method, lr):
        examined = examine(printed("figures-4-and-5", model), Terms())
        assert [examined.claim(number, method, 0.945, lr).holds for number in (1, 2, 3, 4, 5)] == [None] * 5

    @pytest.mark.parametrize(("model", "gap"), [(MODELS[0], 0.011), (MODELS[1], -0.011)])
    def test_imp_is_ahead_with_residual_connections_and_not_without(self, model, gap):
        # Section 3.1, and the first line of the guideline in section 3.2.
        best = {exam.means.method: max(exam.means.lt.values()) for exam in _exams(model)}
        assert best["imp"] - best["omp"] == pytest.approx(gap)


def _exams(model):
    return examine(printed("figures-4-and-5", model), Terms()).exams


# --- what the paper says of them ---

# Jackpot and secondary prize in table 3, as an interval; "edge" leaves a prize open.
STATED = {("no", "no"): ("none", "none"), ("no", "yes"): ("secondary",) * 2, ("edge", "yes"): ("secondary", "jackpot")}
TABLE_3 = {(row["model"], row["dataset"]): STATED[row["jackpot"], row["secondary"]] for row in said("table-3")}
SECTIONS = said("sections")

# Where what a fixture allows has no prize in common with what the paper says of it.
CONTRADICTED = {
    ("section-2.1-of-160-epochs", "table 3"): "87.4 is 2.2 pt below dense 89.6, and table 3 has a secondary prize",
    ("section-2.1-of-160-epochs", "section 3.1"): "the same numbers, and section 3.1 calls the two similar at lr .005",
}


def stated(model):
    """What is said of a network on CIFAR-10: (where, sparsity, lr, interval), "" for any sparsity or lr."""
    yield "table 3", "", "", TABLE_3.get((model, "cifar10"), ("none", "jackpot"))
    for row in SECTIONS:
        if (row["model"], row["dataset"]) == (model, "cifar10"):
            yield f"section {row['section']}", row["sparsity"], row["lr"], (row["at_least"], row["at_most"])


SAID = [
    pytest.param(name, model, where, sparsity, lr, ends, id=f"{name}, {model}, {where} {lr}")
    for name in FIXTURES
    if name != "section-2.1-of-78-epochs"  # the recipe of another paper; table 3 is of 160 epochs
    for model, _ in read_table(PUBLISHED / f"{name}.csv")
    for where, sparsity, lr, ends in stated(model)
]


class TestWhatIsSaid:
    @pytest.mark.parametrize(("name", "model", "where", "sparsity", "lr", "ends"), SAID)
    def test_is_what_the_printed_numbers_allow_or_a_contradiction_by_name(self, name, model, where, sparsity, lr, ends):
        def concerns(row):
            return row.arm != "lt" or all(not asked or float(asked) == value for asked, value in here(row))

        def here(row):
            return (sparsity, row.sparsity), (lr, row.lr)

        allowed = interval(filter(concerns, printed(name, model)))
        assert meet(allowed, ends) is ((name, where) not in CONTRADICTED)

    def test_of_one_ticket_differs_between_sections_2_and_3(self):
        # ResNet-20 at lr .005: no ticket in section 2.1, a secondary prize in section 3.1.
        places = {tuple(row[key] for key in ("model", "dataset", "sparsity", "lr")) for row in SECTIONS}
        torn = {place for place in places if not _agree(_of(*place))}
        assert torn == {("resnet20", "cifar10", "0.914", "0.005")}

    def test_of_vgg_16_differs_between_section_3_and_table_3(self):
        # Section 3.1: none at sparsity .914 for want of a gap to reinitialisation, but one at .945 or higher. Any
        # sparsity will do for the paper as for the judge, and table 3 has none.
        judged = {
            study: Judgement("paper", "joint", 0.005, 0.005, (), tuple(_cells(*study)), (), ()) for study in TABLE_3
        }
        torn = {
            study
            for study, judgement in judged.items()
            if judgement.cells and not meet((judgement.at_least, judgement.at_most), TABLE_3[study])
        }
        assert torn == {("vgg16", "cifar10")}


def _of(model, dataset, sparsity, lr):
    wanted = {"model": model, "dataset": dataset, "sparsity": sparsity, "lr": lr}
    return [(row["at_least"], row["at_most"]) for row in SECTIONS if wanted.items() <= row.items()]


def _agree(intervals):
    return all(meet(one, other) for one in intervals for other in intervals)


def _cells(model, dataset):
    for row in SECTIONS:
        if (row["model"], row["dataset"]) == (model, dataset):
            sparsity = float(row["sparsity"]) if row["sparsity"] else None
            yield Cell("imp", sparsity, row["at_least"], row["at_most"], ())
