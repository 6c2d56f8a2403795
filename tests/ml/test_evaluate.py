"""An evaluate job: the held-out share, the scores, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from ml.errors import InvalidData
from ml.report import MemoryReport
from ml.run import RunSettings, Summary, run
from trainshed.specs import parse_spec

Document = dict[str, Any]


@pytest.fixture(scope="module")
def trained_once(shapes, make_train_document, tmp_path_factory) -> Path:
    """The output of one train job."""
    folder = tmp_path_factory.mktemp("trained")
    np.savez(folder / "data.npz", **shapes)
    spec = parse_spec(make_train_document(folder / "data.npz"))
    run(spec, folder, MemoryReport(), settings=RunSettings(threads=1, data_roots=(folder,)))
    return folder / "output"


@pytest.fixture
def trained(trained_once, train_document, tmp_path) -> Path:
    """A working folder with that model as input, and its card naming this test's own copy of the data."""
    inputs = tmp_path / "evaluate/inputs"
    inputs.mkdir(parents=True)
    shutil.copy(trained_once / "model.keras", inputs)
    card = json.loads((trained_once / "model.json").read_text())
    card["data"]["source"] = train_document["data"]["path"]
    (inputs / "model.json").write_text(json.dumps(card))
    return inputs.parent


def evaluate(workdir: Path, settings: RunSettings, **keys: Any) -> tuple[Summary, MemoryReport, Document]:
    spec = {"kind": "evaluate", "name": "e", "model": {"job": "job_" + "0" * 26}, **keys}
    report = MemoryReport()
    summary = run(parse_spec(spec), workdir, report, settings=settings)
    return summary, report, json.loads((workdir / "output/evaluation.json").read_text())


def test_an_evaluation_measures_the_held_out_share_and_reports_its_headline(trained, settings):
    summary, report, document = evaluate(trained, settings)
    assert (document["split"], document["examples"], document["seen_in_training"]) == ("test", 12, 0)
    assert set(summary.metrics) == {
        "accuracy", "precision_macro", "recall_macro", "f1_macro", "f1_weighted", "loss",
    }  # fmt: skip
    assert {(series, step): value for series, step, value in report.points} == {
        (f"evaluation/{name}", 0): value for name, value in summary.metrics.items()
    }
    assert report.progressed[-1].fraction == 1.0


def test_the_document_is_consistent_with_its_confusion_matrix(trained, settings):
    _, _, document = evaluate(trained, settings, split="all", batch_size=7)
    confusion = np.array(document["confusion_matrix"])
    assert confusion.sum() == document["examples"] == 60
    assert document["metrics"]["accuracy"] == pytest.approx(confusion.trace() / 60)
    assert [score["support"] for score in document["per_class"]] == confusion.sum(axis=1).tolist() == [20, 20, 20]
    assert document["baseline"] == {"class_name": "0", "accuracy": pytest.approx(1 / 3)}
    assert document["seen_in_training"] == 36


def test_an_evaluation_stands_beside_logistic_regression_and_says_how_sure_its_numbers_are(trained, settings):
    _, report, document = evaluate(trained, settings, split="all")
    logistic = document["logistic_regression"]
    assert (logistic["trained_on"], logistic["features"]) == (36, 36)
    assert 0.9 < logistic["accuracy"] <= 1
    always, beside = document["comparisons"]
    assert beside["difference"] == pytest.approx(document["metrics"]["accuracy"] - logistic["accuracy"])
    assert (document["beats_baseline"], document["beats_logistic_regression"]) == (
        always["interval"]["low"] > 0,
        beside["interval"]["low"] > 0,
    )
    assert f"difference {beside['difference']:+.3f} [" in document["verdict"]
    assert f"logistic regression: {logistic['accuracy']:.4f}" in report.messages[-1]
    assert set(document["intervals"]) == {"accuracy", "f1_macro", "precision_macro", "recall_macro", "loss"}
    for name, interval in document["intervals"].items():
        assert interval["low"] <= document["metrics"][name] <= interval["high"]


def test_the_report_is_one_page_that_runs_and_fetches_nothing(trained, settings):
    _, _, document = evaluate(trained, settings, split="all")
    page = (trained / "output/report.html").read_text()
    wrong = 60 - sum(row[i] for i, row in enumerate(document["confusion_matrix"]))
    assert len(document["most_confused"]) == page.count("data:image/png") == min(wrong, 24)
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<link|javascript:|(src|href)=.https?:", page)
    picture = (trained / "output/confusion.svg").read_text()
    assert picture in page
    assert ET.fromstring(picture).tag.endswith("svg")


def test_without_pictures_and_logistic_regression_an_evaluation_has_neither(trained, settings):
    _, _, document = evaluate(trained, settings, pictures=0, logistic_regression=False)
    assert (document["most_confused"], document["logistic_regression"]) == ([], None)
    assert document["beats_logistic_regression"] is None


def test_validation_numbers_of_training_are_found_again(trained, settings):
    card = json.loads((trained / "inputs/model.json").read_text())
    summary, _, _ = evaluate(trained, settings, split="validation")
    assert summary.metrics["accuracy"] == card["metrics"]["validation_accuracy"]
    assert summary.metrics["loss"] == pytest.approx(card["metrics"]["validation_loss"], rel=1e-5)


def test_the_batch_size_does_not_change_the_numbers(trained, settings):
    one, _, _ = evaluate(trained, settings, split="all", batch_size=1)
    many, _, _ = evaluate(trained, settings, split="all", batch_size=60)
    assert one.metrics == pytest.approx(many.metrics, rel=1e-5)


def test_another_split_of_the_training_data_is_measured_with_a_warning(trained, train_document, settings):
    data = {"path": train_document["data"]["path"], "split": {"validation": 0.2, "test": 0.2, "seed": 9}}
    _, report, document = evaluate(trained, settings, data=data)
    assert document["seen_in_training"] > 0
    assert any(f"trained on {document['seen_in_training']} of these 12" in text for text in report.messages)


def test_other_data_of_the_same_kind_is_measured(trained, shapes, tmp_path, settings):
    np.savez(tmp_path / "other.npz", x=shapes["x"][:30], y=shapes["y"][:30])
    _, _, document = evaluate(trained, settings, data={"path": str(tmp_path / "other.npz")}, split="all")
    assert (document["examples"], document["seen_in_training"]) == (30, None)


def test_a_file_that_changed_since_training_is_refused(trained, write_npz, shapes, settings):
    write_npz(x=255 - shapes["x"], y=shapes["y"])
    with pytest.raises(InvalidData, match="has changed since the model was trained"):
        evaluate(trained, settings)


def test_training_data_that_is_cleaned_in_another_way_is_refused(trained, train_document, settings):
    data = {"path": train_document["data"]["path"], "clean": {"duplicates": "drop"}}
    with pytest.raises(
        InvalidData, match=r'data.clean is .*"duplicates":"drop".* and was .*"duplicates":"keep"'
    ) as raised:
        evaluate(trained, settings, data=data)
    assert raised.value.facts["field"] == "data.clean"


def test_a_split_that_training_left_empty_is_refused(trained, train_document, settings):
    data = {"path": train_document["data"]["path"], "split": {"test": 0}}
    with pytest.raises(InvalidData, match="has no test part"):
        evaluate(trained, settings, data=data)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x, y: (x[:, :5], y), r"images of \(5, 6, 1\), and the model takes \(6, 6, 1\)"),
        (lambda x, y: (x, y % 2), "has the classes 0, 1; the model 0, 1, 2"),
        (lambda x, _: (x, np.arange(60) % 4), "has the classes 0, 1, 2, 3; the model 0, 1, 2"),
    ],
)
def test_data_that_does_not_fit_the_model_is_refused(trained, shapes, tmp_path, settings, change, says):
    x, y = change(shapes["x"], shapes["y"])
    np.savez(tmp_path / "other.npz", x=x, y=y)
    with pytest.raises(InvalidData, match=says):
        evaluate(trained, settings, data={"path": str(tmp_path / "other.npz")})


def test_a_card_of_another_model_is_refused(trained, settings):
    path = trained / "inputs/model.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps(card | {"weights_sha256": "0" * 64}))
    with pytest.raises(InvalidData, match="its card says 0000"):
        evaluate(trained, settings)


@pytest.mark.parametrize("text", ["", "{}", '{"format_version": 2}', "\x00"])
def test_a_card_that_is_none_is_refused(trained, settings, text):
    (trained / "inputs/model.json").write_text(text)
    with pytest.raises(InvalidData, match=r"model.json is no model card of format 1"):
        evaluate(trained, settings)


@pytest.mark.parametrize("name", ["model.keras", "model.json"])
def test_a_missing_input_is_named(trained, settings, name):
    (trained / "inputs" / name).unlink()
    with pytest.raises(InvalidData, match=name):
        evaluate(trained, settings)


def test_the_split_of_training_is_checked_and_not_assumed(trained, settings):
    path = trained / "inputs/model.json"
    card = json.loads(path.read_text())
    card["data"]["parts_digest"] = "0" * 64
    path.write_text(json.dumps(card))
    with pytest.raises(InvalidData, match="cannot be divided again"):
        evaluate(trained, settings)
