"""One tiny training for each family. A new family is added to `CASES`, and all tests of families are about it, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import keras
import numpy as np

from ml.data import load_dataset
from ml.evaluation.scores import probabilities
from ml.families import rows as tabular_presets
from ml.families.forecaster.card import ForecasterCard
from ml.families.image_classifier import presets as image_presets
from ml.families.tabular_classifier.card import TabularCard
from ml.families.tabular_classifier.evaluate import answers
from ml.families.tabular_regressor.card import RegressorCard
from ml.families.text_classifier import presets as text_presets
from ml.families.text_classifier.card import TextCard
from ml.model.card import ModelCard, read_card
from ml.series import divide_by_time, load_series, origins_of
from ml.series.scaling import decode, encode_windows
from ml.tables import encoder, load_quantities, load_table
from ml.texts import encode_for, load_texts
from tests.ml.families.case import Case, Document, Roots, spec_of
from tests.ml.families.detector_case import OBJECT_DETECTOR
from tests.ml.families.recommender_case import RECOMMENDER
from tests.ml.families.tables import judged_quantities, other_order, write_rows
from tests.ml.families.translator_case import TRANSLATOR

_LABELS: Final = np.arange(60) % 3


def _images(folder: Path, labels: np.ndarray = _LABELS) -> Path:
    images = np.random.Generator(np.random.PCG64(7)).integers(0, 60, (60, 6, 6), dtype=np.uint8)
    for row, label in enumerate(_LABELS):
        images[row, 2 * label : 2 * label + 2] = 250
    np.savez(folder / "data.npz", x=images, y=labels)
    return folder / "data.npz"


def _images_alone(folder: Path) -> Path:
    images = np.load(_images(folder))["x"]
    np.savez(folder / "asked.npz", x=images)
    return folder / "asked.npz"


def _image_spec(path: Path) -> Document:
    steps = [{"step": "rescale", "scale": 0.004}, {"step": "resize", "height": 18, "width": 18}]
    return spec_of("image_classifier", path, preprocess=steps)


def _image_measured(output: Path, roots: Roots) -> Document:
    card = read_card(output / "model.json", ModelCard)
    dataset = load_dataset(card.data.as_data(), roots=roots)
    model = keras.saving.load_model(output / "model.keras", safe_mode=True)
    answered = np.asarray(model(dataset.images.astype(np.float32))).argmax(axis=1)
    return {"confusion_matrix": _confusion(dataset.labels, answered)}


def _confusion(labels: np.ndarray, answered: np.ndarray) -> list[list[int]]:
    classes = int(labels.max()) + 1
    counted = np.zeros((classes, classes), int)
    np.add.at(counted, (labels, answered), 1)
    return counted.tolist()


def _judged_classes(labels: Sequence[str]) -> Callable[[Sequence[Mapping[str, str]]], Document]:
    """Judge answers by the label of each row; the classes are in the order of their names."""
    names = sorted(set(labels))

    def judge(predictions: Sequence[Mapping[str, str]]) -> Document:
        true = np.array([names.index(labels[int(one["row"])]) for one in predictions])
        answered = np.array([names.index(one["prediction"]) for one in predictions])
        return {"confusion_matrix": _confusion(true, answered)}

    return judge


def rows_of(count: int = 80) -> list[list[str]]:
    """Return rows of age, blood pressure with gaps, a colour with gaps, and ill or well, which the first two tell."""
    random = np.random.Generator(np.random.PCG64(5))
    rows = []
    for number in range(count):
        ill = number % 4 == 0
        age = f"{random.normal(70 if ill else 40, 6):.1f}"
        pressure = "" if number % 9 == 0 else f"{random.normal(160 if ill else 120, 10):.0f}"
        colour = "" if number % 13 == 0 else ("red", "green", "blue")[int(random.integers(3))]
        rows.append([age, pressure, colour, "ill" if ill else "well"])
    return rows


def _with(row: int, column: int, value: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        rows = rows_of()
        rows[row][column] = value
        return write_rows(folder, rows)

    return write


def _table_spec(path: Path) -> Document:
    return spec_of(
        "tabular_classifier",
        path,
        model={"family": "tabular_classifier", "positive": "ill", "recall": 0.9},
    )


def _table_measured(output: Path, roots: Roots) -> Document:
    card = read_card(output / "model.json", TabularCard)
    table = load_table(card.data.as_data(), roots=roots, files={})
    model = keras.saving.load_model(output / "model.keras", safe_mode=True)
    encoded = encoder(card, table)(np.arange(len(table.labels)))
    answered = answers(card, probabilities(np.asarray(model(encoded))))
    return {"confusion_matrix": _confusion(table.labels, answered)}


def quantity_rows() -> list[list[str]]:
    """Return rows of an area with gaps, a colour, and a price, which the area tells but for a little."""
    random = np.random.Generator(np.random.PCG64(5))
    rows = []
    for number in range(90):
        area = random.uniform(20, 120)
        colour = ("red", "green", "blue")[int(random.integers(3))]
        price = 1000 + 30 * area + random.normal(0, 60)
        rows.append(["" if number % 11 == 0 else f"{area:.1f}", colour, f"{price:.0f}"])
    return rows


def _quantity(row: int, column: int, value: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        rows = quantity_rows()
        rows[row][column] = value
        return write_rows(folder, rows, "area,colour,price")

    return write


def _quantity_table(
    change: Callable[[list[str]], list[str]], names: str = "area,colour,price"
) -> Callable[[Path], Path]:
    return lambda folder: write_rows(folder, [change(row) for row in quantity_rows()], names)


def _regressed(output: Path, roots: Roots) -> Document:
    card = read_card(output / "model.json", RegressorCard)
    table = load_quantities(card.data.as_data(), roots=roots, files={})
    model = keras.saving.load_model(output / "model.keras", safe_mode=True)
    predicted = np.asarray(model(encoder(card, table)(np.arange(len(table.quantities)))))[:, 0]
    return {"metrics": {"mae": np.abs(predicted - table.quantities).mean()}}


def series_rows() -> list[list[str]]:
    """Return days, shops and sales that repeat themselves each week, grow, and have some noise."""
    random = np.random.Generator(np.random.PCG64(5))
    rows = []
    for shop, size in (("north", 100), ("south", 40)):
        for day in range(90):
            value = size * (1 + 0.3 * np.sin(day * 2 * np.pi / 7) + day / 60) + random.normal(0, size / 50)
            rows.append([str(np.datetime64("2020-01-01") + day), shop, f"{value:.2f}"])
    return rows


def _series_with(row: int, column: int, value: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        rows = series_rows()
        rows[row][column] = value
        return write_rows(folder, rows, "date,shop,sales")

    return write


def _series_spec(path: Path) -> Document:
    document = spec_of("forecaster", path)
    document["data"]["columns"] = {"series": "shop"}
    document["model"] |= {"window": 9, "horizon": 2, "season": 7, "dropout": 0.0}
    document["training"] |= {"epochs": 12}
    return document


def _forecast_measured(output: Path, roots: Roots) -> Document:
    card = read_card(output / "model.json", ForecasterCard)
    data = load_series(card.data.as_data(), roots=roots, files={})
    model = keras.saving.load_model(output / "model.keras", safe_mode=True)
    scaled = {"season": card.season, "scale": card.scale}
    origins = origins_of(data, window=card.input_shape[0], horizon=card.horizon)
    rows = divide_by_time(origins, card.data.split).rows("all")
    windows, truth = origins.windows[rows], origins.targets[rows]
    outputs = np.asarray(model(encode_windows(windows, **scaled)))
    forecast = decode(windows, outputs, horizon=card.horizon, **scaled)
    within = (forecast[:, :, 0] <= truth) & (truth <= forecast[:, :, 2])
    error = np.abs(forecast[:, :, 1] - truth).mean()
    return {"metrics": {"mae": error, "interval_coverage": within.mean()}}


def text_rows() -> list[list[str]]:
    """Return texts and whether they speak well, which one word of each tells."""
    random = np.random.Generator(np.random.PCG64(5))
    rows = []
    for number in range(60):
        kind = number % 2
        words = [("table", "lamp", "chair", "clock")[int(at)] for at in random.integers(4, size=4)]
        words.insert(int(random.integers(5)), (("poor", "bad", "broken"), ("good", "fine", "great"))[kind][number % 3])
        rows.append([" ".join(words), ("bad", "good")[kind]])
    return rows


def _text_measured(output: Path, roots: Roots) -> Document:
    card = read_card(output / "model.json", TextCard)
    texts = load_texts(card.data.as_data(), roots=roots, files={})
    model = keras.saving.load_model(output / "model.keras", safe_mode=True)
    answered = np.asarray(model(encode_for(card, texts.texts))).argmax(axis=1)
    return {"confusion_matrix": _confusion(texts.labels, answered)}


CASES: Final = (
    Case(
        family="image_classifier",
        write=_images,
        spec=_image_spec,
        networks=lambda name: (image_presets.PRESETS[name]((18, 18, 1), 4, dropout=0.1), (4,)),
        measured=_image_measured,
        unlabelled=_images_alone,
        judged=_judged_classes([str(label) for label in _LABELS]),
        bad={
            "one class": (lambda folder: _images(folder, np.zeros(60, np.int64)), "at least two classes"),
            "a class below 0": (lambda folder: _images(folder, _LABELS - 1), r"y\[0\] is -1"),
            "too few labels": (lambda folder: _images(folder, _LABELS[:50]), "60 examples and y has 50 labels"),
        },
    ),
    Case(
        family="tabular_classifier",
        write=lambda folder: write_rows(folder, rows_of()),
        spec=_table_spec,
        networks=lambda name: (tabular_presets.PRESETS[name](6, 4, dropout=0.1), (4,)),
        measured=_table_measured,
        unlabelled=other_order(rows_of(), "age,pressure,colour,label", 2, 0, 1),
        judged=_judged_classes([row[3] for row in rows_of()]),
        bad={
            "one class": (
                lambda folder: write_rows(folder, [[*row[:3], "ill"] for row in rows_of()]),
                "label is ill in all 80 rows",
            ),
            "no label": (_with(7, 3, "?"), "label of row 7 is missing"),
            "a text among numbers": (_with(5, 0, "old"), "age of row 5 is 'old', and the column is of numbers"),
            "an infinite number": (_with(5, 0, "inf"), "age of row 5 is 'inf'"),
            "a quantity as the label": (_with(5, 3, "1.5"), "the label label has the value 1.5"),
            "the label twice": (
                lambda folder: write_rows(folder, [[*row[:2], row[3][0], row[3]] for row in rows_of()]),
                "the column colour tells the label",
            ),
            "a short row": (
                lambda folder: write_rows(folder, [*rows_of(), ["1", "2"]]),
                "row 80 has 2 fields",
            ),
            "no rows": (lambda folder: write_rows(folder, []), "has no rows"),
        },
    ),
    Case(
        family="tabular_regressor",
        write=_quantity_table(lambda row: row),
        spec=lambda path: spec_of(
            "tabular_regressor", path, training={"epochs": 12, "batch_size": 8, "learning_rate": 0.01}
        ),
        networks=lambda name: (tabular_presets.PRESETS[name](6, 1, dropout=0.1), (1,)),
        measured=_regressed,
        unlabelled=other_order(quantity_rows(), "area,colour,price", 1, 0),
        judged=judged_quantities(lambda one: quantity_rows()[int(one["row"])][2]),
        bad={
            "no quantity": (_quantity(7, 2, ""), "price of row 7 is missing"),
            "a class as the quantity": (_quantity(7, 2, "cheap"), "price of row 7 is 'cheap', and it is a quantity"),
            "an infinite quantity": (_quantity(7, 2, "inf"), "price of row 7 is 'inf'"),
            "the quantity in other units": (
                _quantity_table(lambda row: [*row[:2], str(float(row[2]) * 2.54), row[2]], "area,colour,cm,price"),
                "the column cm tells price exactly",
            ),
            "one value": (_quantity_table(lambda row: [*row[:2], "7"]), "price is 7 in all 90 rows"),
            "too few rows": (
                lambda folder: write_rows(folder, quantity_rows()[:2], "area,colour,price"),
                "cannot fill",
            ),
        },
    ),
    Case(
        family="text_classifier",
        write=lambda folder: write_rows(folder, text_rows(), "text,label"),
        spec=lambda path: spec_of("text_classifier", path),
        networks=lambda name: (text_presets.PRESETS[name](9, 30, 4, dropout=0.1), (4,)),
        measured=_text_measured,
        unlabelled=other_order(text_rows(), "text,label", 0),
        judged=_judged_classes([row[1] for row in text_rows()]),
        bad={
            "one class": (
                lambda folder: write_rows(folder, [[row[0], "good"] for row in text_rows()], "text,label"),
                "label is good in all 60 rows",
            ),
            "no text": (
                lambda folder: write_rows(folder, [*text_rows(), [" ", "good"]], "text,label"),
                "text of row 60 has no text",
            ),
            "no label": (
                lambda folder: write_rows(folder, [*text_rows(), ["fine", ""]], "text,label"),
                "label of row 60 is missing",
            ),
            "texts in one of two columns": (
                lambda folder: write_rows(folder, [["x", *row] for row in text_rows()], "title,body,label"),
                "which column holds the texts is not clear",
            ),
            "a column alone": (
                lambda folder: write_rows(folder, [row[1:] for row in text_rows()], "label"),
                "which column holds the texts is not clear",
            ),
            "images": (_images, "holds x.npy, y.npy: no text to train on"),
        },
    ),
    Case(
        family="forecaster",
        write=lambda folder: write_rows(folder, series_rows(), "date,shop,sales"),
        spec=_series_spec,
        networks=lambda name: (tabular_presets.PRESETS[name](9, 6, dropout=0.1), (6,)),
        measured=_forecast_measured,
        unlabelled=other_order(series_rows(), "date,shop,sales", 2, 1, 0),
        judged=judged_quantities(lambda one: series_rows()[int(one["row"]) + int(one["step"])][2]),
        bad={
            "no time": (_series_with(7, 0, "soon"), "date of row 7 is 'soon', which is no time"),
            "no value": (_series_with(7, 2, ""), "sales of row 7 is missing"),
            "one time twice": (_series_with(7, 0, "2020-01-07"), "row 7 has a time of the series north that row 6 has"),
            "too short": (
                lambda folder: write_rows(folder, series_rows()[:6], "date,shop,sales"),
                "the longest series has 6 values, and a window of 9 with a horizon of 2 takes 11",
            ),
            "no test part": (
                lambda folder: write_rows(folder, series_rows()[:14], "date,shop,sales"),
                "No forecast lies wholly within the train part",
            ),
        },
    ),
    OBJECT_DETECTOR,
    RECOMMENDER,
    TRANSLATOR,
)
