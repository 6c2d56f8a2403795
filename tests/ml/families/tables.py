"""Tables for the tiny trainings of families, and what predictions for their rows come to."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ml.evaluation.quantities import metrics_of
from tests.ml.families.case import Document


def write_rows(
    folder: Path, rows: Sequence[Sequence[str]], names: str = "age,pressure,colour,label", name: str = "data.csv"
) -> Path:
    """Write rows below the names of their columns."""
    path = folder / name
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([names.split(","), *rows])
    return path


def other_order(rows: Sequence[Sequence[str]], names: str, *places: int) -> Callable[[Path], Path]:
    """Write some columns of a table alone, and a number for each row before them."""
    named = names.split(",")
    return lambda folder: write_rows(
        folder,
        [[f"no-{number}", *(row[place] for place in places)] for number, row in enumerate(rows)],
        ",".join(["id", *(named[place] for place in places)]),
        "asked.csv",
    )


def judged_quantities(
    truth: Callable[[Mapping[str, str]], str],
) -> Callable[[Sequence[Mapping[str, str]]], Document]:
    """Judge quantities by what the data says of each prediction."""

    def judge(predictions: Sequence[Mapping[str, str]]) -> Document:
        true = np.array([float(truth(one)) for one in predictions])
        return {"metrics": metrics_of(true, np.array([float(one["prediction"]) for one in predictions]))}

    return judge
