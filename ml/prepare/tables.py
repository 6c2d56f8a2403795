"""Prepares a table. What comes out is a .csv file: the part of each row, its columns, and what is to be learned."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from ml.data import Parts
from ml.data.fields import as_number
from ml.data.parts import SPLIT
from ml.errors import InvalidData
from ml.job import DataFile
from ml.prepare.document import PreparationDocument
from ml.prepare.parts import by_part
from ml.tables import Categories, Column, Table
from ml.tables.division import divide_table
from ml.tables.frame import Frame
from ml.tables.load import load_any
from ml.tables.preparation import FittedSteps, applied, fit_steps
from ml.tables.table import AnyTable, texts_of
from trainshed.specs import PreprocessSpec

FILE_NAME = "prepared.csv"


def prepare_table(
    spec: PreprocessSpec, path: Path, *, roots: tuple[Path, ...], files: Mapping[str, DataFile]
) -> PreparationDocument:
    """Write the prepared table. Raises `InvalidData`."""
    table = load_any(spec.data, roots=roots, files=files)
    parts = divide_table(table, spec.data.split)
    fitted = fit_steps(table, parts.train, spec.preprocess)
    others = applied(fitted.steps, Frame.of(table))
    _refuse_name(others, table)
    _write(path, table, parts, fitted, others)
    return PreparationDocument(
        source=table.source,
        source_digest=table.digest,
        file=FILE_NAME,
        preprocess=tuple(step.model_dump(mode="json") for step in spec.preprocess),
        fitted=tuple(step.model_dump(mode="json") for step in fitted.steps),
        counts={**parts.counts, "train": len(fitted.kept)},
        left_out={**table.dropped, **fitted.left_out},
        categories=tuple(column.name for column in others.columns if _looks_like_numbers(column)),
    )


def _refuse_name(frame: Frame, table: AnyTable) -> None:
    for column in frame.columns:
        if column.name.lower() == SPLIT or column.name == table.label:
            raise InvalidData(
                f"{table.source}: a column is called {column.name!r}, and what comes out needs that name itself.",
                remedy="Rename the column, or put it into data.columns.ignore.",
                path=table.source,
                field=column.name,
            )


def _write(path: Path, table: AnyTable, parts: Parts, fitted: FittedSteps, others: Frame) -> None:
    """Rows of the train part are written as they were while the steps were fitted, which saw no others."""
    train = [texts_of(column) for column in fitted.train.columns]
    rest = [texts_of(column) for column in others.columns]
    labels = _labels(table)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([SPLIT, *(column.name for column in others.columns), table.label])
        for place, (part, row) in enumerate(by_part(parts, {"train": fitted.kept})):
            columns, at = (train, place) if part == "train" else (rest, row)
            writer.writerow([part, *(column[at] for column in columns), labels[row]])


def _labels(table: AnyTable) -> list[str]:
    if isinstance(table, Table):
        return [table.class_names[label] for label in table.labels]
    return [repr(float(quantity)) for quantity in table.quantities]


def _looks_like_numbers(column: Column) -> bool:
    """Whether a column of categories might be read as one of numbers."""
    if not isinstance(column, Categories) or not column.names:
        return False
    return sum(as_number(name) is not None for name in column.names) * 2 > len(column.names)
