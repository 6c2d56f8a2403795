"""A predict job: what its file says, which data it takes, and what is refused."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

from ml.data.asked_rows import count_rows
from ml.data.files import DataSource
from ml.data.rows import Rows, opened_rows
from ml.errors import InvalidData
from ml.report import MemoryReport
from ml.run import RunSettings, Summary, run
from tests.ml.families.cases import CASES, rows_of, series_rows, text_rows, write_rows
from trainshed.specs import parse_spec

FORMULA = ' =SUM(A1:A9);"quoted",\nand more'
Trained = Callable[[str], Path]


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train the tiny model of a family, once, and return what it left."""
    made: dict[str, Path] = {}

    def train(family: str) -> Path:
        if family not in made:
            (case,) = [one for one in CASES if one.family == family]
            folder = tmp_path_factory.mktemp(family)
            settings = RunSettings(threads=1, data_roots=(folder,))
            run(parse_spec(case.spec(case.write(folder))), folder, MemoryReport(), settings=settings)
            made[family] = folder / "output"
        return made[family]

    return train


class Predictor:
    """Runs predict jobs with the tiny model of a family."""

    def __init__(self, trained: Trained, folder: Path) -> None:
        self._trained, self._folder = trained, folder
        self.report = MemoryReport()

    def __call__(self, family: str, path: Path, *, data: dict[str, Any] | None = None, **keys: Any) -> Summary:
        workdir = self._folder / "job"
        shutil.rmtree(workdir, ignore_errors=True)
        workdir.joinpath("inputs").mkdir(parents=True)
        for name in ("model.keras", "model.json"):
            shutil.copy(self._trained(family) / name, workdir / "inputs")
        spec = {"kind": "predict", "name": "p", "model": {"job": "job_" + "0" * 26}, **keys}
        settings = RunSettings(threads=1, data_roots=(self._folder,))
        document = parse_spec({**spec, "data": {"path": str(path), **(data or {})}})
        return run(document, workdir, self.report, settings=settings)

    @property
    def output(self) -> Path:
        return self._folder / "job/output"

    def rows(self) -> list[dict[str, str]]:
        with (self.output / "predictions.csv").open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def predict(trained_once: Trained, tmp_path: Path) -> Predictor:
    return Predictor(trained_once, tmp_path)


def people(folder: Path, rows: Sequence[Sequence[str]], names: str = "age,pressure,colour,id") -> Path:
    return write_rows(folder, rows, names, "people.csv")


def test_rows_keep_their_number_and_the_columns_to_keep_letter_by_letter(predict, tmp_path):
    path = people(tmp_path, [["70", "160", "red", FORMULA], ["40", "120", "blue", "=1+1"]])
    predict("tabular_classifier", path, keep=["id", "colour"])
    found = [(one["row"], one["id"], one["colour"]) for one in predict.rows()]
    assert found == [("0", FORMULA, "red"), ("1", "=1+1", "blue")]


def test_the_answer_is_the_class_to_find_from_its_threshold_on(predict, tmp_path, trained_once):
    threshold = json.loads((trained_once("tabular_classifier") / "model.json").read_text())["threshold"]["at"]
    ages = [[str(age), "140", "red", "x"] for age in range(30, 90)]
    summary = predict("tabular_classifier", people(tmp_path, ages))
    said = [(float(one["risk"]) >= threshold, one["prediction"]) for one in predict.rows()]
    assert set(said) == {(True, "ill"), (False, "well")}
    counts = {name: sum(one == name for _, one in said) for name in ("ill", "well")}
    assert summary.facts["classes"] == counts
    assert summary.facts["threshold"] == threshold
    assert (summary.metrics, summary.facts["rows"]) == ({"rows": 60.0}, 60)
    assert predict.report.progressed[-1].fraction == 1.0


def test_probabilities_of_all_classes_can_be_left_out(predict, tmp_path):
    path = people(tmp_path, [["70", "160", "red", "x"]])
    predict("tabular_classifier", path)
    (whole,) = predict.rows()
    assert float(whole["probability_ill"]) + float(whole["probability_well"]) == pytest.approx(1)
    assert whole["probability"] == whole[f"probability_{whole['prediction']}"]
    predict("tabular_classifier", path, probabilities="prediction")
    assert predict.rows() == [{name: whole[name] for name in ("row", "prediction", "probability", "risk")}]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_each_form_of_the_file_says_the_same_to_the_last_bit(predict, tmp_path, form):
    path = people(tmp_path, [*([*row[:3], FORMULA] for row in rows_of(600))])
    predict("tabular_classifier", path, keep=["id"], batch_size=100)
    expected = [
        {
            name: value if name in {"id", "prediction"} else int(value) if name == "row" else float(value)
            for name, value in one.items()
        }
        for one in predict.rows()
    ]
    predict("tabular_classifier", path, keep=["id"], batch_size=100, format=form)
    file = predict.output / f"predictions.{form}"
    if form == "parquet":
        found = pyarrow.parquet.ParquetFile(file)
        assert found.num_row_groups == 1
        assert found.read().to_pylist() == expected
    else:
        assert [json.loads(line) for line in file.read_text().split("\n")[:-1]] == expected
    assert len(expected) == 600


def test_a_category_that_training_has_not_seen_is_none_of_the_others_and_is_counted(predict, tmp_path):
    rows = [["50", "140", colour, "x"] for colour in ("purple", "", "7")]
    summary = predict("tabular_classifier", people(tmp_path, rows))
    assert len({one["risk"] for one in predict.rows()}) == 1
    assert summary.facts["unseen"] == {"colour": 2}
    assert any("2 values of colour" in message for message in predict.report.messages)


def test_a_missing_number_is_filled_in_as_in_training_and_counted(predict, tmp_path):
    fill = json.loads((predict._trained("tabular_classifier") / "model.json").read_text())["encoding"][0]["fill"]
    summary = predict("tabular_classifier", people(tmp_path, [["", "140", "red", "x"], [str(fill), "140", "red", "x"]]))
    assert len({one["risk"] for one in predict.rows()}) == 1
    assert summary.facts["missing"] == {"age": 1}


def test_what_ends_midway_leaves_no_half_a_file(predict, tmp_path):
    rows = [["50", "140", "red", "x"] for _ in range(40)]
    rows[30][0] = "old"
    with pytest.raises(InvalidData, match=r"age of row 30 is 'old', and the model was trained on numbers there"):
        predict("tabular_classifier", people(tmp_path, rows), batch_size=8)
    assert list(predict.output.iterdir()) == []


GOOD = [["50", "140", "red", "x"]]


@pytest.mark.parametrize(
    ("names", "rows", "keys", "says", "remedy"),
    [
        ("Age,pressure,colour,id", GOOD, {}, "no column 'age', which the model was trained on", "Is it 'Age' there?"),
        ("age,pressure,colour,id", [["inf", *GOOD[0][1:]]], {}, "age of row 0 is 'inf'", "leave it empty"),
        ("age,pressure,colour,id", GOOD, {"keep": ["no"]}, "no column 'no', which keep names", "age, pressure"),
        ("age,pressure,colour,risk", GOOD, {"keep": ["risk"]}, "a column of that name", "Rename"),
        ("age,pressure,colour,row", GOOD, {"keep": ["row"]}, "a column of that name", "Rename"),
        ("age,pressure,colour,id", [], {}, "has no rows", "nothing to predict"),
        ("age;pressure;colour;id", [], {}, "has no rows", "nothing to predict"),
        ("age,pressure,colour,id", [["50", "140"]], {}, "row 0 has 2 fields", "Write it again"),
        ("age,pressure,colour,id", GOOD, {"data": {"clean": {"constant": "drop"}}}, "data.clean is", "Leave"),
    ],
)
def test_data_that_cannot_be_answered_is_refused_with_a_remedy(predict, tmp_path, names, rows, keys, says, remedy):
    with pytest.raises(InvalidData, match=says) as raised:
        predict("tabular_classifier", people(tmp_path, rows, names), **keys)
    assert remedy in raised.value.remedy


def test_data_of_another_kind_is_refused(predict, tmp_path):
    (tmp_path / "x.npz").write_bytes((CASES[0].write(tmp_path)).read_bytes())
    with pytest.raises(InvalidData, match="this family takes a table"):
        predict("tabular_classifier", tmp_path / "x.npz")


def picture(path: Path, side: int, bright: int) -> None:
    pixels = np.full((side, side), 30, np.uint8)
    third = side // 3
    pixels[bright * third : (bright + 1) * third] = 250
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def test_pictures_in_any_folders_are_answered_by_the_names_of_their_files(predict, tmp_path):
    for number, name in enumerate(("b/deep/2.png", "a.png", "b/1.png")):
        picture(tmp_path / "asked" / name, 12, number)
    (tmp_path / "asked/notes.txt").write_text("no picture")
    size = {"height": 6, "width": 6, "mode": "grey"}
    predict("image_classifier", tmp_path / "asked", data={"images": size}, batch_size=2)
    found = [(one["row"], one["file"], one["prediction"]) for one in predict.rows()]
    assert found == [("0", "a.png", "1"), ("1", "b/1.png", "2"), ("2", "b/deep/2.png", "0")]


def test_a_picture_of_another_size_is_refused_with_the_size_to_ask_for(predict, tmp_path):
    picture(tmp_path / "asked/a.png", 6, 0)
    picture(tmp_path / "asked/b.png", 12, 0)
    with pytest.raises(InvalidData, match=r"b.png has images of \(12, 12, 1\), and the model takes") as raised:
        predict("image_classifier", tmp_path / "asked")
    assert "data.images: {height: 6, width: 6, mode: grey}" in raised.value.remedy
    (tmp_path / "asked/b.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(InvalidData, match=r"b.png is no picture that can be read"):
        predict("image_classifier", tmp_path / "asked")


@pytest.mark.parametrize("extra", [[], ["id"], ["id", "label"]])
def test_rows_of_pixels_are_answered_with_and_without_a_label(predict, tmp_path, extra):
    images = np.load(CASES[0].write(tmp_path))["x"]
    names = [*(f"p{number}" for number in range(36)), *extra]
    rows = [[*map(str, image.ravel()), *(["9"] * len(extra))] for image in images]
    kept = [name for name in extra if name == "id"]
    predict("image_classifier", write_rows(tmp_path, rows, ",".join(names), "pixels.csv"), keep=kept)
    by_pixels = predict.rows()
    predict("image_classifier", tmp_path / "data.npz")
    assert [one["prediction"] for one in by_pixels] == [one["prediction"] for one in predict.rows()]
    assert [one["probability"] for one in by_pixels] == [one["probability"] for one in predict.rows()]


def test_files_of_text_are_answered_by_their_names(predict, tmp_path):
    for name, text in (("b.txt", "broken lamp"), ("a/1.txt", "great chair")):
        (tmp_path / "asked" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "asked" / name).write_text(text)
    predict("text_classifier", tmp_path / "asked")
    assert [(one["file"], one["prediction"]) for one in predict.rows()] == [("a/1.txt", "good"), ("b.txt", "bad")]


def test_the_column_of_texts_is_the_one_of_training_or_the_one_that_is_named(predict, tmp_path):
    rows = [["x", "y", row[0]] for row in text_rows()[:4]]
    predict("text_classifier", write_rows(tmp_path, rows, "a,b,text", "t.csv"))
    expected = predict.rows()
    other = write_rows(tmp_path, rows, "a,b,said", "t.csv")
    predict("text_classifier", other, data={"columns": {"text": "said"}})
    assert predict.rows() == expected
    with pytest.raises(InvalidData, match="which column holds the texts is not clear"):
        predict("text_classifier", other)
    with pytest.raises(InvalidData, match="text of row 1 has no text"):
        predict("text_classifier", write_rows(tmp_path, [["fine"], ["?"]], "text", "t.csv"))


def test_a_forecast_goes_on_from_the_end_of_each_series_and_says_what_its_last_row_says(predict, tmp_path):
    rows = [[*row, f"r{number}"] for number, row in enumerate(series_rows())]
    rows.append(["2020-01-01", "new", "5", "r180"])
    path = write_rows(tmp_path, rows[::-1], "date,shop,sales,id", "asked.csv")
    summary = predict("forecaster", path, keep=["id", "date"], data={"columns": {"series": "shop"}})
    found = [(one["series"], one["step"], one["row"], one["id"], one["date"]) for one in predict.rows()]
    assert found == [
        ("north", "1", "91", "r89", "2020-03-30"),
        ("north", "2", "91", "r89", "2020-03-30"),
        ("south", "1", "1", "r179", "2020-03-30"),
        ("south", "2", "1", "r179", "2020-03-30"),
    ]
    for one in predict.rows():
        assert float(one["low"]) <= float(one["prediction"]) <= float(one["high"])
    assert summary.facts["prediction"]["greatest"] == max(float(one["prediction"]) for one in predict.rows())
    assert any("1 series are shorter than the 9 values" in message for message in predict.report.messages)


def test_a_series_that_is_too_short_or_without_the_values_to_go_on_from_is_refused(predict, tmp_path):
    short = write_rows(tmp_path, series_rows()[:5], "date,shop,sales", "asked.csv")
    with pytest.raises(InvalidData, match="the longest series has 5 values, and the model looks at the last 9"):
        predict("forecaster", short)
    other = write_rows(tmp_path, [row[:2] for row in series_rows()], "date,shop", "asked.csv")
    with pytest.raises(InvalidData, match="has no column 'sales'"):
        predict("forecaster", other)


def test_no_more_than_a_batch_of_a_table_is_read_at_a_time(tmp_path, monkeypatch):
    path = people(tmp_path, [[str(number)] for number in range(1000)], "id")
    table = count_rows(DataSource(str(path), path, path.name, ""))
    read: list[int] = []

    @contextmanager
    def watched(source: DataSource) -> Iterator[Rows]:
        with opened_rows(source) as rows:
            yield replace(rows, numbered=(read.append(number) or (number, row) for number, row in rows.numbered))

    monkeypatch.setattr("ml.data.asked_rows.opened_rows", watched)
    batches = table.batches(["id"], 10, chosen=None)
    numbers, texts = next(batches)
    assert (numbers.tolist(), texts["id"]) == (list(range(10)), [str(number) for number in range(10)])
    assert len(read) == 10
    chosen = np.array([3, 500, 501, 999])
    found = [numbers.tolist() for numbers, _ in table.batches(["id"], 3, chosen=chosen)]
    assert found == [[3, 500, 501], [999]]


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_a_table_in_another_format_has_the_same_answers(predict, tmp_path, ending):
    rows = [row for row in rows_of(30) if all(row)]
    predict("tabular_classifier", people(tmp_path, rows, "age,pressure,colour,label"))
    expected = predict.rows()
    path = tmp_path / f"asked.{ending}"
    if ending == "tsv":
        path.write_text("".join("\t".join(row) + "\n" for row in [["age", "pressure", "colour", "label"], *rows]))
    elif ending == "jsonl":
        said = [{"colour": row[2], "age": float(row[0]), "pressure": int(row[1])} for row in rows]
        path.write_text("".join(f"{json.dumps(one)}\n" for one in said))
    else:
        ages, pressures = [float(row[0]) for row in rows], [int(row[1]) for row in rows]
        columns = {"colour": [row[2] for row in rows], "age": ages, "pressure": pressures}
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
    predict("tabular_classifier", path)
    assert predict.rows() == expected
