"""A model whose rows see earlier rows answers in batches as it was measured: all rows are read before one is."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from ml.job import RunSettings
from ml.report import MemoryReport
from ml.run import run
from tests.ml.families.cases import series_rows, write_rows
from trainshed.specs import parse_spec

STEPS = [
    {"step": "lags", "columns": ["sales"], "time": "date", "series": "shop", "lags": [1, 7]},
    {"step": "windows", "columns": ["sales"], "time": "date", "series": "shop", "sizes": [7]},
    {"step": "calendar", "columns": ["date"], "parts": ["weekday"]},
    {"step": "drop_columns", "columns": ["sales"]},
]


def sales_with_tomorrow(folder: Path) -> Path:
    """Write days, shops and sales, in no order of time, and what is sold on the next day."""
    rows = [row for shop in ("north", "south") for row in _with_next([one for one in series_rows() if one[1] == shop])]
    np.random.Generator(np.random.PCG64(4)).shuffle(rows)
    return write_rows(folder, rows, "date,shop,sales,tomorrow")


def _with_next(rows: list[list[str]]) -> list[list[str]]:
    return [[*row, later[2]] for row, later in pairwise(rows)]


def test_what_is_predicted_of_a_part_is_what_was_measured_on_it(tmp_path):
    path = sales_with_tomorrow(tmp_path)
    settings = RunSettings(threads=1, data_roots=(tmp_path,))
    data = {"path": str(path), "split": {"validation": 0.2, "test": 0.2}}
    train = {"kind": "train", "name": "t", "data": data, "model": {"family": "tabular_regressor"}, "preprocess": STEPS}
    run(parse_spec({**train, "training": {"epochs": 2}}), tmp_path, MemoryReport(), settings=settings)
    (tmp_path / "output").rename(tmp_path / "inputs")
    of = {"name": "n", "model": {"job": "job_" + "0" * 26}, "split": "test"}
    run(parse_spec({"kind": "evaluate", **of}), tmp_path, MemoryReport(), settings=settings)
    run(
        parse_spec({"kind": "predict", "batch_size": 7, "keep": ["tomorrow"], **of}),
        tmp_path,
        MemoryReport(),
        settings=settings,
    )
    measured = json.loads((tmp_path / "output/evaluation.json").read_text())
    with (tmp_path / "output/predictions.csv").open(newline="") as file:
        answers = list(csv.DictReader(file))
    assert len(answers) == measured["examples"] > 30
    error = np.mean([abs(float(one["prediction"]) - float(one["tomorrow"])) for one in answers])
    assert error == pytest.approx(measured["metrics"]["mae"], rel=1e-6)
