"""Scores by the values of a column: how values are grouped, what is measured, and where it is shown."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.errors import InvalidData
from ml.evaluation.quantities import metrics_of
from ml.evaluation.slices import grouped, slices_of_classes, slices_of_quantities
from ml.report import MemoryReport
from ml.run import RunSettings, run
from tests.ml.families.cases import CASES, Document, rows_of, write_rows
from trainshed.specs import parse_spec


def counts(column: list[str]) -> dict[str, int]:
    """Return how many examples each group of a column has; those that are left out under ``."""
    found = grouped("c", column)
    names = [*found.values, ""]
    return {names[code]: int(np.count_nonzero(found.codes == code)) for code in np.unique(found.codes)}


def test_each_value_that_enough_examples_have_is_a_group_and_the_rest_is_one():
    assert counts(["a"] * 30 + ["b"] * 25 + ["c"] * 12 + ["d"] * 9) == {"a": 30, "b": 25, "all others": 21}
    assert counts(["a"] * 30 + ["b"] * 19) == {"a": 30, "": 19}
    assert counts(["a"] * 30 + ["?"] * 15 + [""] * 15) == {"a": 30, "missing": 30}


def test_of_many_values_the_most_frequent_are_groups():
    many = [f"v{number}" for number in range(30) for _ in range(50 - number)]
    found = counts(many)
    assert len(found) == 21
    assert found["all others"] == sum(50 - number for number in range(20, 30))


def test_few_different_numbers_are_values_in_their_order_and_many_are_cut_at_quartiles():
    assert list(counts([*["10"] * 20, *["9"] * 20])) == ["9", "10"]
    numbers = [str(number) for number in range(100)]
    assert counts(numbers) == {
        "up to 24.75": 25,
        "above 24.75 to 49.5": 25,
        "above 49.5 to 74.25": 25,
        "above 74.25": 25,
    }
    assert counts([*numbers, *["?"] * 20])["missing"] == 20


def test_quartiles_that_are_one_number_make_fewer_groups():
    found = counts([*["0"] * 80, *(str(number) for number in range(1, 41))])
    assert sum(found.values()) == 120
    assert found["up to 0"] == 80


def test_accuracy_and_recall_of_each_value_are_those_of_its_examples():
    random = np.random.Generator(np.random.PCG64(1))
    labels = random.integers(0, 2, 400)
    column = np.array(["old", "young"])[random.integers(0, 2, 400)]
    wrong = (column == "old") & (random.random(400) < 0.4)
    answers = np.where(wrong, 1 - labels, labels)
    (found,) = slices_of_classes([grouped("age", column.tolist())], labels, answers, positive=1)
    by_value = {one.value: one for one in found.slices}
    for value, one in by_value.items():
        mine, ill = column == value, (column == value) & (labels == 1)
        assert one.examples == mine.sum()
        assert one.metrics == {
            "accuracy": np.mean(labels[mine] == answers[mine]),
            "recall": np.mean(answers[ill] == 1),
        }
        for name, interval in one.intervals.items():
            assert interval.low <= one.metrics[name] <= interval.high
    assert (by_value["old"].than_all, by_value["young"].than_all) == ("worse", "better")
    width = by_value["old"].intervals["accuracy"].high - by_value["old"].intervals["accuracy"].low
    p, n = by_value["old"].metrics["accuracy"], by_value["old"].examples
    assert width == pytest.approx(2 * 1.96 * np.sqrt(p * (1 - p) / n), rel=0.15)


def test_values_that_are_alike_are_said_to_be():
    random = np.random.Generator(np.random.PCG64(2))
    labels = random.integers(0, 2, 400)
    answers = np.where(random.random(400) < 0.3, 1 - labels, labels)
    (found,) = slices_of_classes([grouped("c", ["a", "b"] * 200)], labels, answers, positive=None)
    assert [one.than_all for one in found.slices] == ["alike", "alike"]
    assert [list(one.metrics) for one in found.slices] == [["accuracy"], ["accuracy"]]


def test_errors_of_each_value_are_those_of_its_examples_and_less_is_better():
    random = np.random.Generator(np.random.PCG64(3))
    truth = random.normal(size=300)
    column = np.array(["noisy", "calm"] * 150)
    predicted = truth + random.normal(size=300) * np.where(column == "noisy", 2.0, 0.1)
    (found,) = slices_of_quantities([grouped("c", column.tolist())], truth, predicted, np.arange(300))
    by_value = {one.value: one for one in found.slices}
    for value, one in by_value.items():
        expected = metrics_of(truth[column == value], predicted[column == value])
        assert one.metrics == {"mae": expected["mae"], "rmse": expected["rmse"]}
    assert (by_value["noisy"].than_all, by_value["calm"].than_all) == ("worse", "better")


def measured(folder: Path, document: Document, **keys: Any) -> Path:
    """Train, evaluate everything, and return the output."""
    settings = RunSettings(threads=1, data_roots=(folder,))
    run(parse_spec(document), folder, MemoryReport(), settings=settings)
    (folder / "inputs").mkdir()
    for name in ("model.keras", "model.json"):
        shutil.copy(folder / "output" / name, folder / "inputs")
    spec = {"kind": "evaluate", "name": "e", "model": {"job": "job_" + "0" * 26}, "split": "all", **keys}
    run(parse_spec(spec), folder, MemoryReport(), settings=settings)
    return folder / "output"


def case(family: str) -> Any:
    return next(one for one in CASES if one.family == family)


def test_an_evaluation_gives_scores_by_columns_also_by_one_that_the_model_ignores(tmp_path):
    rows = [[f"<b>{'mf'[number % 2]}</b>", *row] for number, row in enumerate(rows_of())]
    document = case("tabular_classifier").spec(write_rows(tmp_path, rows, "sex,age,pressure,colour,label"))
    document["data"]["columns"] = {"ignore": ["sex"]}
    output = measured(tmp_path, document, slices=["sex", "age", "colour"])
    found = json.loads((output / "evaluation.json").read_text())
    assert [one["column"] for one in found["slices"]] == ["sex", "age", "colour"]
    sex, age, colour = found["slices"]
    assert [(one["value"], one["examples"]) for one in sex["slices"]] == [("<b>f</b>", 40), ("<b>m</b>", 40)]
    assert [one["examples"] for one in age["slices"]] == [20, 20, 20, 20]
    assert sum(one["examples"] for one in colour["slices"]) + colour["left_out"] == 80
    mean = sum(one["metrics"]["accuracy"] * one["examples"] for one in sex["slices"]) / 80
    assert mean == pytest.approx(found["metrics"]["accuracy"])
    # Only every fourth row is ill, and these are of one sex: the other has no recall.
    assert [list(one["metrics"]) for one in sex["slices"]] == [["accuracy"], ["accuracy", "recall"]]
    page = (output / "report.html").read_text()
    assert "<h2>By sex</h2>" in page
    assert "&lt;b&gt;f&lt;/b&gt;" in page
    assert "<b>f" not in page


@pytest.mark.parametrize(
    ("family", "column", "metric"),
    [("tabular_regressor", "colour", "mae"), ("text_classifier", "label", "accuracy"), ("forecaster", "shop", "mae")],
)
def test_other_families_give_scores_by_columns_too(tmp_path, family, column, metric):
    output = measured(tmp_path, case(family).spec(case(family).write(tmp_path)), slices=[column])
    document = json.loads((output / "evaluation.json").read_text())
    (found,) = document["slices"]
    assert found["column"] == column
    examples = sum(one["examples"] for one in found["slices"])
    mean = sum(one["metrics"][metric] * one["examples"] for one in found["slices"]) / examples
    assert found["left_out"] == 0
    assert mean == pytest.approx(document["metrics"][metric])
    assert f"<h2>By {column}</h2>" in (output / "report.html").read_text()


def test_a_column_that_is_not_there_is_refused(tmp_path):
    document = case("tabular_classifier").spec(case("tabular_classifier").write(tmp_path))
    with pytest.raises(InvalidData, match="no column 'colours', which slices names") as raised:
        measured(tmp_path, document, slices=["colours"])
    assert "'colour'" in raised.value.remedy


def test_images_have_no_columns_to_give_scores_by(tmp_path):
    document = case("image_classifier").spec(case("image_classifier").write(tmp_path))
    with pytest.raises(InvalidData, match="slices names the column 'x', and the data of a model of image_classifier"):
        measured(tmp_path, document, slices=["x"])
