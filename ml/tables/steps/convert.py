"""`convert`: a column read as another type. `drop_columns`: columns left out."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ml.data.fields import as_number
from ml.tables.frame import Frame, categories_of
from ml.tables.steps.fitted import Fitted
from ml.tables.table import Categories, Column, Numbers
from trainshed.specs import Convert, DropColumns


class Converted(Fitted):
    """Reads columns as another type."""

    step: Literal["convert"] = "convert"
    columns: tuple[str, ...]
    to: Literal["number", "category"]

    def apply(self, frame: Frame) -> Frame:
        convert = _as_numbers if self.to == "number" else _as_categories
        return frame.replacing({name: [convert(frame.any(name))] for name in self.columns})


class WithoutColumns(Fitted):
    """Leaves columns out."""

    step: Literal["drop_columns"] = "drop_columns"
    columns: tuple[str, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({frame.any(name).name: [] for name in self.columns})


def fit_convert(step: Convert, frame: Frame) -> Converted:
    """Take the columns over. Raises `InvalidData` for one that is not there."""
    return Converted(columns=tuple(frame.any(name).name for name in step.columns), to=step.to)


def fit_drop_columns(step: DropColumns, frame: Frame) -> WithoutColumns:
    """Take the columns over. Raises `InvalidData` for one that is not there."""
    return WithoutColumns(columns=tuple(frame.any(name).name for name in step.columns))


def _as_numbers(column: Column) -> Column:
    if isinstance(column, Numbers):
        return column
    read = [as_number(name) for name in column.names]
    by_code = np.array([np.nan if one is None or np.isinf(one) else one for one in (*read, None)], np.float64)
    return Numbers(column.name, by_code[column.codes])  # the code -1, a missing one, is the last


def _as_categories(column: Column) -> Column:
    if isinstance(column, Categories):
        return column
    there = ~np.isnan(column.values)
    values, codes = np.unique(column.values[there], return_inverse=True)
    all_codes = np.full(len(column.values), -1, np.int64)
    all_codes[there] = codes
    return categories_of(column.name, all_codes, [_written(float(value)) for value in values])


def _written(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
