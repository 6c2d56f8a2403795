"""A preprocess job in a folder: what comes out, that it says which rows were trained on, and what is refused."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data import divide, load_dataset
from ml.errors import InvalidData
from ml.job import RunSettings, Summary
from ml.report import MemoryReport
from ml.run import run
from ml.tables import load_table
from tests.ml.families.cases import quantity_rows, rows_of, text_rows, write_rows
from trainshed.errors import InvalidSpec
from trainshed.specs import Data, Split, parse_spec

SPLIT = {"validation": 0.2, "test": 0.2}
STEPS = [
    {"step": "fill_missing", "columns": ["pressure"], "mark": True},
    {"step": "outliers", "columns": ["age"], "action": "drop", "by": "z", "factor": 1.5},
    {"step": "standardize", "columns": ["age"]},
    {"step": "one_hot"},
]


def document_of(data: dict[str, Any], steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "preprocess", "data": data, "preprocess": steps, "output": {"dataset": "made"}}


def prepared(folder: Path, path: Path, steps: list[dict[str, Any]], **data: Any) -> tuple[Summary, MemoryReport]:
    report = MemoryReport()
    spec = parse_spec(document_of({"path": str(path), "split": SPLIT, **data}, steps))
    folder.mkdir(exist_ok=True)
    settings = RunSettings(threads=1, data_roots=(path.parent,))
    return run(spec, folder, report, settings=settings), report


def output(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / "output" / name).read_text())


def rows_in(folder: Path) -> list[dict[str, str]]:
    with (folder / "output/prepared.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_comes_out_with_the_part_of_each_row(tmp_path):
    path = write_rows(tmp_path, rows_of())
    summary, _ = prepared(tmp_path / "job", path, STEPS)
    rows = rows_in(tmp_path / "job")
    assert list(rows[0]) == [
        "split", "age", "pressure", "pressure missing", "colour=blue", "colour=green", "colour=red", "label",
    ]  # fmt: skip
    counts = Counter(row["split"] for row in rows)
    document = output(tmp_path / "job", "preparation.json")
    assert document["left_out"]["outliers"] > 0
    assert counts == {"train": 48 - document["left_out"]["outliers"], "validation": 16, "test": 16}
    assert summary.facts["examples"] == document["counts"] == dict(counts)
    ages = np.array([float(row["age"]) for row in rows if row["split"] == "train"])
    assert (ages.mean(), ages.std()) == pytest.approx((0, 1), abs=1e-9)
    assert [one["step"] for one in document["fitted"]] == ["fill_missing", "outliers_drop", "scale", "one_hot"]
    assert output(tmp_path / "job", "profile.json")["rows"] == len(rows)


def test_a_training_on_it_has_the_same_rows_in_the_same_parts(tmp_path):
    path = write_rows(tmp_path, rows_of())
    prepared(tmp_path / "job", path, STEPS)
    made = tmp_path / "job/output/prepared.csv"
    table = load_table(Data(path=str(made)), roots=(tmp_path,), files={})
    parts = divide(table, Split(validation=0.5, test=0.4, seed=9))
    raw = load_table(Data(path=str(path)), roots=(tmp_path,), files={})
    expected = divide(raw, Split(**SPLIT))
    assert [table.class_names[label] for label in table.labels[parts.test]] == [
        raw.class_names[label] for label in raw.labels[expected.test]
    ]
    assert parts.counts["test"] == 16
    assert "split" not in {column.name for column in table.columns}


def test_what_held_out_rows_hold_changes_no_row_of_the_train_part(tmp_path):
    rows = rows_of()
    path = write_rows(tmp_path, rows)
    prepared(tmp_path / "plain", path, STEPS)
    expected = divide(load_table(Data(path=str(path)), roots=(tmp_path,), files={}), Split(**SPLIT))
    for row in (*expected.validation, *expected.test):
        rows[row][:3] = ["99999", "", "pink"]
    prepared(tmp_path / "wild", write_rows(tmp_path, rows), STEPS)
    plain, wild = ([row for row in rows_in(tmp_path / name) if row["split"] == "train"] for name in ("plain", "wild"))
    assert plain == wild
    assert (
        output(tmp_path / "plain", "preparation.json")["fitted"]
        == output(tmp_path / "wild", "preparation.json")["fitted"]
    )


def test_a_table_of_quantities_keeps_them_as_they_are(tmp_path):
    path = write_rows(tmp_path, quantity_rows(), "area,colour,price")
    prepared(tmp_path / "job", path, [{"step": "robust_scale"}])
    assert Counter(float(row["price"]) for row in rows_in(tmp_path / "job")) == Counter(
        float(row[2]) for row in quantity_rows()
    )


def test_categories_that_look_like_numbers_are_told(tmp_path):
    path = write_rows(tmp_path, [[str(at % 4), *row] for at, row in enumerate(rows_of())], "code,age,p,c,label")
    _, report = prepared(tmp_path / "job", path, [{"step": "log_scale"}], columns={"categories": ["code"]})
    assert any("data.columns.categories: [code]" in message for message in report.messages)


def test_texts_come_out_cleaned_and_without_empty_ones(tmp_path):
    rows = text_rows()
    rows[3][0] = "<br/>"
    path = write_rows(
        tmp_path, [[f"<b>{text}</b>" if text != "<br/>" else text, kind] for text, kind in rows], "text,label"
    )
    summary, _ = prepared(tmp_path / "job", path, [{"step": "strip_markup"}, {"step": "collapse_whitespace"}])
    made = rows_in(tmp_path / "job")
    assert sorted(row["text"] for row in made) == sorted(text for text, _ in rows if text != "<br/>")
    assert summary.facts["left_out"] == {"empty": 1}
    assert set(made[0]) == {"split", "text", "label"}


def test_images_come_out_in_their_parts(tmp_path):
    random = np.random.Generator(np.random.PCG64(5))
    x, y = random.integers(0, 256, (60, 6, 6), np.uint8), np.arange(60) % 3
    np.savez(tmp_path / "d.npz", x=x, y=y)
    steps = [{"step": "standardize"}, {"step": "resize", "height": 8, "width": 8}]
    prepared(tmp_path / "job", tmp_path / "d.npz", steps)
    made = load_dataset(Data(path=str(tmp_path / "job/output/prepared.npz")), roots=(tmp_path,))
    assert (made.images.shape, made.images.dtype, made.held_out_from) == ((60, 8, 8, 1), np.float32, 36)
    raw = divide(load_dataset(Data(path=str(tmp_path / "d.npz")), roots=(tmp_path,)), Split(**SPLIT))
    assert made.labels.tolist() == y[np.concatenate([raw.train, raw.validation, raw.test])].tolist()


def test_what_steps_leave_open_the_data_decides(tmp_path):
    path = write_rows(tmp_path, rows_of())
    prepared(tmp_path / "job", path, [{"step": "min_max"}])
    assert (tmp_path / "job/output/prepared.csv").exists()
    prepared(tmp_path / "clean", path, [], clean={"duplicates": "drop"})
    assert len(rows_in(tmp_path / "clean")) == 80
    with pytest.raises(InvalidData):
        prepared(tmp_path / "texts", path, [{"step": "grayscale"}])


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([{"step": "standardize"}, {"step": "noise"}], "noise runs in training only"),
        ([{"step": "one_hot"}, {"step": "casing"}], "one_hot is for a table, casing is for texts"),
        ([], "give at least one step"),
    ],
)
def test_steps_that_make_no_data_are_refused(steps, says):
    with pytest.raises(InvalidSpec) as raised:
        parse_spec(document_of({"dataset": "d"}, steps))
    assert any(says in error.message for error in raised.value.errors)


def test_names_of_datasets_that_come_with_a_worker_are_taken():
    document = document_of({"dataset": "d"}, [{"step": "one_hot"}]) | {"output": {"dataset": "builtin"}}
    with pytest.raises(InvalidSpec) as raised:
        parse_spec(document)
    assert raised.value.errors[0].path == "output.dataset"


def test_the_digest_of_the_steps_is_of_all_that_decides_what_comes_out():
    def digest(data: dict[str, Any], *steps: dict[str, Any], name: str = "made") -> str:
        return parse_spec({**document_of(data, list(steps)), "output": {"dataset": name}}).steps_sha256

    plain = digest({"dataset": "d@1"}, {"step": "one_hot"})
    assert digest({"dataset": "d@2"}, {"step": "one_hot"}, name="other") == plain  # the data's own digest is beside it
    assert digest({"dataset": "d@1", "split": {"seed": 1}}, {"step": "one_hot"}) != plain
    assert digest({"dataset": "d@1", "clean": {"duplicates": "drop"}}, {"step": "one_hot"}) != plain
    assert digest({"dataset": "d@1"}, {"step": "one_hot", "most": 3}) != plain
    assert digest({"dataset": "d@1"}, {"step": "one_hot"}, {"step": "standardize"}) != plain
