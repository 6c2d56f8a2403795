"""Predictions go through the very steps that were fitted in training, rows that look at others included."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.errors import InvalidData
from ml.report import MemoryReport
from ml.run import RunSettings, run
from tests.ml.families.cases import write_rows
from trainshed.specs import parse_spec

NAMES = "day,shop,sold,weather,label"
STEPS: dict[str, list[dict[str, Any]]] = {
    "row by row": [
        {"step": "fill_missing", "columns": ["sold"], "using": "median"},
        {"step": "one_hot", "columns": ["weather"]},
        {"step": "calendar", "columns": ["day"], "parts": ["month"]},
    ],
    "by earlier rows": [
        {"step": "lags", "columns": ["sold"], "time": "day", "series": "shop", "lags": [1, 2]},
        {"step": "drop_columns", "columns": ["day"]},
    ],
}


def rows() -> list[list[str]]:
    draw = np.random.Generator(np.random.PCG64(1))
    days = [str(day) for day in np.arange("2024-01-01", "2024-04-30", dtype="datetime64[D]")]
    found = []
    for shop in ("north", "south"):
        for place, day in enumerate(days):
            sold = "" if place % 17 == 3 else str(round(10 + place % 7 + draw.normal(), 2))
            label = "busy" if (place % 7 > 3) == (draw.random() < 0.9) else "calm"
            found.append([day, shop, sold, str(draw.choice(["sun", "rain"])), label])
    draw.shuffle(found)
    return found


def train(folder: Path, steps: list[dict[str, Any]]) -> dict[str, Any]:
    path = write_rows(folder, rows(), NAMES)
    document = {
        "kind": "train",
        "name": "shops",
        "data": {"path": str(path)},
        "preprocess": steps,
        "model": {"family": "tabular_classifier"},
        "training": {"epochs": 3, "batch_size": 32, "learning_rate": 0.01},
    }
    run(parse_spec(document), folder / "train", MemoryReport(), settings=settings(folder))
    return document


def settings(folder: Path) -> RunSettings:
    return RunSettings(threads=1, data_roots=(folder,))


def run_with_model(folder: Path, name: str, **keys: Any) -> Path:
    workdir = folder / name
    (workdir / "inputs").mkdir(parents=True)
    for file in ("model.keras", "model.json"):
        shutil.copy(folder / "train/output" / file, workdir / "inputs")
    document = {"kind": name, "name": name, "model": {"job": "job_" + "0" * 26}, **keys}
    run(parse_spec(document), workdir, MemoryReport(), settings=settings(folder))
    return workdir / "output"


@pytest.mark.parametrize("steps", STEPS)
def test_predictions_of_the_test_part_are_what_evaluation_measures(tmp_path, steps):
    train(tmp_path, STEPS[steps])
    evaluated = json.loads((run_with_model(tmp_path, "evaluate", split="test") / "evaluation.json").read_text())
    with (run_with_model(tmp_path, "predict", split="test", batch_size=7) / "predictions.csv").open() as file:
        said = [(int(one["row"]), one["prediction"]) for one in csv.DictReader(file)]
    truth = rows()
    right = np.mean([answer == truth[row][-1] for row, answer in said])
    assert len(said) == evaluated["examples"]
    assert right == evaluated["metrics"]["accuracy"]


def test_rows_without_a_column_that_a_step_needs_are_refused(tmp_path):
    train(tmp_path, STEPS["by earlier rows"])
    write_rows(tmp_path, [one[1:4] for one in rows()], "shop,sold,weather", "asked.csv")
    with pytest.raises(InvalidData, match="no column 'day', which the model was trained on"):
        run_with_model(tmp_path, "predict", data={"path": str(tmp_path / "asked.csv")})
