"""Any text or bytes is a table that can be judged and reported, or is refused in one line."""

from __future__ import annotations

import io

import pytest
from fuzzing import FUZZ, JUNK, attempt
from hypothesis import given
from hypothesis import strategies as st

from lthcheck.finding import Finding
from lthcheck.options import terms
from lthcheck.report.headline import headline
from lthcheck.report.markdown import markdown
from lthcheck.report.record import dumps, loads
from lthcheck.verdict.table import OPTIONAL, REQUIRED, read_table

COLUMNS = ("arm", "lr", "accuracy", "seed", "sparsity", "method", "model", "dataset", "epochs", "source_lr", "params")


@st.composite
def tables(draw):
    """Sound tables: cells by row, the header first."""
    columns = draw(st.permutations(REQUIRED)) + draw(st.lists(st.sampled_from(OPTIONAL), unique=True, max_size=6))
    sound = {
        "arm": st.sampled_from(("dense", "lt", "rr", "sdt")),
        "lr": st.sampled_from(("0.1", "0.2", "4e-1", "1e-300", "1e300")),
        "accuracy": st.floats(0, 1).map(str) | st.sampled_from(("0", "1", "-0", "0.5")),
        "sparsity": st.sampled_from(("0", "0.5", "0.832", "0.9999999999")),
        "epochs": st.sampled_from(("80", "160", "1e308", "0.5")),
        "source_lr": st.sampled_from(("0.1", "0.2")),
        "params": st.sampled_from(("1", "100", "999999999999999999")),
        "seed": st.integers(0, 3).map(str),
        "diverged": st.sampled_from(("0", "1")),
        "validation": st.sampled_from(("0", "1", "0.5")),
    }
    name = st.sampled_from(("a", "b", "|", "*é\n<b>", "imp"))
    width = {column: sound.get(column, name) for column in columns}
    rows = draw(st.lists(st.tuples(*width.values()).map(list), min_size=1, max_size=12))
    return [list(columns), *rows]


@st.composite
def mutated(draw):
    """Tables with cells replaced, swapped or dropped, as CSV."""
    rows = draw(tables())
    for _ in range(draw(st.integers(0, 3))):
        row = draw(st.sampled_from(rows))
        at = draw(st.integers(0, len(row) - 1)) if row else 0
        match draw(st.sampled_from(("replace", "swap", "drop", "column", "again"))):
            case "replace" if row:
                row[at] = draw(JUNK)
            case "swap" if row:
                other = draw(st.integers(0, len(row) - 1))
                row[at], row[other] = row[other], row[at]
            case "drop" if row:
                del row[at]
            case "column":
                for each in rows:
                    del each[at : at + 1]
            case "again":
                rows.append(list(row))
    delimiter = draw(st.sampled_from(",,,,,;\t"))
    return "\n".join(delimiter.join(f'"{cell}"' if "\n" in cell else cell for cell in row) for row in rows)


def judged(table):
    """Every study of a table as the command line and the reports would tell it."""
    for (model, dataset), rows in table.items():
        finding = Finding(study={"name": f"{model} {dataset}"}, rows=tuple(rows), terms=terms({}, dataset or ""))
        record = attempt(finding.record, {})
        if record is None:  # rows of several lengths, which no line of the table tells
            continue
        assert loads(dumps(record)) == record
        assert len(headline(record).splitlines()) == 1
        assert markdown(record).startswith("# ")


@FUZZ
@given(tables())
def test_a_sound_table_is_judged(rows):
    text = io.StringIO("\n".join(",".join(f'"{cell}"' for cell in row) for row in rows), newline="")
    judged(attempt(read_table, text) or {})


@FUZZ
@given(mutated())
def test_a_spoilt_table_is_judged_or_refused(text):
    judged(attempt(read_table, io.StringIO(text, newline="")) or {})


@FUZZ
@given(st.text(max_size=60) | st.text("arm,lcuy\n\r\"' 0.1;\t\ufeff", max_size=60))
def test_text_is_judged_or_refused(text):
    judged(attempt(read_table, io.StringIO(text, newline="")) or {})


@FUZZ
@given(st.binary(max_size=60) | mutated().map(str.encode) | mutated().map(lambda text: text.encode("utf-16")))
def test_bytes_are_judged_or_refused(content):
    judged(attempt(read_table, content) or {})


def test_sound_tables_are_not_all_refused():
    assert read_table([",".join(COLUMNS), "lt,0.1,0.9,0,0.5,imp,a,b,80,0.1,100"])
    with pytest.raises(ValueError, match="must"):
        read_table(["arm,lr,accuracy", "lt,1_0,0.9"])
