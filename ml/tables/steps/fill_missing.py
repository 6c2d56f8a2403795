"""`fill_missing`: a value in the place of one that is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidData
from ml.tables.frame import Frame, missing_in
from ml.tables.steps.choosing import by_frequency, categories_for, columns_for, known, numbers_for
from ml.tables.steps.fitted import Fitted
from ml.tables.table import Categories, Column, Numbers
from trainshed.specs import FillMissing, SpecModel


class Filling(SpecModel):
    """What stands in for a missing value of one column."""

    name: str
    value: float | str
    marks: bool
    """Whether one more column says where it was missing."""


class FilledMissing(Fitted):
    """Fills the columns."""

    step: Literal["fill_missing"] = "fill_missing"
    columns: tuple[Filling, ...]

    def apply(self, frame: Frame) -> Frame:
        new: dict[str, Sequence[Column]] = {}
        for filling in self.columns:
            marks = [_mark(frame.any(filling.name))] if filling.marks else []
            new[filling.name] = [_filled(filling, frame), *marks]
        return frame.replacing(new)


class MissingLeftOut(Fitted):
    """Leaves out the rows of the train part in which one of the columns has no value."""

    step: Literal["fill_missing_drop"] = "fill_missing_drop"
    columns: tuple[str, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame

    def kept(self, frame: Frame) -> npt.NDArray[np.bool_]:
        missing = np.zeros(frame.rows, np.bool_)
        for name in self.columns:
            missing |= missing_in(frame.any(name))
        return ~missing


def fit_fill_missing(step: FillMissing, frame: Frame) -> FilledMissing | MissingLeftOut:
    """Fit on the train part. Raises `InvalidData` for columns of another type than `using` is for."""
    if step.using == "drop":
        return MissingLeftOut(columns=tuple(one.name for one in columns_for(step.columns, frame)))
    return FilledMissing(
        columns=tuple(
            Filling(name=column.name, value=value, marks=step.mark and bool(missing_in(column).any()))
            for column, value in _values(step, frame)
        )
    )


def _values(step: FillMissing, frame: Frame) -> list[tuple[Column, float | str]]:
    if step.using == "mode":
        return [(one, _mode(one, frame)) for one in columns_for(step.columns, frame)]
    if isinstance(step.value, str):
        return [(one, step.value) for one in categories_for(step.columns, frame)]
    numbers = numbers_for(step.columns, frame)
    if step.value is not None:
        return [(one, float(step.value)) for one in numbers]
    middle = np.mean if step.using == "mean" else np.median
    return [(one, float(middle(known(one)))) for one in numbers]


def _mode(column: Column, frame: Frame) -> float | str:
    if isinstance(column, Numbers):
        values, counts = np.unique(known(column), return_counts=True)
        return float(values[counts.argmax()])
    frequent = by_frequency(column)
    if not frequent:
        raise InvalidData(
            f"{frame.source}: {column.name} has no value in the train part, so none is the most frequent.",
            remedy="Put it into data.columns.ignore, or fill it with a constant.",
            path=frame.source,
            field=column.name,
        )
    return frequent[0][0]


def _mark(column: Column) -> Numbers:
    return Numbers(f"{column.name} missing", missing_in(column).astype(np.float64), is_scaled=True)


def _filled(filling: Filling, frame: Frame) -> Column:
    if isinstance(filling.value, str):
        return _filled_categories(frame.categories(filling.name), filling.value)
    return _filled_numbers(frame.numbers(filling.name), filling.value)


def _filled_numbers(column: Numbers, value: float) -> Numbers:
    return replace(column, values=np.where(np.isnan(column.values), value, column.values))


def _filled_categories(column: Categories, value: str) -> Categories:
    names = column.names if value in column.names else (*column.names, value)
    return Categories(column.name, np.where(column.codes < 0, names.index(value), column.codes), names)
