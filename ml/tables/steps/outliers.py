"""`outliers`: numbers far from the others are brought to a bound, or their rows of the train part are left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ml.tables.frame import Frame
from ml.tables.steps.choosing import known, numbers_for
from ml.tables.steps.fitted import Fitted
from ml.tables.table import Numbers
from trainshed.specs import Outliers, SpecModel

_FACTORS: Final = {"iqr": 1.5, "z": 3.0}


class Bounds(SpecModel):
    """What is not far, of one column."""

    name: str
    low: float
    high: float


class Bounded(Fitted):
    """Brings numbers to their bounds."""

    step: Literal["outliers"] = "outliers"
    columns: tuple[Bounds, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({one.name: [_clipped(frame.numbers(one.name), one)] for one in self.columns})


class OutliersLeftOut(Fitted):
    """Leaves out the rows of the train part that have a number beyond its bounds."""

    step: Literal["outliers_drop"] = "outliers_drop"
    columns: tuple[Bounds, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame

    def kept(self, frame: Frame) -> npt.NDArray[np.bool_]:
        beyond = np.zeros(frame.rows, np.bool_)
        for one in self.columns:
            values = frame.numbers(one.name).values
            beyond |= (values < one.low) | (values > one.high)  # a missing number is neither
        return ~beyond


def fit_outliers(step: Outliers, frame: Frame) -> Bounded | OutliersLeftOut:
    """Fit the bounds on the train part (J. Tukey, Exploratory Data Analysis, 1977, for `iqr`)."""
    factor = _FACTORS[step.by] if step.factor is None else step.factor
    bounds = _quartiles if step.by == "iqr" else _deviations
    columns = tuple(bounds(one, factor) for one in numbers_for(step.columns, frame))
    return Bounded(columns=columns) if step.action == "clip" else OutliersLeftOut(columns=columns)


def _quartiles(column: Numbers, factor: float) -> Bounds:
    first, third = np.percentile(known(column), [25, 75])
    reach = factor * (third - first)
    return Bounds(name=column.name, low=float(first - reach), high=float(third + reach))


def _deviations(column: Numbers, factor: float) -> Bounds:
    values = known(column)
    reach = factor * values.std()
    return Bounds(name=column.name, low=float(values.mean() - reach), high=float(values.mean() + reach))


def _clipped(column: Numbers, bounds: Bounds) -> Numbers:
    return replace(column, values=np.clip(column.values, bounds.low, bounds.high))
