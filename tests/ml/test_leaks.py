"""What must not pass from held-out examples into training: copies, labels among features, fitted statistics."""

from __future__ import annotations

import importlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data import divide, findings
from ml.errors import InvalidData
from ml.job import RunSettings
from ml.report import MemoryReport
from ml.run import run
from ml.steps import preprocessing_layers
from tests.ml.made_files import load
from trainshed.specs import Split, parse_spec

RANDOM = np.random.Generator(np.random.PCG64(8))


def images(count: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (count, 4, 4), np.uint8)


def divided(tmp_path: Path, **changed: np.ndarray) -> Path:
    """Write 40 images to train on and 10 to test on; three of the latter are in the former, two of those twice."""
    x_train, x_test = images(40), images(10)
    x_test[:3] = x_train[:3]
    x_train[20:22] = x_train[:2]
    path = tmp_path / "d.npz"
    y = np.arange(50) % 2
    np.savez(path, **{"x_train": x_train, "y_train": y[:40], "x_test": x_test, "y_test": y[40:], **changed})
    return path


def found(path: Path, **settings: object) -> tuple[str, ...]:
    dataset = load(path, **settings)
    return findings(dataset, divide(dataset, Split(validation=0)))


def test_copies_across_the_parts_are_always_found(tmp_path):
    (said,) = found(divided(tmp_path))
    assert said.startswith("3 of the 10 test examples are in train, too, pixel by pixel")
    assert "data.clean.duplicates" in said


def test_copies_across_parts_that_were_drawn_are_found(tmp_path):
    x = images(40)
    path = tmp_path / "d.npz"
    np.savez(path, x=np.concatenate([x, x]), y=np.arange(80) % 2)
    dataset = load(path)
    said = findings(dataset, divide(dataset, Split(validation=0.2, test=0.3)))
    assert {words.split(" examples ")[0].split()[-1] for words in said} == {"validation", "test"}


def test_dropping_them_leaves_the_test_part_as_it_was(tmp_path):
    path = divided(tmp_path)
    dataset = load(path, clean={"duplicates": "drop"})
    assert found(path, clean={"duplicates": "drop"}) == ()
    assert (dataset.own_test_from, len(dataset.labels), dataset.dropped) == (35, 45, {"duplicates": 5})
    np.testing.assert_array_equal(dataset.images[35:], load(path).images[40:])


def test_dropping_them_from_undivided_data_leaves_the_first_of_each(tmp_path):
    x = images(20)
    path = tmp_path / "d.npz"
    np.savez(path, x=np.concatenate([x, x]), y=np.arange(40) % 2)
    dataset = load(path, clean={"duplicates": "drop"})
    np.testing.assert_array_equal(dataset.images[..., 0], x)
    assert dataset.dropped == {"duplicates": 20}


def test_images_of_one_colour_are_dropped_and_counted(tmp_path):
    x_train = images(40)
    x_train[4] = 7
    path = divided(tmp_path, x_train=x_train)
    assert len(load(path).labels) == 50
    dataset = load(path, clean={"constant": "drop"})
    assert (len(dataset.labels), dataset.own_test_from, dataset.dropped) == (49, 39, {"constant": 1})


def test_cleaning_that_leaves_a_class_nothing_is_refused(tmp_path):
    x = images(20)
    x[1::2] = 9
    path = tmp_path / "d.npz"
    np.savez(path, x=x, y=np.arange(20) % 2)
    with pytest.raises(InvalidData, match="what cleaning has left"):
        load(path, clean={"constant": "drop"})


@pytest.mark.parametrize("corrupt", ["refuse", "drop"])
def test_images_that_are_not_finite_are_refused_or_dropped(tmp_path, corrupt):
    x_train = images(40).astype(np.float32)
    x_train[7, 1, 1] = np.nan
    path = divided(tmp_path, x_train=x_train, x_test=images(10).astype(np.float32))
    if corrupt == "refuse":
        with pytest.raises(InvalidData, match=r"x_train\[7, 1, 1, 0\] is nan"):
            load(path)
        return
    dataset = load(path, clean={"corrupt": "drop"})
    assert (dataset.dropped, dataset.own_test_from) == ({"corrupt": 1}, 39)


def test_labels_of_no_class_are_dropped_and_counted(tmp_path):
    y_test = np.array([0, 1, 5, 0, 1, 0, 1, -1, 1, 0])
    path = divided(tmp_path, y_test=y_test)
    dataset = load(path, clean={"unknown_labels": "drop"})
    assert (dataset.dropped, len(dataset.labels)) == ({"unknown_labels": 2}, 48)


# --- a label among the features ---


def table(tmp_path: Path, *, leaks: Callable[[np.ndarray, np.ndarray], np.ndarray] | None) -> Path:
    """Write rows of four pixels and a label; `leaks` makes the last pixel out of labels and pixels."""
    labels = np.arange(60) % 3
    pixels = RANDOM.integers(0, 256, (60, 4))
    if leaks is not None:
        pixels[:, 3] = leaks(labels, pixels)
    path = tmp_path / "d.csv"
    rows = "\n".join(",".join(map(str, [*row, label])) for row, label in zip(pixels, labels, strict=True))
    path.write_text(f"a,b,c,d,label\n{rows}\n")
    return path


@pytest.mark.parametrize(
    "leaks", [lambda labels, _: labels, lambda labels, _: 200 - 7 * labels, lambda labels, _: labels * labels + 9]
)
def test_a_column_that_is_the_label_under_another_name_is_refused(tmp_path, leaks):
    with pytest.raises(InvalidData, match=r"the column d tells the label") as caught:
        load(table(tmp_path, leaks=leaks))
    assert caught.value.facts["field"] == "d"
    assert "Remove the column" in caught.value.remedy


@pytest.mark.parametrize(
    "leaks", [None, lambda _, pixels: pixels[:, 0], lambda labels, _: np.where(np.arange(60) == 5, 99, labels)]
)
def test_a_column_that_is_not_the_label_is_left_alone(tmp_path, leaks):
    assert len(load(table(tmp_path, leaks=leaks)).labels) == 60


# --- what training learns does not depend on held-out rows ---


def trained(tmp_path: Path, document: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    tmp_path.mkdir(exist_ok=True)
    path = tmp_path / "data.npz"
    np.savez(path, **arrays)
    spec = parse_spec({**document, "data": {"path": str(path), "split": {"validation": 0}}})
    report = MemoryReport()
    run(spec, tmp_path / "job", report, settings=RunSettings(threads=1, data_roots=(tmp_path,)))
    card: dict[str, Any] = json.loads((tmp_path / "job" / "output" / "model.json").read_text())
    return {**card, "messages": report.messages}


FITTED = ["standardize", "min_max"]


def two_runs(
    tmp_path: Path, step: str, shapes: dict[str, np.ndarray], document: dict[str, Any]
) -> list[dict[str, Any]]:
    """Train twice on the same examples, with a fitted step; the second time with other test rows."""
    x, y = shapes["x"], shapes["y"]
    document = {**document, "preprocess": [{"step": step}, *document["preprocess"][1:]]}
    arrays = {"x_train": x[:48], "y_train": y[:48], "x_test": x[48:], "y_test": y[48:]}
    plain = trained(tmp_path / "plain", document, arrays)
    other = trained(tmp_path / "other", document, {**arrays, "x_test": 255 - arrays["x_test"]})
    assert plain["data"]["digest"] != other["data"]["digest"]
    return [plain, other]


@pytest.mark.parametrize("step", FITTED)
def test_nothing_that_training_keeps_depends_on_the_test_rows(tmp_path, shapes, train_document, step):
    plain, other = two_runs(tmp_path, step, shapes, train_document)
    assert plain["weights_sha256"] == other["weights_sha256"]
    assert fitted(tmp_path / "plain") == fitted(tmp_path / "other")


@pytest.mark.parametrize("step", FITTED)
def test_a_step_that_is_fitted_on_the_test_rows_is_found_so(tmp_path, monkeypatch, shapes, train_document, step):
    """Break the rule on purpose: the comparison of the test above must notice."""

    def fitted_on_all(steps: Any, images: Any, train_rows: Any) -> Any:
        return preprocessing_layers(steps, images, np.arange(len(images)))

    module = importlib.import_module("ml.families.image_classifier.train")
    monkeypatch.setattr(module, "preprocessing_layers", fitted_on_all)
    plain, other = two_runs(tmp_path, step, shapes, train_document)
    assert plain["weights_sha256"] != other["weights_sha256"]
    assert fitted(tmp_path / "plain") != fitted(tmp_path / "other")


def fitted(folder: Path) -> list[Any]:
    """Return what the saved model knows of its data: the configuration of each layer before the network."""
    with zipfile.ZipFile(folder / "job" / "output" / "model.keras") as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
    return [layer["config"] for layer in layers if layer["class_name"] != "Functional"]


def test_a_training_job_says_what_leaks_and_keeps_it_on_the_card(tmp_path, shapes, train_document):
    x, y = shapes["x"], shapes["y"]
    arrays = {"x_train": x, "y_train": y, "x_test": x[:9], "y_test": y[:9]}
    card = trained(tmp_path, train_document, arrays)
    assert any(message.startswith("warning: 9 of the 9 test examples are in train") for message in card["messages"])
    assert card["data"]["findings"][0].startswith("9 of the 9 test examples are in train")
    assert "**Warning**: 9 of the 9" in (tmp_path / "job" / "output" / "MODEL_CARD.md").read_text()
