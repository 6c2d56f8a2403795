"""What a network is given of the train part depends on the train part alone, and never on a label: in every family.

Each family is stopped just before it trains. What it would have trained on is compared bit for bit with what it would
have trained on had the held-out rows, or the labels, been others.
"""

from __future__ import annotations

import csv
import importlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ml.data import Parts
from ml.errors import InvalidData
from ml.families.registry import FAMILIES
from ml.job import RunSettings
from ml.report import MemoryReport
from ml.run import run
from tests.ml.families.cases import CASES, Case
from tests.ml.families.test_each_family import PLAIN, PREPARED
from trainshed.specs import parse_spec


class Stopped(Exception):
    """The family was about to train."""


@dataclass
class Given:
    """What it would have trained on."""

    parts: Parts | None = None
    inputs: bytes = b""
    targets: bytes = b""
    augmented: bytes = b""


@contextmanager
def stopped_before_training(family: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Given]:
    given = Given()

    def fit_task(_: Any, task: Any, prepare: Any, *__: Any, **___: Any) -> None:
        train = prepare("train")
        given.parts, given.inputs, given.targets = task.parts, train.inputs.tobytes(), train.targets.tobytes()
        given.augmented = task.source(train)(np.arange(min(8, len(train))), epoch=2)[0].tobytes()
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr(importlib.import_module(f"ml.families.{family}.train"), "fit_task", fit_task)
        yield given


def given(case: Case, document: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Given:
    settings = RunSettings(threads=1, data_roots=(folder,))
    with stopped_before_training(case.family, monkeypatch) as found, pytest.raises(Stopped):
        run(parse_spec(document), folder, MemoryReport(), settings=settings)
    return found


def change_images(path: Path, rows: np.ndarray) -> None:
    arrays = dict(np.load(path))
    arrays["x"][rows] = 255 - arrays["x"][rows]
    np.savez(path, **arrays)


def change_pictures(path: Path, rows: np.ndarray) -> None:
    files = sorted(path.rglob("*.png"))
    for row in rows:
        picture = Image.open(files[row])
        Image.fromarray(255 - np.asarray(picture)).save(files[row])


def change_cells(path: Path, rows: np.ndarray, wild: Callable[[str], str]) -> None:
    """Write other features into these rows of a table; the label, which is the last, stays."""
    with path.open(newline="") as file:
        names, *written = csv.reader(file)
    for row in rows:
        written[row][:-1] = [wild(cell) for cell in written[row][:-1]]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *written])


def wild_cell(cell: str) -> str:
    """Return a far larger number, or a category that training has not."""
    try:
        return str(1e9 * (1 + float(cell or 1)))
    except ValueError:
        return "never seen"


def change_late(path: Path, _: np.ndarray) -> None:
    """Write other values after the days of the train part of a forecaster: 0.6 of 90 of them."""
    with path.open(newline="") as file:
        names, *written = csv.reader(file)
    for row in written:
        if row[0] >= str(np.datetime64("2020-01-01") + 54):
            row[2] = str(1000 + 1e6 * float(row[2]))
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *written])


def change_rows(path: Path, rows: np.ndarray, wild: Callable[[int, list[str]], list[str]]) -> None:
    """Write other rows in the place of these."""
    with path.open(newline="") as file:
        names, *written = csv.reader(file)
    for row in rows:
        written[row] = wild(int(row), written[row])
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *written])


CHANGES: dict[str, Callable[[Path, np.ndarray], None]] = {
    "image_classifier": change_images,
    "tabular_classifier": lambda path, rows: change_cells(path, rows, wild_cell),
    "tabular_regressor": lambda path, rows: change_cells(path, rows, wild_cell),
    "text_classifier": lambda path, rows: change_cells(path, rows, lambda _: "words words that training never saw"),
    "forecaster": change_late,
    "object_detector": change_pictures,
    "recommender": lambda path, rows: change_rows(path, rows, lambda at, row: [row[0], f"item {at}", "1000", row[3]]),
    "translator": lambda path, rows: change_rows(path, rows, lambda at, _: [f"source of {at}", f"target of {at}"]),
}
"""How the held-out rows of each family's data are changed wildly. A new family is added here, too."""


def test_every_family_is_proved_here():
    assert CHANGES.keys() == FAMILIES.keys()


@pytest.mark.parametrize("case", [*PLAIN, *PREPARED])
def test_held_out_rows_change_nothing_of_what_training_is_given(case, tmp_path, monkeypatch):
    path = case.write(tmp_path)
    before = given(case, case.spec(path), tmp_path, monkeypatch)
    CHANGES[case.family](path, np.concatenate([before.parts.validation, before.parts.test]))
    after = given(case, case.spec(path), tmp_path, monkeypatch)
    assert after.parts.digest == before.parts.digest
    assert (after.inputs, after.targets, after.augmented) == (before.inputs, before.targets, before.augmented)


@pytest.mark.parametrize("case", [*PLAIN, *PREPARED])
def test_train_rows_do_change_it_so_that_the_test_above_can_fail(case, tmp_path, monkeypatch):
    if case.family == "forecaster":
        return
    path = case.write(tmp_path)
    before = given(case, case.spec(path), tmp_path, monkeypatch)
    CHANGES[case.family](path, before.parts.train[:3])
    assert given(case, case.spec(path), tmp_path, monkeypatch).inputs != before.inputs


def permute_labels(path: Path) -> None:
    random = np.random.Generator(np.random.PCG64(3))
    if path.is_dir():
        document = json.loads((path / "annotations.json").read_text())
        kinds = random.permutation([each["category_id"] for each in document["annotations"]])
        for each, kind in zip(document["annotations"], kinds.tolist(), strict=True):
            each["category_id"] = kind
        (path / "annotations.json").write_text(json.dumps(document))
        return
    if path.suffix == ".npz":
        arrays = dict(np.load(path))
        np.savez(path, **{**arrays, "y": random.permutation(arrays["y"])})
        return
    with path.open(newline="") as file:
        names, *written = csv.reader(file)
    labels = random.permutation([row[-1] for row in written])
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *([*row[:-1], label] for row, label in zip(written, labels, strict=True))])


WITH_CLASSES = {"image_classifier", "tabular_classifier", "tabular_regressor", "text_classifier"}
LABELLED = [one for one in (*PLAIN, *PREPARED) if one.values[0].family in WITH_CLASSES]


@pytest.mark.parametrize("case", LABELLED)
def test_other_labels_leave_the_features_as_they_are(case, tmp_path, monkeypatch):
    path = case.write(tmp_path)
    document = case.spec(path)
    document["data"]["split"]["stratify"] = False  # or the division follows the labels
    before = given(case, document, tmp_path, monkeypatch)
    permute_labels(path)
    after = given(case, document, tmp_path, monkeypatch)
    assert after.targets != before.targets
    assert after.inputs == before.inputs


TABLES = [case for case in CASES if case.family.startswith("tabular")]


@pytest.mark.parametrize("case", TABLES, ids=lambda case: case.family)
@pytest.mark.parametrize(
    "step", [{"step": "standardize"}, {"step": "fill_missing", "using": "mode"}, {"step": "convert", "to": "number"}]
)
def test_what_is_to_be_learned_is_no_column_of_a_step(case, step, tmp_path):
    path = case.write(tmp_path)
    label = path.read_text().splitlines()[0].split(",")[-1]
    document = {**case.spec(path), "preprocess": [{**step, "columns": [label]}]}
    with pytest.raises(InvalidData, match=f"no column '{label}'") as raised:
        run(parse_spec(document), tmp_path, MemoryReport(), settings=RunSettings(threads=1, data_roots=(tmp_path,)))
    assert "what is to be learned is none" in raised.value.remedy or "columns are" in raised.value.remedy
