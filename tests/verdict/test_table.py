"""Reading tables: what is accepted, and that each refusal says line, value, rule and remedy."""

from __future__ import annotations

import io

import pytest

from lthcheck.evidence import Row
from lthcheck.verdict.table import read_table

HEADER = "arm,lr,accuracy"


def read(*lines, **options):
    return read_table(lines, **options)


def only(*lines):
    ((row,),) = read(*lines).values()
    return row


class TestAccepted:
    def test_the_least(self):
        assert read(HEADER, "lt,0.1,0.915") == {(None, None): [Row("lt", 0.1, 0.915)]}

    def test_every_column(self):
        row = only(
            "arm,lr,accuracy,seed,sparsity,method,model,dataset,epochs,source_lr,params,diverged,validation",
            "lt,0.1,0.1,3,0.832,imp,resnet20,cifar10,160,0.05,27000,true,0.2",
        )
        assert row == Row("lt", 0.1, 0.1, "imp", 0.832, 0.05, 3, 160, 27000, diverged=True, validation=0.2)

    def test_empty_optional_fields_are_unknown(self):
        assert only(HEADER + ",seed,sparsity,epochs,diverged,validation", "lt,0.1,0.9,,,,,") == Row("lt", 0.1, 0.9)

    def test_studies_in_the_order_of_the_file(self):
        table = read(HEADER + ",model,dataset", "lt,0.1,0.9,vgg,c10", "lt,0.1,0.9,mlp,c10", "rr,0.1,0.8,vgg,c10")
        assert {study: len(rows) for study, rows in table.items()} == {("vgg", "c10"): 2, ("mlp", "c10"): 1}

    def test_whole_numbers_as_pandas_writes_them(self):
        assert only(HEADER + ",seed", "lt,0.1,0.9,3.0").seed == 3

    @pytest.mark.parametrize(("text", "diverged"), [("1", True), ("True", True), ("no", False), ("0", False)])
    def test_flags(self, text, diverged):
        assert only(HEADER + ",diverged", f"lt,0.1,0.1,{text}").diverged is diverged

    def test_replicates_without_a_seed(self):
        assert len(read(HEADER, "lt,0.1,0.9", "lt,0.1,0.9")[None, None]) == 2

    def test_dense_and_sdt_without_a_method_beside_others(self):
        rows = read(HEADER + ",method", "lt,0.1,0.9,imp", "dense,0.1,0.9,", "sdt,0.1,0.8,")[None, None]
        assert [row.method for row in rows] == ["imp", None, None]

    @pytest.mark.parametrize(
        "lines",
        [
            ["\ufeffarm,lr,accuracy", "lt,0.1,0.9"],
            [" arm , lr , accuracy ", " lt , 0.1 , 0.9 "],
            ["arm,lr,accuracy\r\n", "lt,0.1,0.9\r\n"],
            ["", "arm,lr,accuracy", "", "lt,0.1,0.9", " , , ", ""],
            ["ARM,Lr,Accuracy", "LT,1e-1,.9"],
            ['"arm","lr","accuracy"', '"lt", "0.1","0.9"'],
        ],
        ids=["bom", "spaces", "crlf", "blank lines", "case", "quotes"],
    )
    def test_the_ways_of_writing_csv(self, lines):
        assert only(*lines) == Row("lt", 0.1, 0.9)

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_a_file_with_any_line_end(self, tmp_path, end):
        path = tmp_path / "table.csv"
        path.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}{end}lt,0.1,0.9{end}".encode())
        assert read_table(path) == read_table(str(path)) == {(None, None): [Row("lt", 0.1, 0.9)]}

    def test_an_open_file(self):
        assert read_table(io.StringIO(f"{HEADER}\nlt,0.1,0.9\n")) == {(None, None): [Row("lt", 0.1, 0.9)]}

    def test_the_data_set_of_a_table_without_one(self):
        assert list(read(HEADER, "lt,0.1,0.9", dataset="cifar10")) == [(None, "cifar10")]


class TestWarnings:
    def test_columns_that_are_not_read(self):
        assert read(",arm,lr,accuracy,note", "0,lt,0.1,0.9,x").warnings == (
            "columns that are not read: (no name), note",
        )

    def test_a_clean_table_has_none(self):
        assert read(HEADER, "lt,0.1,0.9").warnings == ()


class TestRefused:
    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ("lt,0.1,91.5", r"accuracy=91.5 must be a fraction in \[0, 1\]; write 0.915 for 91.5 %"),
            ("lt,0.1,-0.1", r"accuracy=-0.1 must be a fraction"),
            ("lt,0.1,nan", r"accuracy=nan must be a fraction in \[0, 1\]; write chance for a diverged run"),
            ("lt,0.1,91.5%", r"accuracy='91.5%' must be a finite number; write it as in 0.25"),
            ("lt,0.1,", r"accuracy='' must not be empty; fill it in"),
            ("lt,zero,0.9", r"lr='zero' must be a finite number; write"),
            ("lt,0,0.9", r"lr='0' must be above 0; write"),
            ("lt,inf,0.9", r"lr='inf' must be a finite number; write"),
            ("winner,0.1,0.9", r"arm='winner' must be one of dense, lt, rr, sdt; rename"),
            ("lt,0.1", r"2 fields must be 3, as in the header; leave a field empty"),
            ("lt,0.1,0,9", r"4 fields must be 3, as in the header; leave a field empty"),
            ('lt,0.1,"0.9', r"not CSV \(.*\); close or remove the quotes"),
        ],
    )
    def test_a_field(self, fields, message):
        with pytest.raises(ValueError, match=rf"^table: line 3: {message}"):
            read(HEADER, "dense,0.1,0.9", fields)

    @pytest.mark.parametrize(
        ("column", "text", "message"),
        [
            ("sparsity", "90", r"sparsity=90.0 must be in \[0, 1\); write 0.9 for 90 %"),
            ("sparsity", "nan", "sparsity='nan' must be a finite number; write"),
            ("seed", "1.5", "seed='1.5' must be a whole number of 0 or more; write"),
            ("epochs", "0", "epochs='0' must be above 0; write"),
            ("source_lr", "-1", "source_lr='-1' must be above 0; write"),
            ("params", "many", "params='many' must be a whole number of 0 or more; write"),
            ("validation", "91.5", r"validation=91.5 must be a fraction in \[0, 1\]; write 0.915 for 91.5 %"),
            ("validation", "nan", r"validation=nan must be a fraction in \[0, 1\]; write chance for a diverged run"),
            ("diverged", "maybe", "diverged='maybe' must be true or false; write 1 or 0"),
        ],
    )
    def test_an_optional_field(self, column, text, message):
        with pytest.raises(ValueError, match=f"^table: line 2: {message}"):
            read(f"{HEADER},{column}", f"lt,0.1,0.9,{text}")

    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            ([], "the table is empty; write a header with arm, lr, accuracy"),
            (["", " "], "the table is empty; write a header"),
            ([HEADER, ""], "no rows below the header; write one row for each training"),
            (["arm,lr,acc", "lt,0.1,0.9"], "line 1: the columns must include accuracy, found arm, lr, acc; name them"),
            (["arm;lr;accuracy"], "line 1: the columns must include .*, and separate columns by commas"),
            (["arm,lr,lr,accuracy"], "line 1: column lr must be there once; rename or drop"),
        ],
    )
    def test_a_table_without_header_or_rows(self, lines, message):
        with pytest.raises(ValueError, match=f"^table: {message}"):
            read(*lines)

    @pytest.mark.parametrize("column", ["model", "dataset", "method"])
    def test_a_gap_in_what_rows_belong_to(self, column):
        with pytest.raises(ValueError, match=f"^table: line 3: {column}='' must not be empty where other rows"):
            read(f"{HEADER},{column}", "lt,0.1,0.9,x", "rr,0.1,0.9,")

    def test_the_same_training_twice(self):
        lines = [f"{HEADER},seed,sparsity", "lt,0.1,0.9,0,0.8", "lt,0.1,0.9,1,0.8", "lt,0.10,0.8,0,0.80"]
        with pytest.raises(
            ValueError, match=r"^table: lines 2 and 4: lt at lr 0\.1 with seed 0 must be there once; drop"
        ):
            read(*lines)

    @pytest.mark.parametrize("column", ["model", "dataset", "method", "sparsity", "epochs", "source_lr"])
    def test_but_not_two_trainings_with_one_seed(self, column):
        table = read(f"{HEADER},seed,{column}", "lt,0.1,0.9,0,0.5", "lt,0.1,0.9,0,0.25")
        assert sum(map(len, table.values())) == 2

    def test_a_data_set_other_than_that_asked_for(self):
        with pytest.raises(ValueError, match=r"^table: line 2: dataset='c10' must not differ from the 'c100'"):
            read(f"{HEADER},dataset", "lt,0.1,0.9,c10", dataset="c100")

    def test_lines_are_counted_with_the_blank_ones_and_quoted_line_ends(self, tmp_path):
        path = tmp_path / "table.csv"
        path.write_text(f'{HEADER},note\n\nlt,0.1,0.9,"two\nlines"\nlt,0.1,9,x\n')
        with pytest.raises(ValueError, match=r"table\.csv: line 5: accuracy=9.0"):
            read_table(path)

    def test_bytes_that_are_not_utf_8(self, tmp_path):
        path = tmp_path / "table.csv"
        path.write_bytes(f"{HEADER}\nlt,0.1,0.9\n".encode() + b"caf\xe9,0.1,0.9\n")
        with pytest.raises(ValueError, match=r"table\.csv: line 3: byte 0xe9 must be part of UTF-8; save the table as"):
            read_table(path)

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(ValueError, match=r"none\.csv: cannot be read \(No such file.*\); name a CSV file"):
            read_table(tmp_path / "none.csv")
