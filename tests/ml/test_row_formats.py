"""Tables in other formats than .csv: each gives the same rows, and each way of being wrong is named."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from ml.data import text_lines
from ml.data.files import DataSource
from ml.data.rows import opened_rows
from ml.errors import InvalidData
from ml.tables.csv_table import read_csv
from ml.texts import load_texts
from ml.texts.csv_texts import read_csv_texts
from trainshed.specs import Clean, Columns, Data

ROWS: list[dict[str, Any]] = [
    {"text": 'said "well, well"', "size": 1.5, "day": "2024-02-29", "label": "good"},
    {"text": "straße\u2028次", "size": None, "day": "2024-03-01", "label": "bad"},
    {"text": "=1+1; a | b", "size": -3, "day": "2024-03-02", "label": "good"},
]


def delimited(path: Path, mark: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ROWS[0]), delimiter=mark)
        writer.writeheader()
        writer.writerows(ROWS)


def unquoted_tabs(path: Path) -> None:
    lines = ["\t".join(ROWS[0]), *("\t".join("" if v is None else str(v) for v in row.values()) for row in ROWS)]
    path.write_text("\n".join(lines), encoding="utf-8")


def lines_of_json(path: Path) -> None:
    path.write_text("\n\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS), encoding="utf-8")


def sparse_json(path: Path) -> None:
    """Leave out what is missing, and let the keys come in another order."""
    rows = [{key: value for key, value in reversed(row.items()) if value is not None} for row in ROWS]
    path.write_text("\ufeff" + "\n".join(map(json.dumps, rows)), encoding="utf-8")


def list_of_json(path: Path) -> None:
    path.write_text(json.dumps(ROWS, indent=2))


def compressed(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def write_compressed(path: Path) -> None:
        write(path)
        path.write_bytes(gzip.compress(path.read_bytes()))

    return write_compressed


def columns_of_parquet(path: Path) -> None:
    parquet.write_table(pa.Table.from_pylist(ROWS), path)


def coded_parquet(path: Path) -> None:
    """Texts as a dictionary, days as dates, several row groups."""
    table = pa.Table.from_pylist([{**row, "day": date.fromisoformat(row["day"])} for row in ROWS])
    place = table.schema.get_field_index("label")
    table = table.set_column(place, "label", table.column("label").dictionary_encode())
    parquet.write_table(table, path, row_group_size=2)


FORMATS: dict[str, tuple[Callable[[Path], None], str]] = {
    "csv": (lambda path: delimited(path, ","), "csv"),
    "csv.gz": (compressed(lambda path: delimited(path, ",")), "csv"),
    "tsv": (lambda path: delimited(path, "\t"), "csv"),
    "tsv.gz": (compressed(lambda path: delimited(path, "\t")), "csv"),
    "semicolons": (lambda path: delimited(path, ";"), "csv"),
    "bars": (lambda path: delimited(path, "|"), "csv"),
    "plain tsv": (unquoted_tabs, "csv"),
    "jsonl": (lines_of_json, "json"),
    "jsonl.gz": (compressed(lines_of_json), "json"),
    "sparse jsonl": (sparse_json, "json"),
    "json": (list_of_json, "json"),
    "parquet": (columns_of_parquet, "parquet"),
    "coded parquet": (coded_parquet, "parquet"),
}

BROKEN: list[tuple[str | bytes, str]] = [
    ('{"a": 1}\n{"a": [1, 2]}\n', "a of row 1 is a list"),
    ('{"a": {"b": 1}}\n', "a of row 0 is an object"),
    ('{"a": 1}\n{"a": \n', "row 1 is no JSON"),
    ('{"a": 1}\n[2]\n', "row 1 is no object"),
    ("[{]", "is no JSON"),
    ("[]", "has no rows"),
    ('{"a": ' + "[" * 100_000 + "\n", "row 0 is no JSON"),
    ('{"a": ' + "9" * 5000 + "}\n", "row 0 is no JSON"),
    ('{"a": 1, "a ": 2}\n', "two columns 'a'"),
    (json.dumps({str(number): 0 for number in range(20_000)}), "has 20,000 columns"),
    (gzip.compress(b'{"a": 1}\n' * 1000)[:-12], "cannot be read"),
    (gzip.compress(b"a,b\n1,2\n" * 1000)[:-9], "cannot be read"),
    (gzip.compress(b"\xff\xfe,b\n1,2\n"), "looks like text in UTF-16"),
    ("a\tb\n1\t2\n3\n", "row 1 has 1 fields"),
    (b"PAR1\x15\x04", "Parquet file size is 6 bytes"),
    (b"PAR1" + bytes(64) + b"\xff\xff\xff\x7fPAR1", "cannot be read"),
]


def source_of(path: Path) -> DataSource:
    return DataSource("rows", path, "rows", "a test")


def written(tmp_path: Path, content: str | bytes) -> DataSource:
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return source_of(path)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_same_table_and_the_same_texts(tmp_path, form):
    write, said = FORMATS[form]
    path = tmp_path / "file"
    write(path)
    columns = Columns(label="label", ignore=("text",))
    table = read_csv(source_of(path), columns, Clean())
    assert table.format == said
    assert {column.name for column in table.columns} == {"size", "day"}
    assert [table.class_names[label] for label in table.labels] == ["good", "bad", "good"]
    sizes = next(column for column in table.columns if column.name == "size")
    assert [repr(float(value)) for value in sizes.values] == ["1.5", "nan", "-3.0"]
    texts = read_csv_texts(source_of(path), Columns(label="label", text="text"), Clean())
    assert texts.texts == tuple(row["text"] for row in ROWS)


def test_values_of_parquet_are_written_as_one_would_type_them(tmp_path):
    row = {
        "flag": True,
        "count": 2**53,
        "price": Decimal("1.10"),
        "at": datetime(2024, 2, 29, 12, 30),  # noqa: DTZ001
        "share": 0.1,
    }
    table = pa.Table.from_pylist([row])
    fine = pa.array([1_709_209_800_000_000_001], pa.timestamp("ns", "UTC"))
    parquet.write_table(table.append_column("fine", fine), tmp_path / "file")
    with opened_rows(source_of(tmp_path / "file")) as rows:
        values = next(iter(rows.numbered))[1]
    assert list(values) == [
        "true", "9007199254740992", "1.10", "2024-02-29T12:30:00", "0.1", "2024-02-29T12:30:00+00:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"), BROKEN, ids=[f"{number} {says}" for number, (_, says) in enumerate(BROKEN)]
)
def test_a_broken_file_is_named_with_its_place(tmp_path, content, says):
    source = written(tmp_path, content)
    with pytest.raises(InvalidData) as caught, opened_rows(source) as rows:
        list(rows.numbered)
    assert says in str(caught.value)


def test_a_parquet_column_of_lists_or_of_bytes_is_named(tmp_path):
    for value, kind in (([1, 2], "list<"), (b"\0\1", "binary"), ({"b": 1}, "struct<")):
        parquet.write_table(pa.Table.from_pylist([{"a": value, "label": "x"}]), tmp_path / "file")
        with pytest.raises(InvalidData, match="column a is of") as caught, opened_rows(source_of(tmp_path / "file")):
            pass
        assert kind in str(caught.value)


def test_a_file_that_inflates_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(text_lines, "MAX_BYTES", 10_000)
    source = written(tmp_path, gzip.compress(b"a,b\n" + b"1,2\n" * 5000))
    with pytest.raises(InvalidData, match="holds more than 10,000 letters"), opened_rows(source) as rows:
        list(rows.numbered)


def test_texts_in_quotes_of_a_file_with_tabs_are_taken_out_of_them(tmp_path):
    source = written(tmp_path, 'text\tlabel\n"a ""b"""\tx\n"\ty\n5" disk\tz\n')
    with opened_rows(source) as rows:
        found = [row[0] for _, row in rows.numbered]
    assert found == ['a "b"', '"', '5" disk']


def test_numbers_with_a_comma_are_numbers_where_semicolons_are_between_fields(tmp_path):
    source = written(tmp_path, 'a;"b; c";label\n1,5;x, y;-0,25\n,5; 7 ;1,000,000\n')
    with opened_rows(source) as rows:
        assert rows.names == ("a", "b; c", "label")
        found = [list(row) for _, row in rows.numbered]
    assert found == [["1.5", "x, y", "-0.25"], [".5", " 7 ", "1,000,000"]]


def test_a_header_with_marks_in_quotes_is_divided_at_the_others(tmp_path):
    source = written(tmp_path, '"a;b;c;d",label\n"1;2",x\n')
    with opened_rows(source) as rows:
        assert rows.names == ("a;b;c;d", "label")


def test_two_colons_are_between_fields_as_movielens_has_them(tmp_path):
    source = written(tmp_path, "1::Toy Story (1995), again::Animation|Children's\n2::Jumanji::Adventure\n")
    with opened_rows(replace(source, names=("item", "title", "kinds"))) as rows:
        found = [list(row) for _, row in rows.numbered]
    assert found == [["1", "Toy Story (1995), again", "Animation|Children's"], ["2", "Jumanji", "Adventure"]]


HEADLESS = "ham\tsee you, then\nspam\twin a prize\n"


def test_a_file_without_a_line_of_names_gets_those_of_the_spec(tmp_path):
    path = written(tmp_path, HEADLESS).file
    data = Data(path=str(path), columns=Columns(names=("label", "text")))
    texts = load_texts(data, roots=(tmp_path,), files={})
    assert texts.texts == ("see you, then", "win a prize")
    assert [texts.class_names[label] for label in texts.labels] == ["ham", "spam"]


def test_a_first_line_that_has_the_names_of_the_spec_is_no_row(tmp_path):
    source = written(tmp_path, "a,b\n1,2\n")
    with opened_rows(replace(source, names=("a", "b"))) as rows:
        assert [list(row) for _, row in rows.numbered] == [["1", "2"]]
    with opened_rows(replace(source, names=("c", "d"))) as rows:
        assert [list(row) for _, row in rows.numbered] == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (HEADLESS, "data.columns.names has 3 names, and the first line of rows has 2 fields"),
        ('{"a": 1, "b": 2, "c": 3}\n', "rows has names for its columns, and data.columns.names gives others"),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path, content, says):
    source = replace(written(tmp_path, content), names=("a", "b", "d"))
    with pytest.raises(InvalidData, match=says), opened_rows(source):
        pass
