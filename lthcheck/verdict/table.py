"""Reading a table of accuracies from any codebase: CSV in, rows of evidence by (model, dataset) out."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lthcheck.evidence import ARMS, Arm, Row
from lthcheck.quantity import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

REQUIRED = ("arm", "lr", "accuracy")
OPTIONAL = ("seed", "sparsity", "method", "model", "dataset", "epochs", "source_lr", "params", "diverged", "validation")

Study = tuple[str | None, str | None]
"""(model, dataset); None where the table does not tell."""

T = TypeVar("T")


class Table(dict[Study, list[Row]]):
    """The rows of each study, in the order of the file, and what a reader must know of how they were read."""

    warnings: tuple[str, ...] = ()


def read_table(source: str | Path | bytes | Iterable[str], *, dataset: str | None = None) -> Table:
    """Read accuracies from a CSV file, or from its lines.

    Columns `arm`, `lr` and `accuracy` are required, those in `OPTIONAL` are read where present, others are named in
    `warnings` and not read. An empty optional field means "not known". Rows without a seed are replicates.

    Args:
        source: path of a UTF-8 file, its content, or lines of text (an open file, a list).
        dataset: the data set of a table that has no such column.

    Returns:
        The rows by (model, dataset).

    Raises:
        ValueError: the file cannot be read, or a line breaks a rule; the message says line, value, rule and remedy.

    >>> list(read_table(["arm,lr,accuracy", "lt,0.1,0.915"], dataset="cifar10"))
    [(None, 'cifar10')]
    """
    place = str(source) if isinstance(source, str | Path) else "table"
    try:
        content = _content(Path(source)) if isinstance(source, str | Path) else source
        columns, records = _records(_lines(content) if isinstance(content, bytes) else content)
        entries = [_entry(record) for record in records]
        if not entries:
            raise ValueError("no rows below the header; write one row for each training")
        _refuse_gaps(entries)
        _refuse_duplicates(entries)
        table = Table()
        for entry in entries:
            table.setdefault((entry.model, _dataset(entry, dataset)), []).append(entry.row)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    unread = [column or "(no name)" for column in columns if column not in {*REQUIRED, *OPTIONAL}]
    if unread:
        table.warnings = (f"columns that are not read: {', '.join(unread)}",)
    return table


# --- text -> records ---


@dataclass(frozen=True)
class _Record:
    """The fields of one line, by column; empty fields are left out."""

    line: int
    fields: Mapping[str, str]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror}); name a CSV file") from error


def _lines(content: bytes) -> Iterable[str]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise ValueError(f"line {line}: byte 0x{byte:02x} must be part of UTF-8; save the table as UTF-8") from error
    # newline="" leaves line ends inside quotes to the csv module, and knows \n, \r\n and \r alone.
    return io.StringIO(text, newline="")


def _records(lines: Iterable[str]) -> tuple[list[str], Iterator[_Record]]:
    numbered = _numbered(lines)
    line, header = next(numbered, (0, []))
    if not header:
        raise ValueError(f"the table is empty; write a header with {', '.join(REQUIRED)} and rows below it")
    columns = [column.lower() for column in header]
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        commas = ", and separate columns by commas" if len(columns) == 1 else ""
        raise ValueError(
            f"line {line}: the columns must include {', '.join(missing)}, found {', '.join(columns)}; "
            f"name them in the header{commas}"
        )
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise ValueError(f"line {line}: column {', '.join(twice)} must be there once; rename or drop the others")
    return columns, _by_column(columns, numbered)


def _by_column(columns: list[str], numbered: Iterable[tuple[int, list[str]]]) -> Iterator[_Record]:
    for line, fields in numbered:
        if len(fields) != len(columns):
            raise ValueError(
                f"line {line}: {len(fields)} fields must be {len(columns)}, as in the header; "
                "leave a field empty where nothing is known, and quote one that holds a comma"
            )
        yield _Record(line, {column: field for column, field in zip(columns, fields, strict=True) if field})


def _numbered(lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The fields of each line that is not blank, with the line's number in the file."""
    reader = csv.reader(_without_bom(lines), strict=True, skipinitialspace=True)
    try:
        for record in reader:
            fields = [" ".join(field.split()) for field in record]  # every message is one line
            if any(fields):
                yield reader.line_num, fields
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: not CSV ({error}); close or remove the quotes") from error


def _without_bom(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if number == 0 else line


# --- records -> rows ---


@dataclass(frozen=True)
class _Entry:
    """A row of evidence, where it stands and what it belongs to."""

    line: int
    model: str | None
    dataset: str | None
    row: Row


def _entry(record: _Record) -> _Entry:
    fields = record.fields

    def optional(column: str, read: Callable[[str, str], T]) -> T | None:
        return read(column, fields[column]) if column in fields else None

    try:
        for column in REQUIRED:
            if column not in fields:
                raise ValueError(f"{column}='' must not be empty; fill it in or drop the row")
        row = Row(
            arm=_arm(fields["arm"]),
            lr=_positive("lr", fields["lr"]),
            accuracy=_accuracy("accuracy", fields["accuracy"]),
            method=fields.get("method"),
            sparsity=optional("sparsity", _number),
            source_lr=optional("source_lr", _positive),
            seed=optional("seed", _whole),
            epochs=optional("epochs", _positive),
            params=optional("params", _count),
            diverged=optional("diverged", _flag) or False,
            validation=optional("validation", _accuracy),
        )
    except ValueError as error:
        raise ValueError(f"line {record.line}: {error}") from error
    return _Entry(record.line, fields.get("model"), fields.get("dataset"), row)


def _arm(text: str) -> Arm:
    arm = next((known for known in ARMS if known == text.lower()), None)
    if arm is None:
        raise ValueError(f"arm={text!r} must be one of {', '.join(ARMS)}; rename it or drop the row")
    return arm


def _number(column: str, text: str) -> float:
    try:
        value = written(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{column}={text!r} must be a finite number; write it as in 0.25")
    return value


def _accuracy(column: str, text: str) -> float:
    if text.lower() == "nan":
        raise ValueError(f"{column}=nan must be a fraction in [0, 1]; write chance for a diverged run, and diverged=1")
    return _number(column, text)


def _positive(column: str, text: str) -> float:
    value = _number(column, text)
    if value <= 0:
        raise ValueError(f"{column}={text!r} must be above 0; write it as in 0.25")
    return value


def _whole(column: str, text: str) -> int:
    # pandas writes whole numbers as 3.0 in a column with gaps.
    digits = text.removesuffix(".0")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        raise ValueError(f"{column}={text!r} must be a whole number of 0 or more; write it as in 3")
    return int(digits)


def _count(column: str, text: str) -> int:
    count = _whole(column, text)
    if count < 1:
        raise ValueError(f"{column}={text!r} must be at least 1; leave it empty where it is not known")
    return count


def _flag(column: str, text: str) -> bool:
    flags = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    if text.lower() not in flags:
        raise ValueError(f"{column}={text!r} must be true or false; write 1 or 0")
    return flags[text.lower()]


# --- rules over several rows ---


def _refuse_gaps(entries: list[_Entry]) -> None:
    """Refuse rows that leave open what they belong to, where other rows tell."""
    _refuse_gap("model", {entry.line: entry.model for entry in entries})
    _refuse_gap("dataset", {entry.line: entry.dataset for entry in entries})
    # Dense and sdt rows without a method serve every method, but a mask was found by one.
    _refuse_gap("method", {entry.line: entry.row.method for entry in entries if entry.row.arm in {"lt", "rr"}})


def _refuse_gap(column: str, by_line: Mapping[int, str | None]) -> None:
    gap = next((line for line, value in by_line.items() if value is None), None)
    if gap is not None and any(by_line.values()):
        raise ValueError(f"line {gap}: {column}='' must not be empty where other rows have one; fill it in everywhere")


def _refuse_duplicates(entries: list[_Entry]) -> None:
    seen: dict[tuple[object, ...], int] = {}
    for entry in entries:
        row = entry.row
        if row.seed is None:
            continue
        training = (row.arm, row.method, row.sparsity, row.lr, row.source_lr, row.seed, row.epochs)
        first = seen.setdefault((entry.model, entry.dataset, *training), entry.line)
        if first != entry.line:
            raise ValueError(
                f"lines {first} and {entry.line}: {row.arm} at lr {row.lr:g} with seed {row.seed} must be there once; "
                "drop one, or give replicates their own seeds"
            )


def _dataset(entry: _Entry, given: str | None) -> str | None:
    if given is not None and entry.dataset not in {None, given}:
        raise ValueError(
            f"line {entry.line}: dataset={entry.dataset!r} must not differ from the {given!r} that was asked for; "
            "ask for none, since the table has the column"
        )
    return entry.dataset or given
