"""Tables and texts that say themselves which rows are held out, and what is left out before they are divided."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data import divide
from ml.data.split import divide_evenly
from ml.errors import InvalidData
from ml.job import RunSettings
from ml.report import MemoryReport
from ml.run import run
from ml.tables import Table, load_quantities, load_table
from ml.texts import TextSet, load_texts
from tests.ml.families.cases import rows_of, write_rows
from trainshed.specs import Data, Split, parse_spec

PARTS = ["test", "train", "train", "validation", "train", "train"]


def data_of(path: Path, **keys: Any) -> Data:
    return Data.model_validate_json(json.dumps({"path": str(path), **keys}))


def table_of(path: Path, **keys: Any) -> Table:
    return load_table(data_of(path, **keys), roots=(path.parent,), files={})


def texts_of(path: Path, **keys: Any) -> TextSet:
    return load_texts(data_of(path, **keys), roots=(path.parent,), files={})


def numbered(folder: Path, parts: list[str], names: str = "split,number,label") -> Path:
    return write_rows(folder, [[part, str(at), "ab"[at % 2]] for at, part in enumerate(parts)], names)


def test_a_column_split_says_which_part_a_row_is_of_and_is_no_feature(tmp_path):
    table = table_of(numbered(tmp_path, PARTS))
    assert [column.name for column in table.columns] == ["number"]
    assert table.columns[0].values.tolist() == [1, 2, 4, 5, 3, 0]
    parts = divide(table, Split(validation=0.5, test=0.4))
    assert {name: table.file_rows[parts.rows(name)].tolist() for name in ("train", "validation", "test")} == {
        "train": [1, 2, 4, 5], "validation": [3], "test": [0],
    }  # fmt: skip


def test_what_the_data_does_not_hold_out_is_drawn_from_its_train_part(tmp_path):
    table = table_of(numbered(tmp_path, ["train"] * 8 + ["test"] * 2))
    parts = divide(table, Split(validation=0.25, test=0.5))
    assert parts.counts == {"train": 6, "validation": 2, "test": 2}
    assert parts.test.tolist() == [8, 9]


def test_the_column_may_have_another_name_and_stand_last(tmp_path):
    path = write_rows(tmp_path, [["1", "ab"[at % 2], part] for at, part in enumerate(PARTS)], "x,kind,fold")
    table = table_of(path, columns={"split": "fold"})
    assert (table.label, [column.name for column in table.columns]) == ("kind", ["x"])


def test_a_column_split_that_says_anything_else_is_a_column_as_any_other(tmp_path):
    path = numbered(tmp_path, ["train", "test", "long", "short"])
    assert [column.name for column in table_of(path).columns] == ["split", "number"]
    with pytest.raises(InvalidData, match=r"split of row 2 is 'long', and data\.columns\.split names") as raised:
        table_of(path, columns={"split": "split"})
    assert "train, validation or test" in raised.value.remedy


def test_data_that_hold_everything_out_are_refused(tmp_path):
    with pytest.raises(InvalidData, match="split says train in no row"):
        table_of(numbered(tmp_path, ["test", "validation"]))


def test_the_parts_are_in_the_digest(tmp_path):
    digests = {table_of(numbered(tmp_path, parts)).digest for parts in (PARTS, [*PARTS[:3], "test", *PARTS[4:]])}
    assert len(digests) == 2


def test_quantities_and_texts_keep_their_parts_too(tmp_path):
    rows = [[part, str(at), str(at * at + 0.5)] for at, part in enumerate(PARTS)]
    path = write_rows(tmp_path, rows, "split,x,price")
    table = load_quantities(data_of(path), roots=(tmp_path,), files={})
    assert divide_evenly(6, Split(), table).counts == {"train": 4, "validation": 1, "test": 1}
    texts = texts_of(numbered(tmp_path, PARTS, "split,text,label"))
    assert texts.texts == ("1", "2", "4", "5", "3", "0")
    assert divide(texts, Split()).counts == {"train": 4, "validation": 1, "test": 1}


def test_an_error_names_the_row_of_the_file(tmp_path):
    rows = rows_of(40)
    rows[5][0] = "old"
    path = write_rows(
        tmp_path, [["test" if at < 9 else "train", *row] for at, row in enumerate(rows)], "split,a,b,c,label"
    )
    with pytest.raises(InvalidData, match="a of row 5 is 'old'"):
        table_of(path)


# --- data.clean ---


def test_rows_without_a_label_are_refused_or_left_out(tmp_path):
    rows = rows_of(40)
    rows[7][3] = rows[9][3] = ""
    path = write_rows(tmp_path, rows)
    with pytest.raises(InvalidData, match="label of row 7 is missing") as raised:
        table_of(path)
    assert "unknown_labels" in raised.value.remedy
    table = table_of(path, clean={"unknown_labels": "drop"})
    assert (len(table.labels), table.dropped) == (38, {"unlabelled": 2})
    assert table.file_rows[7] == 8


def test_copies_are_left_out_before_the_rows_are_divided(tmp_path):
    rows = rows_of(20)
    path = write_rows(tmp_path, [*rows, *rows[:5], [*rows[6][:3], "ill"]])
    table = table_of(path, clean={"duplicates": "drop"})
    assert (len(table.labels), table.dropped) == (21, {"duplicates": 5})


def test_what_the_data_hold_out_loses_no_copies_and_training_loses_copies_of_it(tmp_path):
    rows = [["train", "1", "a"], ["train", "2", "b"], ["train", "1", "a"], ["test", "2", "b"], ["test", "2", "b"]]
    path = write_rows(tmp_path, [*rows, ["train", "3", "a"], ["train", "4", "b"]], "split,x,label")
    table = table_of(path, clean={"duplicates": "drop"})
    assert table.file_rows.tolist() == [0, 5, 6, 3, 4]
    assert (table.own_test_from, table.dropped) == (3, {"duplicates": 2})


def test_copies_of_texts_are_told_by_text_and_label(tmp_path):
    rows = [["1", "good", "a"], ["2", "good", "a"], ["3", "good", "b"], ["4", "bad", "b"]]
    path = write_rows(tmp_path, rows, "id,text,label")
    assert texts_of(path, clean={"duplicates": "drop"}).texts == ("good", "good", "bad")


def test_a_model_trained_on_cleaned_and_divided_rows_answers_for_the_rows_of_the_file(tmp_path):
    rows = rows_of(60)
    written = [["test" if at % 5 == 0 else "train", *row] for at, row in enumerate([*rows, *rows[:10]])]
    path = write_rows(tmp_path, written, "split,age,pressure,colour,label")
    data = {"path": str(path), "clean": {"duplicates": "drop"}, "split": {"validation": 0.2}}
    model = {"family": "tabular_classifier"}
    settings = RunSettings(threads=1, data_roots=(tmp_path,))
    train = {"kind": "train", "name": "t", "data": data, "model": model, "training": {"epochs": 2}}
    run(parse_spec(train), tmp_path / "t", MemoryReport(), settings=settings)
    (tmp_path / "t/output").rename(tmp_path / "t/inputs")
    counts = json.loads((tmp_path / "t/inputs/model.json").read_text())["data"]["counts"]
    assert counts["test"] == 14
    of = {"name": "n", "model": {"job": "job_" + "0" * 26}, "split": "test"}
    run(parse_spec({"kind": "evaluate", **of}), tmp_path / "t", MemoryReport(), settings=settings)
    run(parse_spec({"kind": "predict", **of}), tmp_path / "t", MemoryReport(), settings=settings)
    with (tmp_path / "t/output/predictions.csv").open(newline="") as file:
        answered = [int(row["row"]) for row in csv.DictReader(file)]
    assert answered == list(range(0, 70, 5))
    measured = json.loads((tmp_path / "t/output/evaluation.json").read_text())
    assert (measured["examples"], measured["seen_in_training"]) == (14, 0)
    assert np.sum(measured["confusion_matrix"]) == 14
