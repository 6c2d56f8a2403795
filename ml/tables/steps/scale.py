"""`standardize`, `min_max`, `robust_scale`: a number less its centre, divided by its spread. And `log_scale`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np

from ml.tables.frame import Frame
from ml.tables.steps.choosing import Floats, known, numbers_for
from ml.tables.steps.fitted import Fitted
from ml.tables.table import Numbers
from trainshed.specs import LogScale, MinMax, RobustScale, SpecModel, Standardize


class Scale(SpecModel):
    """Of one column."""

    name: str
    centre: float
    spread: float
    """0: the column never changes in the train part, and becomes 0."""


class Scaled(Fitted):
    """Scales columns, which a network then takes as they are."""

    step: Literal["scale"] = "scale"
    columns: tuple[Scale, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({one.name: [_scaled(frame.numbers(one.name), one)] for one in self.columns})


class Logarithms(Fitted):
    """Takes logarithms."""

    step: Literal["log_scale"] = "log_scale"
    columns: tuple[str, ...]

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({name: [_logarithm(frame.numbers(name))] for name in self.columns})


def fit_standardize(step: Standardize, frame: Frame) -> Scaled:
    """Fit mean and standard deviation on the train part."""
    return _fit(step.columns, frame, lambda values: (values.mean(), values.std()))


def fit_min_max(step: MinMax, frame: Frame) -> Scaled:
    """Fit the least and the largest number on the train part."""
    return _fit(step.columns, frame, lambda values: (values.min(), np.ptp(values)))


def fit_robust_scale(step: RobustScale, frame: Frame) -> Scaled:
    """Fit the quartiles on the train part."""
    return _fit(step.columns, frame, _median_and_range)


def fit_log_scale(step: LogScale, frame: Frame) -> Logarithms:
    """Take the columns over: there is nothing to fit."""
    return Logarithms(columns=tuple(one.name for one in numbers_for(step.columns, frame)))


def _fit(names: tuple[str, ...] | None, frame: Frame, measure: Callable[[Floats], tuple[float, float]]) -> Scaled:
    measured = [(one.name, *measure(known(one))) for one in numbers_for(names, frame)]
    return Scaled(
        columns=tuple(Scale(name=name, centre=float(centre), spread=float(spread)) for name, centre, spread in measured)
    )


def _median_and_range(values: Floats) -> tuple[float, float]:
    first, median, third = np.percentile(values, [25, 50, 75])
    # Where half of all numbers are the same, the quartiles are, too, and the deviation still tells how wide they lie.
    return float(median), float(third - first) or float(values.std())


def _scaled(column: Numbers, scale: Scale) -> Numbers:
    moved = column.values - scale.centre
    values = moved / scale.spread if scale.spread > 0 else np.where(np.isnan(moved), np.nan, 0.0)
    return replace(column, values=values, is_scaled=True)


def _logarithm(column: Numbers) -> Numbers:
    return replace(column, values=np.sign(column.values) * np.log1p(np.abs(column.values)))
