"""What must not pass from held-out examples into training: copies, labels among features, fitted statistics."""

from __future__ import annotations

import importlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data import Parts, divide, findings
from ml.data.leaks import almost_tells
from ml.data.split import divide_evenly
from ml.errors import InvalidData
from ml.job import RunSettings
from ml.report import MemoryReport
from ml.run import run
from ml.series import SeriesSet, divide_by_time, origins_of
from ml.series.series_set import Series
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


# --- no row is in two parts ---

SHARES = st.floats(0, 0.45)


def are_apart(parts: Parts, count: int) -> bool:
    """Whether each row is in one part."""
    return sorted([*parts.train, *parts.validation, *parts.test]) == list(range(count))


def of_labels(labels: list[int], validation_from: int | None, test_from: int | None) -> Any:
    held_out_from = test_from if validation_from is None else validation_from
    return SimpleNamespace(
        labels=np.array(labels, np.int64),
        class_names=("a", "b", "c"),
        own_validation_from=validation_from,
        own_test_from=test_from,
        held_out_from=held_out_from,
    )


@given(
    labels=st.lists(st.integers(0, 2), min_size=12, max_size=60),
    own=st.tuples(st.booleans(), st.booleans()),
    validation=SHARES,
    test=SHARES,
    seed=st.integers(0, 9),
    stratify=st.booleans(),
)
def test_no_division_gives_a_row_to_two_parts(labels, own, validation, test, seed, stratify):
    test_from = len(labels) - 2 if own[1] else None
    validation_from = len(labels) - 4 if own[0] else None
    data = of_labels(labels, validation_from, test_from)
    split = Split(validation=validation, test=test, seed=seed, stratify=stratify)
    for divided in (lambda: divide(data, split), lambda: divide_evenly(len(labels), split, data)):
        try:
            parts = divided()
        except InvalidData:  # a share or a class would be empty
            continue
        assert are_apart(parts, len(labels))
        if own[1]:
            assert {len(labels) - 2, len(labels) - 1} <= set(parts.test.tolist())


@given(
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    horizon=st.integers(1, 4),
    window=st.integers(2, 6),
    validation=SHARES,
    test=SHARES,
)
def test_no_target_of_a_forecast_is_in_two_parts(lengths, horizon, window, validation, test):
    series = tuple(
        Series(str(at), np.arange(long, dtype=float), np.arange(long) + 1.0, np.arange(long))
        for at, long in enumerate(lengths)
    )
    data = SeriesSet("s", series, "y", provenance="", licence="")
    try:
        origins = origins_of(data, window=window, horizon=horizon)
        parts = divide_by_time(origins, Split(validation=validation, test=test))
    except InvalidData:
        return
    moments = [
        {moment for row in rows for moment in range(origins.first[row], origins.last[row] + 1)}
        for rows in (parts.train, parts.validation, parts.test)
    ]
    assert sum(map(len, moments)) == len(set().union(*moments))


# --- a column that tells the label alone ---


def almost(count: int, wrong: int) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers that tell labels but for some, and the labels."""
    labels = np.arange(count) % 2
    values = labels * 10 + RANDOM.uniform(0, 5, count)
    values[:wrong] = 10 - values[:wrong] + 5
    return values, labels


def test_a_column_that_all_but_tells_the_label_is_found_whatever_its_order():
    values, labels = almost(1000, 3)
    assert almost_tells(values, labels, ordered=True) is not None
    assert almost_tells(-values, labels, ordered=True) is not None
    assert almost_tells(np.array([7.0, 3.0])[labels], labels, ordered=False) == 1
    three = np.arange(900) % 3
    assert almost_tells(np.array([5.0, 1.0, 9.0])[three] + RANDOM.uniform(0, 1, 900), three, ordered=True) is not None


def test_a_good_column_a_name_and_a_rare_class_are_left_alone():
    values, labels = almost(1000, 60)
    assert almost_tells(values, labels, ordered=True) is None
    assert almost_tells(np.arange(1000.0), labels, ordered=False) is None  # an identifier
    assert almost_tells(np.arange(1000.0), labels, ordered=True) is None
    rare = (np.arange(1000) < 10).astype(np.int64)
    assert almost_tells(np.zeros(1000), rare, ordered=True) is None
    assert almost_tells(np.full(1000, np.nan), labels, ordered=True) is None


def leaking_table(tmp_path: Path) -> Path:
    """Write a table with a column that is known after the label, and a split whose test part repeats train rows."""
    values, labels = almost(400, 1)
    rows = [
        ["test" if at % 4 == 3 else "train", str(at * 37 % 101), f"{values[at]:.3f}", str(labels[at])]
        for at in range(400)
    ]
    rows[3][1:] = rows[4][1:]
    rows[7][1:] = rows[8][1:]
    path = tmp_path / "leaks.csv"
    path.write_text("\n".join(",".join(row) for row in [["split", "x", "treated", "label"], *rows]))
    return path


def test_a_profile_and_a_training_tell_the_column_and_the_rows_in_two_parts(tmp_path):
    path = leaking_table(tmp_path)
    settings = RunSettings(threads=1, data_roots=(tmp_path,))
    data = {"path": str(path), "split": {"validation": 0}}
    report = MemoryReport()
    run(parse_spec({"kind": "profile", "data": data}), tmp_path / "p", report, settings=settings)
    problems = json.loads((tmp_path / "p/output/profile.json").read_text())["problems"]
    train = {"kind": "train", "name": "t", "data": data, "model": {"family": "tabular_classifier"}}
    run(parse_spec({**train, "training": {"epochs": 1}}), tmp_path / "t", report, settings=settings)
    for said in ("reated alone tells label in ", "2 of the 100 test rows are in train, too, value by value"):
        assert any(said in problem for problem in problems), problems
        assert any(said in message for message in report.messages if message.startswith("warning")), report.messages
